// helix.reprice: the one writer that changes rows of the ledger, and the sums with them in one transaction.
#include "pg/prelude.hpp"

#include "cache/invalidation.hpp"
#include "core/error.hpp"
#include "ledger/adoption.hpp"
#include "ledger/watermark.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/datum.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

pg::Statement
    select_retained_since("SELECT pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC') "
                          "FROM helix_internal.ledger_partitions p WHERE p.dropped_at IS NOT NULL");

// A new price counts in budgets when the execution occurred: see budgets/placement.hpp.
// $1, $2 the range, $3 the model or null, $4 the watermark's next_xid, $5 its open_xids, $6 its base_id. Changed rows
// keep their xid: one that is folded brings its difference to the rollups, one that is not is simply read with the new
// cost.
pg::Statement reprice_statement(R"(
    WITH priced AS (
        SELECT e.tableoid AS partition, e.ctid AS place, e.cost_usd AS old_cost,
               helix_internal.price_of(e.provider, e.model, e.occurred_at, e.input_tokens, e.cached_input_tokens,
                                       e.output_tokens) AS new_cost
          FROM helix_internal.executions e
         WHERE e.priced AND e.occurred_at >= $1 AND e.occurred_at < $2 AND ($3 IS NULL OR e.model = $3)),
    changed AS (
        UPDATE helix_internal.executions e SET cost_usd = p.new_cost
          FROM priced p
         WHERE e.tableoid = p.partition AND e.ctid = p.place AND p.new_cost <> p.old_cost
        RETURNING e.user_id, e.operation_id, e.date, e.provider, e.model, e.recorded_at, e.occurred_at, p.old_cost, p.new_cost,
                  e.id <= $6 OR (e.xid < $4 AND e.xid <> ALL ($5)) AS folded),
    differences AS MATERIALIZED (
        SELECT c.user_id, c.operation_id, c.date, c.provider, c.model,
               pg_catalog.date_trunc('month', c.recorded_at, 'UTC') AS month, pg_catalog.sum(c.new_cost - c.old_cost) AS cost_usd
          FROM changed c WHERE c.folded
         GROUP BY 1, 2, 3, 4, 5, 6),
    moved AS (
        INSERT INTO helix_internal.moved_costs (user_id, operation_id, usd, counts_at, date, recorded_at)
        SELECT m.user_id, m.operation_id, m.new_cost - m.old_cost, m.counts_at, m.date, m.quarter
          FROM (SELECT c.*, pg_catalog.date_bin('15 minutes', c.occurred_at, '2000-01-01 00:00:00+00') AS counts_at,
                       pg_catalog.date_bin('15 minutes', c.recorded_at, '2000-01-01 00:00:00+00') AS quarter
                  FROM changed c) m
         WHERE (m.date <> pg_catalog.timezone('UTC', m.recorded_at)::date OR m.counts_at <> m.quarter)
           AND GREATEST(m.counts_at, m.quarter, m.date::timestamp AT TIME ZONE 'UTC') >= pg_catalog.now() - interval '40 days'),
    analytics AS (
        UPDATE helix_internal.operation_execution_analytics a SET cost_usd = a.cost_usd + d.cost_usd
          FROM (SELECT g.user_id, g.operation_id, g.date::timestamp AT TIME ZONE 'UTC' AS period_start, g.provider, g.model,
                       pg_catalog.sum(g.cost_usd) AS cost_usd
                  FROM differences g GROUP BY 1, 2, 3, 4, 5) d
         WHERE (a.user_id, a.period_start, a.operation_id, a.provider, a.model)
             = (d.user_id, d.period_start, d.operation_id, d.provider, d.model)),
    trends AS (
        UPDATE helix_internal.cost_trends t
           SET total_cost_usd = t.total_cost_usd + d.cost_usd, anthropic_cost = t.anthropic_cost + d.anthropic_cost,
               deepseek_cost = t.deepseek_cost + d.deepseek_cost, gemini_cost = t.gemini_cost + d.gemini_cost,
               openai_cost = t.openai_cost + d.openai_cost
          FROM (SELECT g.user_id, g.date, pg_catalog.sum(g.cost_usd) AS cost_usd,
                       coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'anthropic'), 0) AS anthropic_cost,
                       coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'deepseek'), 0) AS deepseek_cost,
                       coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'gemini'), 0) AS gemini_cost,
                       coalesce(pg_catalog.sum(g.cost_usd) FILTER (WHERE g.provider = 'openai'), 0) AS openai_cost
                  FROM differences g GROUP BY 1, 2) d
         WHERE (t.user_id, t.date) = (d.user_id, d.date)),
    partitions AS (
        UPDATE helix_internal.ledger_partitions p SET folded_cost_usd = p.folded_cost_usd + d.cost_usd
          FROM (SELECT (g.month AT TIME ZONE 'UTC')::date AS month, pg_catalog.sum(g.cost_usd) AS cost_usd
                  FROM differences g GROUP BY 1) d
         WHERE p.month = d.month),
    totals AS (
        UPDATE helix_internal.watermark w
           SET folded_cost_usd = w.folded_cost_usd + (SELECT coalesce(pg_catalog.sum(g.cost_usd), 0) FROM differences g))
    SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(c.old_cost), 0), coalesce(pg_catalog.sum(c.new_cost), 0) FROM changed c)",
                                {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8ARRAYOID, INT8OID});

// The dearest execution of a key is not a sum: it is looked up again for the folded keys of the range. Where retention
// has dropped some of a key's executions, the old maximum may be theirs and stays a lower bound.
pg::Statement correct_maxima(R"(
    WITH keys AS (
        SELECT DISTINCT e.user_id, e.operation_id, e.date, e.provider, e.model
          FROM helix_internal.executions e
         WHERE e.priced AND e.occurred_at >= $1 AND e.occurred_at < $2 AND ($3 IS NULL OR e.model = $3)),
    maxima AS (
        SELECT e.user_id, e.operation_id, e.date, e.provider, e.model, pg_catalog.max(e.cost_usd) AS cost_usd
          FROM helix_internal.executions e
          JOIN keys k ON (k.user_id, k.operation_id, k.date, k.provider, k.model)
                       = (e.user_id, e.operation_id, e.date, e.provider, e.model)
         WHERE e.id <= $6 OR (e.xid < $4 AND e.xid <> ALL ($5))
         GROUP BY 1, 2, 3, 4, 5),
    retained AS (
        SELECT coalesce(pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'), '-infinity') AS since
          FROM helix_internal.ledger_partitions p WHERE p.dropped_at IS NOT NULL)
    UPDATE helix_internal.operation_execution_analytics a
       SET max_cost_usd = CASE WHEN a.first_recorded_at >= r.since THEN m.cost_usd
                               ELSE greatest(a.max_cost_usd, m.cost_usd) END
      FROM maxima m, retained r
     WHERE (a.user_id, a.period_start, a.operation_id, a.provider, a.model)
         = (m.user_id, m.date::timestamp AT TIME ZONE 'UTC', m.operation_id, m.provider, m.model))",
                             {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8ARRAYOID, INT8OID});

void check_range(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        throw null_value("p_from and p_to", "Pass both bounds.");
    }
    if (PG_GETARG_TIMESTAMPTZ(1) <= PG_GETARG_TIMESTAMPTZ(0)) {
        throw Error(sqlstate::invalid_parameter_value, "p_to must be after p_from", {}, "Swap the bounds.");
    }
}

void check_retained(TimestampTz from) {
    bool none_dropped = false;
    select_retained_since.execute();
    const TimestampTz since = DatumGetTimestampTz(pg::column(0, 1, &none_dropped));
    if (!none_dropped && from < since) {
        throw Error(sqlstate::invalid_parameter_value, "the ledger of that time has been dropped",
                    "Executions are kept since " + std::string(timestamptz_to_str(since)) + ".",
                    "Start there, or keep more with helix.ledger_retention.");
    }
}

struct Repriced {
    std::int64_t executions;
    Datum old_cost_usd;
    Datum new_cost_usd;
};

Repriced reprice(const Datum* range, const char* nulls, MemoryContext result_memory) {
    const auto watermark = lock_watermark(IfLocked::wait);
    if (!watermark) {
        const MemoryContext spi_memory = MemoryContextSwitchTo(result_memory);
        const Datum zero = NumericGetDatum(int64_to_numeric(0));
        MemoryContextSwitchTo(spi_memory);
        return {0, zero, zero};
    }
    const Datum values[] = {range[0],
                            range[1],
                            range[2],
                            Int64GetDatum(watermark->folded.next_xid),
                            watermark->folded.open_xids,
                            Int64GetDatum(watermark->base_id)};
    reprice_statement.execute(values, nulls);
    Repriced repriced{DatumGetInt64(pg::column(0, 1)), pg::column(0, 2), pg::column(0, 3)};
    const MemoryContext spi_memory = MemoryContextSwitchTo(result_memory);
    repriced.old_cost_usd = datumCopy(repriced.old_cost_usd, false, -1);
    repriced.new_cost_usd = datumCopy(repriced.new_cost_usd, false, -1);
    MemoryContextSwitchTo(spi_memory);
    if (repriced.executions > 0) {
        cache::invalidate_everything();
        correct_maxima.execute(values, nulls);
    }
    return repriced;
}

} // namespace

HELIX_FUNCTION(helix_reprice) {
    check_range(fcinfo);
    TupleDesc columns = pg::result_columns(fcinfo);
    const MemoryContext result_memory = CurrentMemoryContext;
    ensure_watermark();
    const Datum range[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_ARGISNULL(2) ? Datum{0} : PG_GETARG_DATUM(2)};
    pg::OwnerSpi spi;
    check_retained(PG_GETARG_TIMESTAMPTZ(0));
    const auto repriced = reprice(range, PG_ARGISNULL(2) ? "  n   " : "      ", result_memory);
    spi.finish();
    Datum values[] = {Int64GetDatum(repriced.executions), repriced.old_cost_usd, repriced.new_cost_usd};
    bool nulls[] = {false, false, false};
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

} // namespace helix::ledger
