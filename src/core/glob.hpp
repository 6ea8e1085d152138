// Owns: glob patterns as Redis's SCAN ... MATCH reads them (* ? [a-c] [^x] and \ to take a character as it is;
// https://redis.io/docs/latest/commands/keys/). Anyone may use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helix {

// Whether `pattern` matches the whole of `text`, byte by byte.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

// `text` with a backslash before whatever a pattern would not take as it is.
std::string glob_escaped(std::string_view text);

// The text that every match begins with: what precedes the first wildcard, unescaped. `rest` is what follows it.
struct GlobPrefix {
    std::string literal;
    std::string_view rest;
};
GlobPrefix glob_prefix(std::string_view pattern);

// The texts of which every match of these patterns begins with exactly one, sorted.
std::vector<std::string> disjoint_prefixes(const std::vector<std::string>& patterns);

} // namespace helix
