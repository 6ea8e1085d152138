#include "pg/prelude.hpp"

#include "schedules/next_run.hpp"

#include "core/schedules/cron.hpp"
#include "pg/guard.hpp"
#include "pg/times.hpp"
#include "pg/zones.hpp"
#include "schedules/pg_cron_expression.hpp"
#include "schedules/server_zone.hpp"

namespace helix::schedules {

std::optional<TimestampTz> next_run(const char* expression, const char* zone, TimestampTz after) {
    const auto next = CronExpression(expression).next(pg::unix_seconds(after), zone_offset(zone));
    return next ? std::optional(pg::time_of_unix(*next)) : std::nullopt;
}

std::optional<int> interval_of(const char* expression) {
    return CronExpression(expression).interval_seconds();
}

const char* pg_cron_form(const char* expression, const char* zone, TimestampTz now) {
    const auto form = pg_cron_expression(expression, zone_offset(zone), pg::unix_seconds(now));
    const char* text = form.c_str();
    return pg::call([text] { return pstrdup(text); });
}

HELIX_FUNCTION(helix_next_run) {
    struct Argument {
        enum : int { expression, timezone, after };
    };
    if (PG_ARGISNULL(Argument::expression) || PG_ARGISNULL(Argument::timezone) || PG_ARGISNULL(Argument::after)) {
        PG_RETURN_NULL();
    }
    const char* expression = TextDatumGetCString(PG_GETARG_DATUM(Argument::expression));
    const char* zone = pg::checked_zone(TextDatumGetCString(PG_GETARG_DATUM(Argument::timezone)));
    const TimestampTz after = pg::checked_time(PG_GETARG_TIMESTAMPTZ(Argument::after), "p_after");
    const auto next = next_run(expression, zone, after);
    if (!next) {
        PG_RETURN_NULL();
    }
    PG_RETURN_TIMESTAMPTZ(*next);
}

} // namespace helix::schedules
