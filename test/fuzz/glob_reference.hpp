// Globs matched without cleverness, in bounded time: by a table of which part of the pattern matches which part of the
// text. This is what glob_matches() is compared with.
#pragma once

#include <algorithm>
#include <bitset>
#include <string_view>
#include <vector>

namespace helix {

// What one element of a pattern matches: any text, or one of these bytes.
struct GlobElement {
    bool star = false;
    std::bitset<256> bytes;
};

inline GlobElement take_glob_element(std::string_view& pattern) {
    const auto take = [&] {
        const char c = pattern.front();
        pattern.remove_prefix(1);
        return c;
    };
    GlobElement element;
    const auto add = [&](char c) { element.bytes.set(static_cast<unsigned char>(c)); };
    const char first = take();
    if (first == '*') {
        element.star = true;
    } else if (first == '?') {
        element.bytes.set();
    } else if (first != '[') {
        add(first == '\\' && !pattern.empty() ? take() : first);
    } else {
        const bool negated = pattern.starts_with('^');
        pattern.remove_prefix(negated ? 1 : 0);
        while (!pattern.empty()) {
            const char low = take();
            if (low == ']') {
                break;
            }
            if (low == '\\' && !pattern.empty()) {
                add(take());
            } else if (pattern.size() >= 2 && pattern.front() == '-') {
                take();
                const char high = take();
                for (int c = std::min(low, high); c <= std::max(low, high); ++c) { // signed, as in Redis
                    add(static_cast<char>(c));
                }
            } else {
                add(low);
            }
        }
        element.bytes = negated ? ~element.bytes : element.bytes;
    }
    return element;
}

inline bool reference_matches(std::string_view pattern, std::string_view text) {
    std::vector<bool> reached(text.size() + 1); // which beginnings of the text the pattern so far matches
    reached[0] = true;
    while (!pattern.empty()) {
        const auto element = take_glob_element(pattern);
        std::vector<bool> next(text.size() + 1);
        for (std::size_t i = 0; i <= text.size(); ++i) {
            if (element.star) {
                next[i] = reached[i] || (i > 0 && next[i - 1]);
            } else if (i > 0) {
                next[i] = reached[i - 1] && element.bytes[static_cast<unsigned char>(text[i - 1])];
            }
        }
        reached = std::move(next);
    }
    return reached[text.size()];
}

} // namespace helix
