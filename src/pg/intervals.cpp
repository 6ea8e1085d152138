#include "pg/prelude.hpp"

#include "pg/intervals.hpp"

namespace helix::pg {

namespace {

// Such as "7 days" or "5 seconds".
const char* words(std::int64_t us) {
    const bool days = us > 0 && us % USECS_PER_DAY == 0;
    const auto number = static_cast<int>(us / (days ? USECS_PER_DAY : USECS_PER_SEC));
    return psprintf("%d %s%s", number, days ? "day" : "second", number == 1 ? "" : "s");
}

} // namespace

std::int64_t interval_argument(FunctionCallInfo fcinfo, int number, const char* name, std::int64_t low,
                               std::int64_t high) {
    const Interval* interval = DatumGetIntervalP(required(fcinfo, number, name));
    const std::int64_t days = std::int64_t{interval->month} * DAYS_PER_MONTH + interval->day;
    std::int64_t value = 0;
    if (interval->month < 0 || interval->day < 0 || interval->time < 0 ||
        __builtin_mul_overflow(days, USECS_PER_DAY, &value) || __builtin_add_overflow(value, interval->time, &value) ||
        value < low || value > high) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is out of range", name),
                        errdetail("It is %s.",
                                  DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
                        errhint("Pass %s to %s.", words(low), words(high))));
    }
    return value;
}

} // namespace helix::pg
