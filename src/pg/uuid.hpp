// Owns: uuids as text, and as results of SQL functions. Any feature may use it. Raises PostgreSQL errors alone (no
// memory).
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"
}

namespace helix::pg {

inline const char* uuid_text(Datum uuid) {
    return DatumGetCString(DirectFunctionCall1(uuid_out, uuid));
}
inline const char* uuid_text(const pg_uuid_t& uuid) {
    return uuid_text(UUIDPGetDatum(&uuid));
}

// A copy in the current memory context.
inline Datum uuid_datum(const pg_uuid_t& uuid) {
    auto* copy = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *copy = uuid;
    return UUIDPGetDatum(copy);
}

} // namespace helix::pg
