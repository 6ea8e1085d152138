// Owns: numerics made of decimal text. Anyone outside core/ may use it. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace helix::pg {

// A new numeric in the current memory context: 22P02 where the text is none.
inline Datum numeric_datum(std::string_view text) {
    return DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(text.data(), text.size())),
                               ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

} // namespace helix::pg
