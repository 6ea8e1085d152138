// Owns: the range of the times that helix takes from callers, and their days. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/date.h"
}

namespace helix::pg {

// Gives the time back where it lies from 1970-01-01 to 9999-12-31 (UTC), else throws Error 22008 that names it. Within
// the range helix may add its longest intervals, and the sum is still one that PostgreSQL reads.
TimestampTz checked_time(TimestampTz time, const char* name);

// The same for a date.
DateADT checked_date(DateADT date, const char* name);

// The day in UTC that a finite time lies in.
DateADT utc_day(TimestampTz time);

} // namespace helix::pg
