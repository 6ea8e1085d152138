// Owns: writing JSON text. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

// Appends `text` as a JSON string (RFC 8259) with its quotes; bytes from 0x80 on go through as they are.
void append_json_quoted(std::string& json, std::string_view text);

} // namespace helix
