// Checked bounds for the reading functions.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/times.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/datetime.h"
}

namespace helix::ledger {

namespace {

constexpr int max_days = 36'500;

TimestampTz utc_midnight(TimestampTz time) {
    const TimestampTz rest = time % USECS_PER_DAY;
    return time - rest - (rest < 0 ? USECS_PER_DAY : 0);
}

} // namespace

HELIX_FUNCTION(helix_first_day) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        throw null_value("the bounds of a time range", "Pass both bounds.");
    }
    const TimestampTz start = PG_GETARG_TIMESTAMPTZ(0);
    const TimestampTz end = PG_GETARG_TIMESTAMPTZ(1);
    if (end < start) {
        const auto text = [](TimestampTz time) { return std::string(timestamptz_to_str(time)); };
        const auto from = text(start);
        throw Error(sqlstate::invalid_parameter_value, "the time range ends before it starts",
                    "It starts at " + from + " and ends at " + text(end) + ".", "Swap the bounds.");
    }
    PG_RETURN_TIMESTAMPTZ(TIMESTAMP_NOT_FINITE(start) ? start : utc_midnight(start));
}

HELIX_FUNCTION(helix_month_start) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_month", "Pass any day of the month.");
    }
    const DateADT date = pg::checked_date(PG_GETARG_DATEADT(0), "p_month");
    int year = 0;
    int month = 0;
    int day = 0;
    j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
    PG_RETURN_DATEADT(date - (day - 1));
}

HELIX_FUNCTION(helix_first_trend_date) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_days", "Pass the number of days.");
    }
    const int days = PG_GETARG_INT32(0);
    if (days < 1 || days > max_days) {
        throw Error(sqlstate::invalid_parameter_value, "p_days is out of range", "It is " + std::to_string(days) + ".",
                    "Pass 1 to " + std::to_string(max_days) + " days.");
    }
    const TimestampTz today = utc_midnight(GetCurrentTransactionStartTimestamp());
    PG_RETURN_DATEADT(static_cast<DateADT>(today / USECS_PER_DAY) - (days - 1));
}

} // namespace helix::ledger
