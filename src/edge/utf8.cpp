// UTF-8 as RFC 3629 has it, which is what PostgreSQL takes.
#include "edge/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace helix::edge {

namespace {

// Whether the first eight bytes are ASCII, as nearly all are.
bool begins_with_ascii(std::string_view text) {
    std::uint64_t bytes = 0;
    if (text.size() < sizeof bytes) {
        return false;
    }
    memcpy(&bytes, text.data(), sizeof bytes);
    return (bytes & 0x8080808080808080) == 0;
}

// The length of the character at the front; 0 where it is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t place) { return static_cast<unsigned char>(text[place]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return 0;
    }
    for (std::size_t place = 1; place < length; ++place) {
        if ((byte(place) & 0xc0) != 0x80) {
            return 0;
        }
    }
    const bool wrong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                       (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
    return wrong ? 0 : length;
}

} // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = begins_with_ascii(text) ? sizeof(std::uint64_t) : character_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::string as_utf8(std::string_view text) {
    if (is_utf8(text)) {
        return std::string(text);
    }
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            result += c;
        } else {
            result += static_cast<char>(0xc0 | (byte >> 6));
            result += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return result;
}

} // namespace helix::edge
