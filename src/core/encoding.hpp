// Owns: reading bytes that are written as hexadecimal digits or base64. Anyone may use it. It is strict: a text that no
// encoder would write is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace helix {

enum class Encoding { raw, hex, base64 };

// "raw", "hex" or "base64".
std::optional<Encoding> parse_encoding(std::string_view name);

// Writes the bytes that `text` stands for into `out` and returns their number. Nothing where the text is malformed, or
// where they do not fit. Hex digits have either case; base64 is that of RFC 4648, section 4, with its padding.
std::optional<std::size_t> decode(Encoding encoding, std::string_view text, std::span<std::uint8_t> out);

} // namespace helix
