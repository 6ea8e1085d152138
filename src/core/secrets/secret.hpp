// Owns: a secret in memory that is wiped when it is no longer needed, and reading one by reference. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

class Secret {
  public:
    static constexpr std::size_t longest = 4096;

    Secret() = default;
    explicit Secret(std::string_view text) : text_(text) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    std::string_view view() const { return text_; }
    bool empty() const { return text_.empty(); }

  private:
    void wipe() noexcept;
    std::string text_;
};

// Reads what `reference` names: file:///path (without the line break at its end) or env://NAME, at most 4 kB. An empty
// reference is no secret. Throws Error 22023 on another form, and HX003 where the secret cannot be read.
Secret read_secret(std::string_view reference);

// Throws Error 22023 unless read_secret() knows the form.
void check_secret_reference(std::string_view reference);

// The same for file:///folder/…/name alone: no link and no .. may lead out of `folder`, and the file must be plain.
Secret read_secret_beneath(std::string_view folder, std::string_view reference);
void check_secret_beneath(std::string_view folder, std::string_view reference);

} // namespace helix
