// Owns: looking at a text datum without copying it. Anyone outside core/ may use it.
#pragma once

#include "pg/prelude.hpp"

namespace helix::pg {

// The bytes of a text; they live as long as the datum does (or, where it was compressed, the current memory context).
inline std::string_view text_view(Datum value) {
    text* unpacked = DatumGetTextPP(value);
    return {VARDATA_ANY(unpacked), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(unpacked))};
}

} // namespace helix::pg
