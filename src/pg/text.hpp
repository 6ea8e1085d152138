// Owns: text datums: looking at one without copying it, and making one of bytes; names too. Anyone outside core/ may
// use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/builtins.h"
}

namespace helix::pg {

// The bytes of a text; they live as long as the datum does (or, where it was compressed, the current memory context).
inline std::string_view text_view(Datum value) {
    text* unpacked = DatumGetTextPP(value);
    return {VARDATA_ANY(unpacked), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(unpacked))};
}

// A new text in the current memory context.
inline Datum text_datum(std::string_view bytes) {
    return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
}

// A new value of type name in the current memory context.
inline Datum name_datum(const char* name) {
    return DirectFunctionCall1(namein, CStringGetDatum(name));
}

} // namespace helix::pg
