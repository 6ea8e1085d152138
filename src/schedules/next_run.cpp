#include "pg/prelude.hpp"

#include "schedules/next_run.hpp"

#include "core/cron.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "schedules/zone.hpp"

namespace helix::schedules {

std::optional<TimestampTz> next_run(std::string_view expression, const std::string& zone, TimestampTz after) {
    const auto next = CronExpression(expression).next(unix_time(after), zone_offset(zone));
    return next ? std::optional(timestamp(*next)) : std::nullopt;
}

} // namespace helix::schedules

using namespace helix;

HELIX_FUNCTION(helix_next_run) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
        PG_RETURN_NULL();
    }
    const std::string expression(pg::call([&] { return pg::text_view(PG_GETARG_DATUM(0)); }));
    const std::string zone(pg::call([&] { return pg::text_view(PG_GETARG_DATUM(1)); }));
    const auto next = schedules::next_run(expression, zone, PG_GETARG_TIMESTAMPTZ(2));
    if (!next) {
        PG_RETURN_NULL();
    }
    PG_RETURN_TIMESTAMPTZ(*next);
}
