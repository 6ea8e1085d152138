// Finds what to recommend: for one user, and once a day for each active one.
#include "pg/prelude.hpp"

#include "analytics/recommendations.hpp"

#include "analytics/kinds.hpp"
#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace helix::analytics {

namespace {

constexpr const char* lock_timeout = "50ms";   // the worker has others to serve
constexpr std::uint64_t users_at_a_time = 500; // as the statement says
constexpr int turns_at_a_time = 20;            // in one transaction
constexpr std::int64_t pause_between_passes = USECS_PER_HOUR;

// The next users who have any sums by day, from $1 on, with whether they are due. Each costs a few looks into the
// index, however much they have run. A new user's first day is there within a quarter of an hour.
pg::Statement select_users(R"(
    WITH RECURSIVE users AS (
        (SELECT a.user_id FROM helix_internal.operation_execution_analytics a WHERE a.user_id >= $1
          ORDER BY a.user_id LIMIT 1)
        UNION ALL
        SELECT (SELECT a.user_id FROM helix_internal.operation_execution_analytics a WHERE a.user_id > u.user_id
                 ORDER BY a.user_id LIMIT 1)
          FROM users u
         WHERE u.user_id IS NOT NULL)
    SELECT u.user_id,
           NOT EXISTS (SELECT FROM helix_internal.recommendation_runs r
                        WHERE r.user_id = u.user_id AND r.generated_at > pg_catalog.now() - interval '1 day')
           AND EXISTS (SELECT FROM helix_internal.operation_execution_analytics a
                        WHERE a.user_id = u.user_id AND a.period_start >= pg_catalog.now() - interval '30 days')
      FROM users u
     WHERE u.user_id IS NOT NULL
     LIMIT 500)",
                           {UUIDOID});
struct User {
    enum : int { id = 1, is_due };
};

pg::Statement note_run(R"(
    INSERT INTO helix_internal.recommendation_runs AS r (user_id, generated_at) VALUES ($1, pg_catalog.now())
        ON CONFLICT (user_id) DO UPDATE SET generated_at = excluded.generated_at)",
                       {UUIDOID});

pg::Statement count_active(R"(
    SELECT pg_catalog.count(*)::integer FROM helix.optimization_recommendations
     WHERE user_id = $1 AND status = 'active')",
                           {UUIDOID});

constexpr pg::Statement* kinds[] = {&cheaper_model, &faster_model, &failures, &retries,
                                    &caching,       &batch_tier,   &budget,   &retirement};

// To plan the statements takes many times longer than to run them. Until the OwnerSpi ends.
void plan_once() {
    for (const char* way : {"jit", "enable_seqscan"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_generic_plan");
}

// False where it failed, which the log says, or where somebody else keeps what it wants. The next pass tries again.
bool recommend_in_turn(const pg_uuid_t& user) {
    return pg::try_for_lock(
        lock_timeout,
        [&user] {
            const Datum id = UUIDPGetDatum(&user);
            recommend_to(user);
            note_run.execute_latest(&id);
        },
        pg::OnError::log);
}

// Where the pass over all users is. It is forgotten with the worker; users who have had their turn are not due.
struct Pass {
    pg_uuid_t next;
    TimestampTz not_before;
};
Pass pass{};

// The first id behind it. All ones have none: then the pass ends.
bool step_behind(pg_uuid_t& id) {
    for (int i = UUID_LEN - 1; i >= 0; --i) {
        if (++id.data[i] != 0) {
            return true;
        }
    }
    return false;
}

void end_pass() {
    pass = {pg_uuid_t{}, GetCurrentTimestamp() + pause_between_passes};
}

// Takes the users from pass.next on. True: there may be more.
bool recommend_to_some() {
    const Datum from = UUIDPGetDatum(&pass.next);
    const auto users = pg::keep_rows(select_users.execute_latest(&from));
    int turns = 0;
    for (std::uint64_t row = 0; row < users.count && turns < turns_at_a_time; ++row) {
        const pg_uuid_t user = *DatumGetUUIDP(users[row].value(User::id));
        if (DatumGetBool(users[row].value(User::is_due))) {
            ++turns;
            recommend_in_turn(user);
        }
        pass.next = user;
        if (!step_behind(pass.next)) {
            return false;
        }
    }
    return turns == turns_at_a_time || users.count == users_at_a_time;
}

} // namespace

void recommend_to(const pg_uuid_t& user) {
    const Datum id = UUIDPGetDatum(&user);
    for (pg::Statement* kind : kinds) {
        kind->execute_latest(&id);
    }
}

bool recommendations_task() {
    if (GetCurrentTimestamp() < pass.not_before) {
        return false;
    }
    pg::OwnerSpi spi;
    plan_once();
    const bool more = recommend_to_some();
    spi.finish();
    if (!more) {
        end_pass();
    }
    return more;
}

HELIX_FUNCTION(helix_generate_recommendations) {
    const pg_uuid_t user = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_user_id"));
    callers::check_acts_for(user);
    const Datum id = UUIDPGetDatum(&user);
    pg::OwnerSpi spi;
    plan_once();
    recommend_to(user);
    count_active.execute_latest(&id);
    const Datum active = pg::only_column();
    spi.finish();
    return active;
}

} // namespace helix::analytics
