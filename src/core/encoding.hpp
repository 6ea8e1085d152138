// Owns: bytes that are written as hexadecimal digits, base64 or base64url. Anyone may use it. Reading is strict: a text
// that no encoder would write is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace helix {

enum class Encoding { raw, hex, base64 };

// "raw", "hex" or "base64".
std::optional<Encoding> parse_encoding(std::string_view name);

// Writes the bytes that `text` stands for into `out` and returns their number. Nothing where the text is malformed, or
// where they do not fit. Hex digits have either case; base64 is that of RFC 4648, section 4, with its padding.
std::optional<std::size_t> decode(Encoding encoding, std::string_view text, std::span<std::uint8_t> out);

// The bytes of RFC 4648, section 5, without padding, as tokens have them. Nothing where the text is malformed.
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

} // namespace helix
