#include "pg/prelude.hpp"

#include "budgets/warnings.hpp"

#include "budgets/plans.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

namespace helix::budgets {

namespace {

pg::Statement select_horizon("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint, "
                             "(SELECT w.next_xid FROM helix_internal.watermark w)");

// Recording leaves no trace but the ledger's rows; the second bound guides the planner, as in helix_internal.tail. The
// clock is read after the snapshot was taken: see status.cpp.
pg::Statement insert_warnings(R"(
    WITH clock AS MATERIALIZED (SELECT pg_catalog.clock_timestamp() AS now),
    active AS (
        SELECT e.user_id FROM helix_internal.executions e
         WHERE e.xid >= $1 AND e.xid < 9223372036854775807 AND EXISTS (SELECT FROM helix_internal.limits)
        UNION
        SELECT r.user_id FROM helix_internal.budget_reservations r),
    due AS (
        INSERT INTO helix.budget_warnings AS w (budget_id, user_id, group_id, operation_id, period_start, level, limit_usd,
                                                spent_usd, reserved_usd)
        SELECT u.id, u.user_id, u.group_id, u.operation_id, u.period_start, v.level, u.limit_usd, u.spent_usd, u.reserved_usd
          FROM (SELECT l.*, p.period_start, n.*
                  FROM clock c, (SELECT DISTINCT l.* FROM active a, LATERAL helix_internal.limits_of(a.user_id, NULL) l) l,
                       LATERAL helix_internal.budget_period(l.period, l.time_zone, c.now) p,
                       LATERAL helix_internal.use_of(l.user_id, l.operation_id, l.group_id, p.period_start, p.period_end,
                                                     p.starts_at, p.resets_at, c.now) n
                OFFSET 0) u,
               LATERAL (SELECT CASE WHEN u.spent_usd + u.reserved_usd >= u.limit_usd THEN 'exceeded'
                                    WHEN (u.spent_usd + u.reserved_usd) * 100 >= u.limit_usd * u.warn_percent
                                    THEN 'warning' END AS level) v
         WHERE v.level IS NOT NULL AND u.spent_usd + u.reserved_usd > 0
           AND NOT EXISTS (SELECT FROM helix.budget_warnings b WHERE b.budget_id = u.id AND b.period_start = u.period_start
                                                                AND b.level IN (v.level, 'exceeded'))
            ON CONFLICT DO NOTHING
        RETURNING w.*)
    SELECT pg_catalog.pg_notify('helix_budget_warnings', pg_catalog.to_json(d)::text) FROM due d)",
                              {INT8OID});

// Whoever was still recording at the last look has a transaction id from here on.
std::int64_t looked_until = 0;

} // namespace

std::uint64_t warn_of_budgets() {
    select_horizon.execute();
    const std::int64_t horizon = DatumGetInt64(pg::column(0, 1));
    const Datum from = Int64GetDatum(looked_until == 0 ? DatumGetInt64(pg::column(0, 2)) : looked_until);
    const auto count = insert_warnings.execute(&from);
    looked_until = horizon;
    return count;
}

} // namespace helix::budgets

using namespace helix;

HELIX_FUNCTION(helix_warn_of_budgets) {
    pg::OwnerSpi spi;
    budgets::compile_nothing();
    const auto count = budgets::warn_of_budgets();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}
