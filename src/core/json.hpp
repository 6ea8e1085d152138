// Owns: writing JSON text. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

// A JSON string (RFC 8259) with its quotes; bytes from 0x80 on go through as they are.
std::string json_quoted(std::string_view text);

} // namespace helix
