// Owns: texts that may be no UTF-8, as headers may be. It knows no socket. call_settings.cpp uses it.
#pragma once

#include <string>
#include <string_view>

namespace helix::edge {

bool is_utf8(std::string_view text);

// The text itself where it is UTF-8; else what its bytes are in ISO 8859-1, which HTTP's headers were made for.
std::string as_utf8(std::string_view text);

} // namespace helix::edge
