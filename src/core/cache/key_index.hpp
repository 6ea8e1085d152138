// Owns: the names of many keys, in order and in bounded memory. It finds those that begin with a text. Anyone may use
// it.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

class KeyIndex {
  public:
    explicit KeyIndex(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // False where there is no room for the key.
    [[nodiscard]] bool add(std::string_view key);
    void remove(std::string_view key);
    void clear();
    std::size_t size() const { return keys_.size(); }
    std::size_t bytes() const { return bytes_; }
    bool contains(std::string_view key) const { return keys_.contains(key); }

    // Moves to `found` the keys that begin with `prefix` and that `matches` accepts. `looks` is the number of keys that
    // it may look at. It counts that down, and returns false where it had to stop.
    template <typename F>
    bool take(std::string_view prefix, F matches, std::size_t& looks, std::vector<std::string>& found) {
        for (auto at = keys_.lower_bound(prefix); at != keys_.end() && at->starts_with(prefix);) {
            if (looks == 0) {
                return false;
            }
            --looks;
            const auto key = at++;
            if (matches(std::string_view(*key))) {
                bytes_ -= cost(*key);
                found.push_back(std::move(keys_.extract(key).value()));
            }
        }
        return true;
    }

    // Up to `most` keys, from where the last call ended; behind the last key it goes on with the first.
    std::vector<std::string> next(std::size_t most);

  private:
    static std::size_t cost(std::string_view key) noexcept;

    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::set<std::string, std::less<>> keys_;
    std::string last_; // that next() has returned
};

} // namespace helix
