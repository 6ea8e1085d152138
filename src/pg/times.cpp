#include "pg/times.hpp"

#include "core/error.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace helix::pg {

namespace {

constexpr DateADT first_date = UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE;
constexpr DateADT last_date = 2'921'939; // 9999-12-31, in days since 2000-01-01
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

const char* date_text(DateADT date) {
    return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)));
}

DateADT checked_date(DateADT date, const char* name) {
    if (date < first_date || date > last_date) { // infinity included
        const char* const text = date_text(date);
        throw Error(sqlstate::datetime_field_overflow, std::string(name) + " is out of range",
                    std::string("It is ") + text + ".", "Pass a day from 1970-01-01 to 9999-12-31.");
    }
    return date;
}

DateADT utc_day(TimestampTz time) {
    Timestamp day = time / USECS_PER_DAY;
    day -= time % USECS_PER_DAY < 0 ? 1 : 0;
    return static_cast<DateADT>(day);
}

} // namespace helix::pg
