// Owns: time zones by name. Any feature may use it, for every column and argument that names a zone.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "pgtime.h"
}

namespace helix::pg {

// The name as pg_timezone_names spells it; lower and upper case do not matter. Throws Error 22023 on any other text. An
// abbreviation means what each session's settings say, and a POSIX specification has its sign reversed.
const char* checked_zone(const char* name);

// The zone of a stored name. This server may not know it, after a change of its time zone files or in a restored dump.
// Then UTC takes its place and the server's log says so: one row must not stop what reads many.
pg_tz* zone_or_utc(const char* name);

// What a zone's clock shows at a finite time, and the other way round: 22008 beyond PostgreSQL's range. Of a time that
// the clock shows twice instant_of() gives the later one, and one that it skips is taken by the offset before.
Timestamp local_time(pg_tz* zone, TimestampTz at);
TimestampTz instant_of(pg_tz* zone, Timestamp local);

} // namespace helix::pg
