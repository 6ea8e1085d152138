#include "pg/times.hpp"

#include "core/error.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace helix::pg {

namespace {

constexpr TimestampTz first_time = (UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
constexpr TimestampTz times_end = INT64CONST(2'921'940) * USECS_PER_DAY; // 10000-01-01

} // namespace

TimestampTz checked_time(TimestampTz time, const char* name) {
    if (time < first_time || time >= times_end) { // infinity included
        const char* const text = DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(time)));
        throw Error(sqlstate::datetime_field_overflow, std::string(name) + " is out of range",
                    std::string("It is ") + text + ".", "Pass a time from 1970-01-01 to 9999-12-31 (UTC).");
    }
    return time;
}

} // namespace helix::pg
