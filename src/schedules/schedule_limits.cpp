// Checks how many schedules a user has, and how often one runs.
#include "pg/prelude.hpp"

#include "schedules/schedule_limits.hpp"

#include "config.hpp"
#include "pg/spi.hpp"
#include "schedules/next_run.hpp"

namespace helix::schedules {

namespace {

constexpr int runs_to_look_at = 50;

pg::Statement count_schedules(R"(
    SELECT pg_catalog.count(*)
      FROM (SELECT FROM helix_internal.operation_schedules WHERE user_id = $1 LIMIT $2) s)",
                              {UUIDOID, INT4OID});

// Among the runs to come. Only an expression of seconds goes below a minute, and its intervals are equal.
std::int64_t shortest_interval_s(const char* expression, const char* zone) {
    const int looks = config::min_schedule_interval_s > SECS_PER_MINUTE ? runs_to_look_at : 2;
    std::int64_t shortest_us = PG_INT64_MAX;
    auto last = next_run(expression, zone, GetCurrentTimestamp());
    for (int i = 1; last && i < looks; ++i) {
        const auto next = next_run(expression, zone, *last);
        shortest_us = next ? std::min(shortest_us, *next - *last) : shortest_us;
        last = next;
    }
    return shortest_us / USECS_PER_SEC;
}

} // namespace

void check_count(const pg_uuid_t& user) {
    const int limit = config::max_schedules_per_user;
    if (limit == 0) {
        return;
    }
    const Datum values[] = {UUIDPGetDatum(&user), Int32GetDatum(limit)};
    pg::OwnerSpi spi;
    count_schedules.execute_latest(values);
    if (DatumGetInt64(pg::only_column()) >= limit) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the user has too many schedules"),
                        errdetail("There are %d already.", limit),
                        errhint("At most %d are taken (helix.max_schedules_per_user): delete some first.", limit)));
    }
    spi.finish();
}

void check_interval(const char* expression, const char* zone) {
    const auto interval_s = shortest_interval_s(expression, zone);
    if (interval_s < config::min_schedule_interval_s) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the cron expression asks for too many runs"),
                 errdetail("\"%s\" runs after %d s.", expression, static_cast<int>(interval_s)),
                 errhint("Users may have a run every %d s (helix.min_schedule_interval), service roles more often.",
                         config::min_schedule_interval_s)));
    }
}

} // namespace helix::schedules
