// Owns: ids that begin with the time: uuids of version 7 (RFC 9562). Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

namespace helix::pg {

// A new id with the current time. Raises XX000 where the system gives no random bytes.
pg_uuid_t fresh_id();

// An id smaller than every one of `time` or later. So a primary key tells what is older.
pg_uuid_t first_id_at(TimestampTz time);

} // namespace helix::pg
