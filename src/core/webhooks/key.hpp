// Owns: the key that a secret stands for, by its scheme. Anyone may use it. No copy of a key outlives its object.
#pragma once

#include "core/webhooks/scheme.hpp"

namespace helix {

// A secret without what editors and copying leave around it: blanks, ends of lines, a byte order mark. One of other
// bytes than printable ASCII is taken as it is: its margins are a part of it.
std::string_view without_margins(std::string_view secret);

// A secret as its scheme writes it, decoded and wiped.
class WebhookKey {
  public:
    // Throws Error HX003 where the secret is not what the scheme wants.
    WebhookKey(const WebhookScheme& scheme, std::string_view secret);
    WebhookKey(const WebhookKey&) = delete;
    WebhookKey& operator=(const WebhookKey&) = delete;
    ~WebhookKey() { wipe(); }

    std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

  private:
    static constexpr std::size_t longest = 4096;
    void wipe();

    std::array<std::uint8_t, longest> bytes_;
    std::size_t size_ = 0;
};

// Throws Error HX003 where the secret is not what the scheme wants.
void check_key(const WebhookScheme& scheme, std::string_view secret);

} // namespace helix
