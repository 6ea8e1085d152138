// Folding: one statement that adds what has become visible to the three rollups.
#include "pg/prelude.hpp"

#include "ledger/fold.hpp"

#include "ledger/dimensions.hpp"
#include "ledger/fold_planning.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

namespace helix::ledger {

namespace {

// What became visible between two snapshots, as pgq's ticks do it (pgq.org). $1, $2: the old horizon (next_xid,
// open_xids). $3: base_id. $4, $5: the new horizon. Rows are grouped once, by the finest key, and that feeds the three
// tables. Corrections count in sums alone. An index serves the first condition alone: xid + 0 and id + 0 see to it. So
// there is one union of BRIN's ranges. A transaction that is open for hours costs its own ranges alone, and dozens of
// open ones cost one scan.
pg::Statement add_newly_visible(R"(
    WITH newly_visible AS (
        SELECT e.tableoid, e.* FROM helix_internal.executions e
         WHERE (e.xid >= $1 OR e.xid = ANY ($2)) AND e.xid + 0 < $4 AND e.xid <> ALL ($5) AND e.id + 0 > $3),
    grouped AS MATERIALIZED (
        SELECT e.user_id, e.operation_id, e.date, e.provider, e.model,
               e.tableoid AS partition,
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
         GROUP BY 1, 2, 3, 4, 5, 6),
    analytics AS (
        INSERT INTO helix_internal.operation_execution_analytics AS a
               (user_id, operation_id, period_start, provider, model, executions, successes, cost_usd, max_cost_usd,
                latency_count, latency_sum, latency_min, latency_max, input_tokens, cached_input_tokens, output_tokens,
                first_recorded_at, latency_sketch)
        SELECT g.user_id, g.operation_id, g.date::timestamp AT TIME ZONE 'UTC', g.provider, g.model,
               pg_catalog.sum(g.executions), pg_catalog.sum(g.successes), pg_catalog.sum(g.cost_usd),
               pg_catalog.max(g.max_cost_usd), pg_catalog.sum(g.latency_count), pg_catalog.sum(g.latency_sum),
               pg_catalog.min(g.latency_min), pg_catalog.max(g.latency_max), pg_catalog.sum(g.input_tokens),
               pg_catalog.sum(g.cached_input_tokens), pg_catalog.sum(g.output_tokens), pg_catalog.min(g.first_recorded_at),
               helix_internal.latency_sketch(g.latency_sketch, NULL)
          FROM grouped g
         GROUP BY 1, 2, 3, 4, 5
         ORDER BY 1, 3, 2, 4, 5
        ON CONFLICT (user_id, period_start, operation_id, provider, model) DO UPDATE SET
               executions = a.executions + excluded.executions,
               successes = a.successes + excluded.successes,
               cost_usd = a.cost_usd + excluded.cost_usd,
               max_cost_usd = greatest(a.max_cost_usd, excluded.max_cost_usd),
               latency_count = a.latency_count + excluded.latency_count,
               latency_sum = a.latency_sum + excluded.latency_sum,
               latency_min = least(a.latency_min, excluded.latency_min),
               latency_max = greatest(a.latency_max, excluded.latency_max),
               input_tokens = a.input_tokens + excluded.input_tokens,
               cached_input_tokens = a.cached_input_tokens + excluded.cached_input_tokens,
               output_tokens = a.output_tokens + excluded.output_tokens,
               first_recorded_at = least(a.first_recorded_at, excluded.first_recorded_at),
               latency_sketch = helix_internal.merge_sketches(a.latency_sketch, excluded.latency_sketch)),
    trends AS (
        INSERT INTO helix_internal.cost_trends AS t
               (user_id, date, total_operations, successes, total_cost_usd, anthropic_cost, deepseek_cost, gemini_cost,
                openai_cost, latency_count, latency_sum, input_tokens, cached_input_tokens, output_tokens, latency_sketch)
        SELECT g.user_id, g.date, pg_catalog.sum(g.executions), pg_catalog.sum(g.successes), pg_catalog.sum(g.cost_usd),
               coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'anthropic'), 0),
               coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'deepseek'), 0),
               coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'gemini'), 0),
               coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'openai'), 0),
               pg_catalog.sum(g.latency_count), pg_catalog.sum(g.latency_sum), pg_catalog.sum(g.input_tokens),
               pg_catalog.sum(g.cached_input_tokens), pg_catalog.sum(g.output_tokens),
               helix_internal.latency_sketch(g.latency_sketch, NULL)
          FROM grouped g
         GROUP BY 1, 2
         ORDER BY 1, 2
        ON CONFLICT (user_id, date) DO UPDATE SET
               total_operations = t.total_operations + excluded.total_operations,
               successes = t.successes + excluded.successes,
               total_cost_usd = t.total_cost_usd + excluded.total_cost_usd,
               anthropic_cost = t.anthropic_cost + excluded.anthropic_cost,
               deepseek_cost = t.deepseek_cost + excluded.deepseek_cost,
               gemini_cost = t.gemini_cost + excluded.gemini_cost,
               openai_cost = t.openai_cost + excluded.openai_cost,
               latency_count = t.latency_count + excluded.latency_count,
               latency_sum = t.latency_sum + excluded.latency_sum,
               input_tokens = t.input_tokens + excluded.input_tokens,
               cached_input_tokens = t.cached_input_tokens + excluded.cached_input_tokens,
               output_tokens = t.output_tokens + excluded.output_tokens,
               latency_sketch = helix_internal.merge_sketches(t.latency_sketch, excluded.latency_sketch)),
    partitions AS (
        INSERT INTO helix_internal.ledger_partitions AS p (month, folded_rows, folded_cost_usd)
        SELECT pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM'), pg_catalog.sum(g.executions),
               pg_catalog.sum(g.cost_usd)
          FROM grouped g JOIN pg_catalog.pg_class c ON c.oid = g.partition
         GROUP BY 1
         ORDER BY 1
        ON CONFLICT (month) DO UPDATE SET
               folded_rows = p.folded_rows + excluded.folded_rows,
               folded_cost_usd = p.folded_cost_usd + excluded.folded_cost_usd)
    SELECT coalesce(pg_catalog.sum(g.executions), 0)::bigint, coalesce(pg_catalog.sum(g.cost_usd), 0) FROM grouped g)",
                                {INT8OID, INT8ARRAYOID, INT8OID, INT8OID, INT8ARRAYOID});
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
    const Datum values[] = {Int64GetDatum(from.folded.next_xid), from.folded.open_xids, Int64GetDatum(from.base_id),
                            Int64GetDatum(until.next_xid), until.open_xids};
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
