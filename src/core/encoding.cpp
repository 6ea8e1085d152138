// Reads hexadecimal digits, base64 and base64url into bytes, and writes base64url.
#include "core/encoding.hpp"

#include "core/characters.hpp"
#include "core/hex.hpp"

#include <algorithm>

namespace helix {

namespace {

int base64_value(char c) {
    if (is_capital(c)) {
        return c - 'A';
    }
    if (is_small_letter(c)) {
        return c - 'a' + 26;
    }
    if (is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64url_value(char c) {
    return c == '+' || c == '/' ? -1 : base64_value(c == '-' ? '+' : c == '_' ? '/' : c);
}

std::optional<std::size_t> decode_hex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 2 != 0 || text.size() / 2 > out.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return text.size() / 2;
}

// Digits without padding. `out` has room for them.
std::optional<std::size_t> decode_digits(std::string_view text, int (*value)(char), std::uint8_t* out) {
    std::uint32_t bits = 0;
    int held = 0;
    std::size_t written = 0;
    for (const char c : text) {
        const int digit = value(c);
        if (digit < 0) {
            return std::nullopt;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[written++] = static_cast<std::uint8_t>(bits >> held);
        }
    }
    const bool rest_is_zero = (bits & ((1U << held) - 1)) == 0; // else two texts would mean the same bytes
    return rest_is_zero ? std::optional(written) : std::nullopt;
}

std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::size_t size = text.size() / 4 * 3 - padding;
    if (size > out.size()) {
        return std::nullopt;
    }
    text.remove_suffix(padding);
    return decode_digits(text, base64_value, out.data());
}

} // namespace

std::optional<Encoding> parse_encoding(std::string_view name) {
    if (name == "raw") {
        return Encoding::raw;
    }
    if (name == "hex") {
        return Encoding::hex;
    }
    return name == "base64" ? std::optional(Encoding::base64) : std::nullopt;
}

std::optional<std::size_t> decode(Encoding encoding, std::string_view text, std::span<std::uint8_t> out) {
    switch (encoding) {
    case Encoding::hex:
        return decode_hex(text, out);
    case Encoding::base64:
        return decode_base64(text, out);
    case Encoding::raw:
        break;
    }
    if (text.size() > out.size()) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), out.begin());
    return text.size();
}

std::optional<std::string> decode_base64url(std::string_view text) {
    std::string bytes(text.size() * 3 / 4, '\0');
    if (text.size() % 4 == 1 || !decode_digits(text, base64url_value, reinterpret_cast<std::uint8_t*>(bytes.data()))) {
        return std::nullopt;
    }
    return bytes;
}

std::string encode_base64url(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6) {
            text += digits[bits >> (held - 6) & 63];
        }
    }
    if (held > 0) {
        text += digits[bits << (6 - held) & 63];
    }
    return text;
}

} // namespace helix
