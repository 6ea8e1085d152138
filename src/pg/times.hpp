// Owns: the range of times that helix takes from callers, their days, and times as Unix counts them. Any feature may
// use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace helix::pg {

// Gives the time back where it lies from 1970-01-01 to 9999-12-31 (UTC), else throws Error 22008 with `name`. In this
// range helix may add its longest intervals: PostgreSQL can still read the sum.
TimestampTz checked_time(TimestampTz time, const char* name);

// The same for a date.
DateADT checked_date(DateADT date, const char* name);

// As errors show it.
const char* date_text(DateADT date);

// PostgreSQL counts from 2000-01-01, Unix from 1970-01-01.
constexpr std::int64_t postgres_epoch_s = INT64CONST(86400) * (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE);

// The finite time in whole seconds, rounded down.
constexpr std::int64_t unix_seconds(TimestampTz time) {
    const std::int64_t seconds = time / USECS_PER_SEC - (time % USECS_PER_SEC < 0 ? 1 : 0);
    return seconds + postgres_epoch_s;
}
constexpr TimestampTz time_of_unix(std::int64_t seconds) {
    return (seconds - postgres_epoch_s) * USECS_PER_SEC;
}

// The time that lies `seconds` in the past: what is older is beyond a retention of so long.
inline TimestampTz seconds_ago(int seconds) {
    return GetCurrentTimestamp() - static_cast<std::int64_t>(seconds) * USECS_PER_SEC;
}

// The day in UTC that a finite time lies in.
DateADT utc_day(TimestampTz time);

} // namespace helix::pg
