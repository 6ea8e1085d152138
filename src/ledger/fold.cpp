// Folding: one statement that adds what has become visible to the levels of the rollup.
#include "pg/prelude.hpp"

#include "ledger/fold.hpp"

#include "ledger/dimensions.hpp"
#include "ledger/fold_planning.hpp"
#include "ledger/levels.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

namespace helix::ledger {

namespace {

// What became visible between two snapshots, as pgq's ticks do it (pgq.org). $1, $2: the old horizon (next_xid,
// open_xids). $3: base_id. $4, $5: the new horizon. $6: the slot of minutes. $7 to $10: the horizons of the levels.
// Rows are grouped once, by the finest key. That is inserted into the minutes, which no fold updates. What is late is
// also added to each level that has been closed past it, and left out of those that do not go back so far. Corrections
// count in sums alone. An index serves the first condition alone: xid + 0 and id + 0 see to it. So there is one union
// of BRIN's ranges. A transaction that is open for hours costs its own ranges alone, and dozens of open ones cost one
// scan.
pg::Statement add_newly_visible(R"(
    WITH newly_visible AS (
        SELECT e.tableoid, e.* FROM helix_internal.executions e
         WHERE (e.xid >= $1 OR e.xid = ANY ($2)) AND e.xid + 0 < $4 AND e.xid <> ALL ($5) AND e.id + 0 > $3),
    grouped AS MATERIALIZED (
        SELECT e.user_id, pg_catalog.date_bin('1 minute', e.occurred_at, '2000-01-01 00:00:00+00') AS span, e.date,
               e.operation_id, e.provider, e.model, e.tableoid AS partition,
               pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions,
               pg_catalog.count(*) FILTER (WHERE e.success AND e.corrects IS NULL) AS successes,
               pg_catalog.sum(e.cost_usd) AS cost_usd,
               pg_catalog.max(CASE WHEN e.corrects IS NULL THEN e.cost_usd ELSE e.final_cost_usd END) AS max_cost_usd,
               pg_catalog.count(e.latency_ms) AS latency_count, coalesce(pg_catalog.sum(e.latency_ms), 0) AS latency_sum,
               pg_catalog.min(e.latency_ms) AS latency_min, pg_catalog.max(e.latency_ms) AS latency_max,
               coalesce(pg_catalog.sum(e.input_tokens), 0) AS input_tokens,
               coalesce(pg_catalog.sum(e.cached_input_tokens), 0) AS cached_input_tokens,
               coalesce(pg_catalog.sum(e.output_tokens), 0) AS output_tokens,
               pg_catalog.min(e.recorded_at) AS first_recorded_at,
               helix_internal.latency_sketch(NULL, e.latency_ms) AS latency_sketch
          FROM newly_visible e
         GROUP BY 1, 2, 3, 4, 5, 6, 7),
    minutes AS (
        INSERT INTO helix_internal.usage_minutes (slot, user_id, minute, date, operation_id, provider, model, )" HELIX_LEVEL_VALUES
                                R"()
        SELECT $6, s.user_id, s.span, s.date, s.operation_id, s.provider, s.model, )" HELIX_LEVEL_VALUES R"(
          FROM grouped s
         WHERE s.span >= $7
         ORDER BY s.user_id, s.span),
    quarters AS ()" HELIX_ADD_TO_QUARTERS("grouped", "s.span < $8 AND s.span >= $9") R"(),
    analytics AS ()" HELIX_ADD_TO_ANALYTICS("grouped", "s.span < $10") R"(),
    trends AS ()" HELIX_ADD_TO_TRENDS("grouped", "s.span < $10") R"(),
    partitions AS (
        INSERT INTO helix_internal.ledger_partitions AS p (month, folded_rows, folded_cost_usd)
        SELECT pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM'), s.executions, s.cost_usd
          FROM (SELECT g.partition, pg_catalog.sum(g.executions) AS executions, pg_catalog.sum(g.cost_usd) AS cost_usd
                  FROM grouped g GROUP BY 1) s
          JOIN pg_catalog.pg_class c ON c.oid = s.partition
         ORDER BY 1
        ON CONFLICT (month) DO UPDATE SET
               folded_rows = p.folded_rows + excluded.folded_rows,
               folded_cost_usd = p.folded_cost_usd + excluded.folded_cost_usd)
    SELECT coalesce(pg_catalog.sum(g.executions), 0)::bigint, coalesce(pg_catalog.sum(g.cost_usd), 0) FROM grouped g)",
                                {INT8OID, INT8ARRAYOID, INT8OID, INT8OID, INT8ARRAYOID, INT2OID, TIMESTAMPTZOID,
                                 TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
struct Added {
    enum : int { executions = 1, cost_usd };
};

// The same rows, to see whether there is anything to fold. It has no LIMIT: with one the planner would hope for a row
// at the beginning.
pg::Statement select_tail(R"(
    SELECT 1 FROM helix_internal.executions e
     WHERE (e.xid >= (SELECT w.next_xid FROM helix_internal.watermark w)
            OR e.xid = ANY ((SELECT w.open_xids FROM helix_internal.watermark w)::bigint[]))
       AND e.id + 0 > (SELECT w.base_id FROM helix_internal.watermark w))");

bool has_tail() {
    const int nesting = plan_by_range();
    const bool has_rows = select_tail.execute(nullptr, nullptr, 1) > 0;
    AtEOXact_GUC(true, nesting);
    return has_rows;
}

} // namespace

std::int64_t fold_between(const Watermark& from, const Horizon& until, const Horizon& next) {
    fold_dimensions(from, until);
    const Datum values[] = {Int64GetDatum(from.folded.next_xid),
                            from.folded.open_xids,
                            Int64GetDatum(from.base_id),
                            Int64GetDatum(until.next_xid),
                            until.open_xids,
                            Int16GetDatum(from.slot.number),
                            TimestampTzGetDatum(from.levels.minutes_from),
                            TimestampTzGetDatum(from.levels.minutes_closed),
                            TimestampTzGetDatum(from.levels.quarters_from),
                            TimestampTzGetDatum(from.levels.quarters_closed)};
    const int nesting = plan_by_range();
    add_newly_visible.execute(values);
    AtEOXact_GUC(true, nesting);
    const std::int64_t executions = DatumGetInt64(pg::column(0, Added::executions));
    advance_watermark(next, executions, pg::column(0, Added::cost_usd));
    return executions;
}

std::int64_t fold(const Watermark& watermark) {
    const Horizon now = current_horizon();
    if (now.next_xid < watermark.folded.next_xid) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("transaction ids have gone backwards, so helix cannot tell what is folded"),
                 errdetail("The next transaction id is %lld, but the ledger is folded up to %lld.",
                           static_cast<long long>(now.next_xid), static_cast<long long>(watermark.folded.next_xid)),
                 errhint("Was pg_resetwal used? Restore the database from a dump; the ledger is adopted there.")));
    }
    return fold_between(watermark, now, now);
}

bool fold_task() {
    pg::OwnerSpi spi;
    // Looks before it locks: an idle database costs no transaction id.
    if (watermark_is_ours() && (has_tail() || has_new_dimensions())) {
        if (const auto watermark = lock_watermark(IfLocked::skip)) {
            fold(*watermark);
        }
    }
    spi.finish();
    return false;
}

} // namespace helix::ledger
