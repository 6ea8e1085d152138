// Owns: uuids as text, as results of SQL functions, and in arrays. Any feature may use it. Raises PostgreSQL errors
// alone (no memory).
#pragma once

#include "pg/prelude.hpp"

#include <cstring>

extern "C" {
#include "utils/array.h"
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

inline bool same_uuid(const pg_uuid_t& one, const pg_uuid_t& other) {
    return memcmp(one.data, other.data, UUID_LEN) == 0;
}

// The smallest uuid has all bytes 0x00, the largest all 0xff.
inline pg_uuid_t uniform_uuid(unsigned char byte) {
    pg_uuid_t uuid;
    memset(uuid.data, byte, UUID_LEN);
    return uuid;
}

// A new uuid[] in the current memory context.
inline Datum uuid_array(Datum* uuids, int count) {
    return PointerGetDatum(construct_array(uuids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

} // namespace helix::pg
