// Reads and writes uuids.
#include "core/uuid.hpp"

#include "core/hex.hpp"

namespace helix {

namespace {

constexpr std::size_t canonical_size = 36;

bool comes_after_hyphen(std::size_t byte) noexcept {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

} // namespace

std::optional<UuidBytes> parse_uuid(std::string_view text) noexcept {
    if (text.size() != canonical_size) {
        return std::nullopt;
    }
    UuidBytes bytes{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (comes_after_hyphen(i) && text[at++] != '-') {
            return std::nullopt;
        }
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return bytes;
}

std::string format_uuid(const UuidBytes& uuid) {
    std::string text;
    text.reserve(canonical_size);
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (comes_after_hyphen(i)) {
            text += '-';
        }
        append_hex(text, uuid[i]);
    }
    return text;
}

void mark_uuid_v7(UuidBytes& uuid, std::uint64_t unix_ms) noexcept {
    for (std::size_t i = 0; i < 6; ++i) {
        uuid[i] = static_cast<std::uint8_t>(unix_ms >> (8 * (5 - i)));
    }
    uuid[6] = static_cast<std::uint8_t>(0x70 | (uuid[6] & 0x0f));
    uuid[8] = static_cast<std::uint8_t>(0x80 | (uuid[8] & 0x3f));
}

} // namespace helix
