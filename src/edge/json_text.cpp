// Strings of JSON, with their escapes undone (RFC 8259).
#include "edge/json_text.hpp"

#include "core/hex.hpp"
#include "core/text_parts.hpp"

#include <cstdint>

namespace helix::edge {

namespace {

void append_utf8(std::string& text, std::uint32_t point) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else if (point < 0x800) {
        text += static_cast<char>(0xc0 | (point >> 6));
        tail(0);
    } else if (point < 0x10000) {
        text += static_cast<char>(0xe0 | (point >> 12));
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xf0 | (point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

// Four digits after "\u" at the front of `text`, which are taken off.
std::optional<std::uint32_t> take_unit(std::string_view& text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') {
        return std::nullopt;
    }
    std::uint32_t unit = 0;
    for (int place = 2; place < 6; ++place) {
        const int value = hex_value(text[place]);
        if (value < 0) {
            return std::nullopt;
        }
        unit = unit * 16 + static_cast<std::uint32_t>(value);
    }
    text.remove_prefix(6);
    return unit;
}

bool append_unicode(std::string& result, std::string_view& text) {
    auto point = take_unit(text);
    if (point && *point >= 0xd800 && *point < 0xdc00) { // the first half of a pair
        const auto second = take_unit(text);
        const bool fits = second && *second >= 0xdc00 && *second < 0xe000;
        point = fits ? std::optional(0x10000 + ((*point - 0xd800) << 10) + (*second - 0xdc00)) : std::nullopt;
    } else if (point && *point >= 0xdc00 && *point < 0xe000) {
        point.reset();
    }
    if (!point || *point == 0) {
        return false;
    }
    append_utf8(result, *point);
    return true;
}

bool append_escaped(std::string& result, std::string_view& text) {
    constexpr std::string_view written = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (text.size() < 2) {
        return false;
    }
    if (text[1] == 'u') {
        return append_unicode(result, text);
    }
    const auto place = written.find(text[1]);
    if (place == std::string_view::npos) {
        return false;
    }
    result += meant[place];
    text.remove_prefix(2);
    return true;
}

} // namespace

std::optional<std::string> json_text(std::string_view json) {
    json = trimmed(json);
    if (json.size() < 2 || json.front() != '"' || json.back() != '"') {
        return std::nullopt;
    }
    std::string_view rest = json.substr(1, json.size() - 2);
    std::string result;
    while (!rest.empty()) {
        if (rest.front() == '\\') {
            if (!append_escaped(result, rest)) {
                return std::nullopt;
            }
        } else if (rest.front() == '"' || static_cast<unsigned char>(rest.front()) < 0x20) {
            return std::nullopt;
        } else {
            result += rest.front();
            rest.remove_prefix(1);
        }
    }
    return result;
}

} // namespace helix::edge
