// Owns: hexadecimal digits of single bytes. Anyone may use it.
#pragma once

#include <cstdint>
#include <string>

namespace helix {

// The value of a digit in either case; -1 where the character is no digit.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Appends the byte's two digits in lower case.
inline void append_hex(std::string& text, std::uint8_t byte) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[byte >> 4];
    text += digits[byte & 15];
}

} // namespace helix
