// Owns: kinds of ASCII characters, which do not depend on a locale. Anyone may use it.
#pragma once

namespace helix {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_small_letter(char c) {
    return c >= 'a' && c <= 'z';
}

constexpr bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

constexpr bool is_letter_or_digit(char c) {
    return is_digit(c) || is_small_letter(c) || is_capital(c);
}

constexpr char to_lower(char c) {
    return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace helix
