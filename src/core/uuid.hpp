// Owns: reading and writing uuids without a server. Anyone may use it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace helix {

using UuidBytes = std::array<std::uint8_t, 16>;

// Reads the canonical form of RFC 9562: 8-4-4-4-12 hexadecimal digits in either case. Nothing on any other text.
std::optional<UuidBytes> parse_uuid(std::string_view text) noexcept;

// The canonical form in lower case.
std::string format_uuid(const UuidBytes& uuid);

// Makes 16 random bytes a version 7 uuid of RFC 9562: they begin with the time, in ms since 1970.
void mark_uuid_v7(UuidBytes& uuid, std::uint64_t unix_ms) noexcept;

} // namespace helix
