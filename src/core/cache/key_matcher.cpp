// Matches a key against many patterns and users at once.
#include "core/cache/key_matcher.hpp"

#include "core/uuid.hpp"

#include <algorithm>

namespace helix {

void KeyMatcher::add_pattern(std::string_view pattern) {
    auto [literal, rest] = glob_prefix(pattern);
    if (rest == "*" && literal.ends_with(':')) {
        prefixes_.insert(std::move(literal));
    } else if (rest == "*" && literal.empty()) {
        all_ = true;
    } else {
        others_.emplace(pattern);
    }
}

void KeyMatcher::add_user(std::string_view user) {
    users_.emplace(user);
}

KeyMatcher KeyMatcher::split_off(std::size_t most) {
    KeyMatcher rest;
    while (others_.size() > most) {
        rest.others_.insert(others_.extract(others_.begin()));
    }
    return rest;
}

void KeyMatcher::remove_prefixes_in(const KeyMatcher& wider) {
    std::erase_if(prefixes_, [&](const auto& prefix) { return wider.covers_prefix(prefix); });
}

bool KeyMatcher::covers_prefix(std::string_view prefix) const {
    bool covered = all_;
    for (std::size_t colon = prefix.find(':'); !covered && colon != std::string_view::npos;) {
        covered = prefixes_.contains(prefix.substr(0, colon + 1));
        colon = prefix.find(':', colon + 1);
    }
    return covered;
}

bool KeyMatcher::matches(std::string_view key) const {
    if (all_) {
        return true;
    }
    for (std::size_t start = 0; start <= key.size();) {
        const std::size_t colon = key.find(':', start);
        const std::size_t end = std::min(colon, key.size());
        if (!users_.empty()) {
            if (const auto uuid = parse_uuid(key.substr(start, end - start));
                uuid && users_.contains(format_uuid(*uuid))) {
                return true;
            }
        }
        if (colon != std::string_view::npos && prefixes_.contains(key.substr(0, colon + 1))) {
            return true;
        }
        start = end + 1;
    }
    return std::any_of(others_.begin(), others_.end(), [&](const auto& pattern) { return glob_matches(pattern, key); });
}

} // namespace helix
