// Owns: words of libpq's connection strings. launch.cpp uses it.
#pragma once

#include <string>
#include <string_view>

namespace helix::edge {

// A value with its quotes.
inline std::string conninfo_word(std::string_view value) {
    std::string word = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            word += '\\';
        }
        word += c;
    }
    return word + "'";
}

} // namespace helix::edge
