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

const char* pg_cron_form(const char* expression, const char* zone, TimestampTz now) {
    const auto form = pg_cron_expression(expression, zone_offset(zone), pg::unix_seconds(now));
    const char* text = form.c_str();
    return pg::call([text] { return pstrdup(text); });
}

HELIX_FUNCTION(helix_next_run) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
        PG_RETURN_NULL();
    }
    const char* expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
    const char* zone = pg::checked_zone(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    const TimestampTz after = pg::checked_time(PG_GETARG_TIMESTAMPTZ(2), "p_after");
    const auto next = next_run(expression, zone, after);
    if (!next) {
        PG_RETURN_NULL();
    }
    PG_RETURN_TIMESTAMPTZ(*next);
}

} // namespace helix::schedules
