// Matches Redis's glob patterns, and takes them apart.
#include "core/glob.hpp"

#include <algorithm>

namespace helix {

namespace {

constexpr std::string_view special = "*?[]\\";

// Reads a set at pattern[at] == '['; says whether it holds `c` and moves `at` behind it. A set without an end runs to
// the pattern's end, as in Redis.
bool set_holds(std::string_view pattern, std::size_t& at, char c) noexcept {
    ++at;
    const bool negated = at < pattern.size() && pattern[at] == '^';
    at += negated ? 1 : 0;
    bool holds = false;
    while (at < pattern.size() && pattern[at] != ']') {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) {
            ++at;
            holds = holds || pattern[at] == c;
        } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
            const auto [low, high] = std::minmax(pattern[at], pattern[at + 2]);
            holds = holds || (low <= c && c <= high);
            at += 2;
        } else {
            holds = holds || pattern[at] == c;
        }
        ++at;
    }
    at = std::min(at + 1, pattern.size());
    return holds != negated;
}

// Matches one character of the pattern other than '*'; moves `at` behind it.
bool one_matches(std::string_view pattern, std::size_t& at, char c) noexcept {
    if (pattern[at] == '[') {
        return set_holds(pattern, at, c);
    }
    if (pattern[at] == '?') {
        ++at;
        return true;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
        ++at;
    }
    return pattern[at++] == c;
}

} // namespace

// Greedy with one point of return: each time the rest fails, the last '*' takes one more character. So the time is at
// most |pattern| * |text|.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
            continue;
        }
        if (p < pattern.size() && one_matches(pattern, p, text[t])) {
            ++t;
            continue;
        }
        if (star == std::string_view::npos) {
            return false;
        }
        p = star + 1;
        t = ++star_text;
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

std::string glob_escaped(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

GlobPrefix glob_prefix(std::string_view pattern) {
    const auto is_wildcard = [](char c) { return c == '*' || c == '?' || c == '['; };
    const auto* plain =
        std::find_if(pattern.begin(), pattern.end(), [&](char c) { return is_wildcard(c) || c == '\\'; });
    std::string literal(pattern.begin(), plain);
    std::size_t at = literal.size();
    while (at < pattern.size() && !is_wildcard(pattern[at])) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) {
            ++at;
        }
        literal += pattern[at++];
    }
    return {std::move(literal), pattern.substr(at)};
}

std::vector<std::string> disjoint_prefixes(const std::vector<std::string>& patterns) {
    std::vector<std::string> all;
    all.reserve(patterns.size());
    for (const auto& pattern : patterns) {
        all.push_back(glob_prefix(pattern).literal);
    }
    std::sort(all.begin(), all.end());
    std::vector<std::string> prefixes;
    for (auto& prefix : all) { // sorted: all that begin with a prefix follow it, and nothing else lies between them
        if (prefixes.empty() || !prefix.starts_with(prefixes.back())) {
            prefixes.push_back(std::move(prefix));
        }
    }
    return prefixes;
}

} // namespace helix
