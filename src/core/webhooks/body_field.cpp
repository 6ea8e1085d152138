// Reads one field of a body of JSON by its path, and undoes the escapes of its text.
#include "core/webhooks/body_field.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/hex.hpp"
#include "core/json_parts.hpp"

#include <algorithm>

namespace helix {

namespace {

constexpr std::size_t longest_path = 200;

// Four hexadecimal digits at `at`; -1 where they are not there.
int code_unit(std::string_view text, std::size_t at) {
    int unit = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        const int digit = i < text.size() ? hex_value(text[i]) : -1;
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

void append_utf8(std::string& out, int code) {
    const auto rest = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        rest(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        rest(6);
        rest(0);
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        rest(12);
        rest(6);
        rest(0);
    }
}

// Reads \uXXXX, and the second half of a pair, with `at` on the u; leaves it on the last digit. False where it is no
// character, or a zero, which no text holds.
bool append_escaped_unit(std::string& out, std::string_view text, std::size_t& at) {
    int code = code_unit(text, at + 1);
    at += 4;
    if (code >= 0xd800 && code < 0xdc00 && text.substr(std::min(at + 1, text.size())).starts_with("\\u")) {
        const int second = code_unit(text, at + 3);
        if (second < 0xdc00 || second > 0xdfff) {
            return false;
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        at += 6;
    }
    if (code <= 0 || (code >= 0xd800 && code < 0xe000)) {
        return false;
    }
    append_utf8(out, code);
    return true;
}

std::optional<std::string> unescaped(std::string_view text) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            return std::nullopt; // the string has ended before
        }
        if (text[at] != '\\') {
            out += text[at];
            continue;
        }
        ++at;
        const auto letter = at < text.size() ? letters.find(text[at]) : std::string_view::npos;
        if (letter != std::string_view::npos) {
            out += meant[letter];
        } else if (at >= text.size() || text[at] != 'u' || !append_escaped_unit(out, text, at)) {
            return std::nullopt;
        }
    }
    return out;
}

// Nothing for null, arrays and objects.
std::optional<std::string> text_of(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        const auto inside = value.substr(1, value.size() - 2);
        return inside.find('\0') == std::string_view::npos ? unescaped(inside) : std::nullopt;
    }
    const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return is_digit(c) || is_small_letter(c) || c == 'E' || c == '-' || c == '+' || c == '.';
    });
    return plain && value != "null" ? std::optional<std::string>(value) : std::nullopt;
}

std::optional<std::string_view> member(std::string_view json, std::string_view name) {
    const auto members = json_members(json);
    if (!members) {
        return std::nullopt;
    }
    const auto found =
        std::find_if(members->rbegin(), members->rend(), [&](const JsonMember& one) { return one.name == name; });
    return found == members->rend() ? std::nullopt : std::optional(found->value);
}

} // namespace

void check_body_path(std::string_view path) {
    const bool right =
        !path.empty() && path.size() <= longest_path && path.front() != '.' && path.back() != '.' &&
        path.find("..") == std::string_view::npos &&
        std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (!right) {
        throw Error(sqlstate::invalid_parameter_value, "not a path to a field of the body",
                    "It is \"" + std::string(path) + "\".",
                    "Write the names of fields of printable ASCII with dots between them, such as payload.token.");
    }
}

std::optional<std::string> body_field(std::string_view body, std::string_view path) {
    std::optional<std::string_view> value = body;
    while (value && !path.empty()) {
        const auto end = std::min(path.find('.'), path.size());
        value = member(*value, path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return value ? text_of(*value) : std::nullopt;
}

} // namespace helix
