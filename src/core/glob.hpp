// Owns: glob patterns as Redis's SCAN ... MATCH reads them: * ? [a-c] [^x], and \ before a character that stands for
// itself (https://redis.io/docs/latest/commands/keys/). Anyone may use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helix {

// Whether `pattern` matches the whole of `text`, byte by byte.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

// The pattern that matches `text` alone: it has a backslash before each special character.
std::string glob_escaped(std::string_view text);

// The text that every match begins with: what comes before the first wildcard, without backslashes. `rest` is the
// pattern from that wildcard on.
struct GlobPrefix {
    std::string literal;
    std::string_view rest;
};
GlobPrefix glob_prefix(std::string_view pattern);

// The beginnings of all matches of these patterns, sorted: every match begins with exactly one of them.
std::vector<std::string> disjoint_prefixes(const std::vector<std::string>& patterns);

} // namespace helix
