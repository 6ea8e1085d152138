// The warnings that budgets come near their limits: looked for, written, and sent to a channel.
#include "pg/prelude.hpp"

#include "budgets/warnings.hpp"

#include "budgets/budget_planning.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"

namespace helix::budgets {

namespace {

pg::Statement select_horizon(R"(
    SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint,
           (SELECT w.next_xid FROM helix_internal.watermark w))");
struct Horizon {
    enum : int { oldest_open_xid = 1, next_unfolded_xid };
};

// Users that have recorded since $1, or hold reservations. Recording leaves no trace but the ledger's rows. The second
// bound guides the planner, as in helix_internal.tail.
#define HELIX_ACTIVE_USERS                                                                                             \
    "active AS (SELECT e.user_id FROM helix_internal.executions e WHERE e.xid >= $1 AND e.xid < 9223372036854775807 "  \
    "AND EXISTS (SELECT FROM helix_internal.limits) "                                                                  \
    "UNION SELECT r.user_id FROM helix_internal.budget_reservations r) "

// $2 is one limit; null means all of them. The clock is read after the snapshot was taken: see budget_status.cpp. The
// channel is open to every role, so the id that is sent tells nothing by itself.
pg::Statement
    insert_warnings("WITH clock AS MATERIALIZED (SELECT pg_catalog.clock_timestamp() AS now), " HELIX_ACTIVE_USERS
                    R"(,
    due AS (
        INSERT INTO helix.budget_warnings AS w
               (budget_id, user_id, group_id, operation_id, period_start, level, limit_usd, spent_usd, reserved_usd)
        SELECT u.id, u.user_id, u.group_id, u.operation_id, u.period_start, v.level, u.limit_usd, u.spent_usd,
               u.reserved_usd
          FROM (SELECT l.*, p.period_start, n.*
                  FROM clock c,
                       (SELECT DISTINCT l.* FROM active a, LATERAL helix_internal.limits_of(a.user_id, NULL, NULL) l
                         WHERE $2 IS NULL OR l.id = $2) l,
                       LATERAL helix_internal.budget_period(l.period, l.time_zone, c.now) p,
                       LATERAL helix_internal.use_of(l.user_id, l.operation_id, l.group_id, l.dimension_key,
                                                     l.dimension_value, p.starts_at, p.resets_at, c.now) n
                OFFSET 0) u,
               LATERAL (SELECT CASE WHEN u.spent_usd + u.reserved_usd >= u.limit_usd THEN 'exceeded'
                                    WHEN (u.spent_usd + u.reserved_usd) * 100 >= u.limit_usd * u.warn_percent
                                        THEN 'warning' END AS level) v
         WHERE v.level IS NOT NULL AND u.spent_usd + u.reserved_usd > 0
           AND NOT EXISTS (SELECT FROM helix.budget_warnings b
                            WHERE b.budget_id = u.id AND b.period_start = u.period_start
                              AND b.level IN (v.level, 'exceeded'))
            ON CONFLICT DO NOTHING
        RETURNING w.id, w.budget_id, w.level, w.limit_usd, w.spent_usd, w.reserved_usd, w.period_start)
    SELECT pg_catalog.pg_notify('helix_budget_warnings', d.id::text),
           CASE WHEN d.level = 'exceeded'
                THEN pg_catalog.format('Budget %s, in the period from %s: limit %s USD, spent %s, reserved %s.', d.budget_id,
                                       d.period_start, d.limit_usd, d.spent_usd, d.reserved_usd) END
      FROM due d)",
                    {INT8OID, UUIDOID});

struct Due {
    enum : int { notified = 1, exceeded };
};

pg::Statement select_active_limits("WITH " HELIX_ACTIVE_USERS R"(
    SELECT DISTINCT l.id FROM active a, LATERAL helix_internal.limits_of(a.user_id, NULL, NULL) l)",
                                   {INT8OID});

// Transactions that were still recording at the last look have an id from here on. 0 before the first look.
std::int64_t looked_until = 0;

// The row is new, so the log has one line for a budget and period, however many sessions pass its limit.
void log_exceeded(std::uint64_t rows) {
    for (std::uint64_t row = 0; row < rows; ++row) {
        bool is_null = false;
        const Datum detail = pg::column(row, Due::exceeded, &is_null);
        if (!is_null) {
            ereport(LOG, (errmsg("a budget is exceeded"), errdetail_internal("%s", TextDatumGetCString(detail)),
                          errhidestmt(true), errhidecontext(true)));
        }
    }
}

// Warns of `limit`, or of all limits where it is null. False where it failed, and has written nothing.
bool warn(Datum from, const pg_uuid_t* limit, pg::OnError on_error, std::uint64_t& count) {
    return pg::try_in_subtransaction(
        [&count, from, limit] {
            const Datum values[] = {from, limit == nullptr ? 0 : UUIDPGetDatum(limit)};
            count = insert_warnings.execute(values, limit == nullptr ? " n" : "  ");
            log_exceeded(count);
        },
        on_error);
}

// So a limit that fails costs its own warning alone.
std::uint64_t warn_one_by_one(Datum from) {
    const auto rows = select_active_limits.execute(&from);
    auto* limits = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t) * (rows + 1)));
    for (std::uint64_t row = 0; row < rows; ++row) {
        limits[row] = *DatumGetUUIDP(pg::only_column(row));
    }
    std::uint64_t total = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
        std::uint64_t count = 0;
        warn(from, &limits[row], pg::OnError::log, count);
        total += count;
    }
    return total;
}

} // namespace

std::uint64_t warn_of_budgets() {
    select_horizon.execute();
    const std::int64_t horizon = DatumGetInt64(pg::column(0, Horizon::oldest_open_xid));
    const std::int64_t since =
        looked_until == 0 ? DatumGetInt64(pg::column(0, Horizon::next_unfolded_xid)) : looked_until;
    const Datum from = Int64GetDatum(since);
    std::uint64_t count = 0;
    if (!warn(from, nullptr, pg::OnError::nothing, count)) {
        count = warn_one_by_one(from);
    }
    looked_until = horizon;
    return count;
}

HELIX_FUNCTION(helix_warn_of_budgets) {
    pg::OwnerSpi spi;
    compile_nothing();
    const auto count = warn_of_budgets();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}

} // namespace helix::budgets
