// Owns: the numbers that ereport wants for the SQLSTATEs of core/error.hpp. Anyone outside core/ may use it.
#pragma once

#include "core/error.hpp"
#include "pg/prelude.hpp"

namespace helix::pg {

// `text` has five characters.
constexpr int code_of(const char* text) {
    return MAKE_SQLSTATE(text[0], text[1], text[2], text[3], text[4]);
}

} // namespace helix::pg
