#include "core/cache/key_index.hpp"

#include <algorithm>

namespace helix {

// What glibc's malloc takes: steps of 16 bytes, of which 8 are its own. A short text lies in the node itself.
std::size_t KeyIndex::cost(std::string_view key) noexcept {
    constexpr std::size_t node = 80;
    constexpr std::size_t longest_inside = 15;
    return node + (key.size() > longest_inside ? (key.size() + 1 + 8 + 15) / 16 * 16 : 0);
}

bool KeyIndex::add(std::string_view key) {
    const auto at = keys_.lower_bound(key);
    if (at != keys_.end() && *at == key) {
        return true;
    }
    if (bytes_ + cost(key) > most_bytes_) {
        return false;
    }
    keys_.emplace_hint(at, key);
    bytes_ += cost(key);
    return true;
}

void KeyIndex::remove(std::string_view key) {
    if (const auto at = keys_.find(key); at != keys_.end()) {
        bytes_ -= cost(key);
        keys_.erase(at);
    }
}

void KeyIndex::clear() {
    keys_.clear();
    bytes_ = 0;
    last_.clear();
}

std::vector<std::string> KeyIndex::next(std::size_t most) {
    most = std::min(most, keys_.size());
    std::vector<std::string> some;
    some.reserve(most);
    for (auto at = keys_.upper_bound(last_); some.size() < most; ++at) {
        if (at == keys_.end()) {
            at = keys_.begin();
        }
        some.push_back(*at);
    }
    if (!some.empty()) {
        last_ = some.back();
    }
    return some;
}

} // namespace helix
