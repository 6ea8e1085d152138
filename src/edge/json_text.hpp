// Owns: reading strings of JSON. It knows no socket. What reads the server's answers and the names of arguments uses
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helix::edge {

// The text that a JSON string with its quotes stands for, as UTF-8; nothing where `json` is anything else.
std::optional<std::string> json_text(std::string_view json);

} // namespace helix::edge
