// The bounds of what the reading functions read: days, months, steps and time zones, checked.
#include "pg/prelude.hpp"

#include "ledger/read_bounds.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"
#include "pg/zones.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/datetime.h"
}

namespace helix::ledger {

namespace {

constexpr int max_days = 36'500;
constexpr int max_steps = 10'000;
constexpr double longest_step_us = 10'000.0 * 366 * USECS_PER_DAY;

TimestampTz utc_midnight(TimestampTz time) {
    const TimestampTz rest = time % USECS_PER_DAY;
    return time - rest - (rest < 0 ? USECS_PER_DAY : 0);
}

} // namespace

int trend_days(FunctionCallInfo fcinfo, int number) {
    const int days = DatumGetInt32(pg::required(fcinfo, number, "p_days", "Pass the number of days."));
    if (days < 1 || days > max_days) {
        throw Error(sqlstate::invalid_parameter_value, "p_days is out of range", "It is " + std::to_string(days) + ".",
                    "Pass 1 to " + std::to_string(max_days) + " days.");
    }
    return days;
}

HELIX_FUNCTION(helix_first_day) {
    struct Argument {
        enum : int { start, end };
    };
    if (PG_ARGISNULL(Argument::start) || PG_ARGISNULL(Argument::end)) {
        throw null_value("the bounds of a time range", "Pass both bounds.");
    }
    const TimestampTz start = PG_GETARG_TIMESTAMPTZ(Argument::start);
    const TimestampTz end = PG_GETARG_TIMESTAMPTZ(Argument::end);
    if (end < start) {
        const auto text = [](TimestampTz time) { return std::string(timestamptz_to_str(time)); };
        const auto from = text(start);
        throw Error(sqlstate::invalid_parameter_value, "the time range ends before it starts",
                    "It starts at " + from + " and ends at " + text(end) + ".", "Swap the bounds.");
    }
    PG_RETURN_TIMESTAMPTZ(TIMESTAMP_NOT_FINITE(start) ? start : utc_midnight(start));
}

HELIX_FUNCTION(helix_month_start) {
    const Datum given = pg::required(fcinfo, 0, "p_month", "Pass any day of the month.");
    const DateADT date = pg::checked_date(DatumGetDateADT(given), "p_month");
    int year = 0;
    int month = 0;
    int day = 0;
    j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
    PG_RETURN_DATEADT(date - (day - 1));
}

HELIX_FUNCTION(helix_first_trend_date) {
    const int days = trend_days(fcinfo, 0);
    const TimestampTz today = utc_midnight(GetCurrentTransactionStartTimestamp());
    PG_RETURN_DATEADT(static_cast<DateADT>(today / USECS_PER_DAY) - (days - 1));
}

HELIX_FUNCTION(helix_checked_zone) {
    const Datum given =
        pg::required(fcinfo, 0, "p_time_zone", "Pass a name of pg_timezone_names, such as Europe/Berlin.");
    PG_RETURN_TEXT_P(cstring_to_text(pg::checked_zone(TextDatumGetCString(given))));
}

// Days may have 23 hours and fewer, months 28 days: so this is the most that there can be.
HELIX_FUNCTION(helix_step_count) {
    struct Argument {
        enum : int { start, end, step, group_by };
    };
    const auto minute_of = [fcinfo](int argument, const char* name) {
        const TimestampTz time = pg::checked_time(DatumGetTimestampTz(pg::required(fcinfo, argument, name)), name);
        if (time % USECS_PER_MINUTE != 0) {
            throw Error(sqlstate::invalid_parameter_value, std::string(name) + " is not a whole minute",
                        "It is " + std::string(timestamptz_to_str(time)) + ".", "Pass date_trunc('minute', …) of it.");
        }
        return time;
    };
    const TimestampTz start = minute_of(Argument::start, "p_start");
    const TimestampTz end = minute_of(Argument::end, "p_end");
    const Interval& step = *DatumGetIntervalP(pg::required(fcinfo, Argument::step, "p_step"));
    if (end <= start) {
        throw Error(sqlstate::invalid_parameter_value, "p_end is not after p_start", {}, "Swap the bounds.");
    }
    if (step.time % USECS_PER_MINUTE != 0 || step.time < 0 || step.day < 0 || step.month < 0 ||
        (step.time == 0 && step.day == 0 && step.month == 0)) {
        throw Error(sqlstate::invalid_parameter_value, "p_step is not a number of whole minutes above 0", {},
                    "Pass 15 minutes, 1 hour, 1 day, or the like.");
    }
    const double shortest =
        static_cast<double>(step.time) + step.day * 20.0 * USECS_PER_HOUR + step.month * 27.0 * USECS_PER_DAY;
    if (shortest > longest_step_us) {
        throw Error(sqlstate::invalid_parameter_value, "p_step is longer than 10,000 years", {},
                    "Pass a shorter one. A step ends at p_end at the latest.");
    }
    const double steps = static_cast<double>(end - start) / shortest;
    if (steps > max_steps) {
        throw Error(sqlstate::invalid_parameter_value, "there are too many steps",
                    "They are " + std::to_string(static_cast<std::int64_t>(steps)) + ".",
                    "Pass at most " + std::to_string(max_steps) + ": a longer p_step or a shorter range.");
    }
    if (!PG_ARGISNULL(Argument::group_by)) {
        const std::string word = TextDatumGetCString(PG_GETARG_DATUM(Argument::group_by));
        if (word != "operation" && word != "provider" && word != "model") {
            throw Error(sqlstate::invalid_parameter_value, "unknown p_group_by", "It is \"" + word + "\".",
                        "Pass operation, provider, model, or null.");
        }
    }
    PG_RETURN_INT32(static_cast<std::int32_t>(steps) + 2);
}

} // namespace helix::ledger
