// helix.reprice: nothing else changes rows of the ledger. It changes the sums with them, in one transaction.
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
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

struct Argument {
    enum : int { from, to, model };
};

pg::Statement select_retained_since(R"(
    SELECT pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC')
      FROM helix_internal.ledger_partitions p
     WHERE p.dropped_at IS NOT NULL)");

// $1, $2: the range. $3: the model or null. $4, $5, $6: the watermark's next_xid, open_xids and base_id. Changed rows
// keep their xid. One that is folded brings its difference to the rollups; any other is simply read with the new cost.
// In budgets a new price counts when the execution occurred: see budgets/placement.hpp.
pg::Statement reprice_statement(R"(
    WITH priced AS (
        SELECT e.tableoid AS partition, e.ctid AS place, e.cost_usd AS old_cost, e.pricing AS old_pricing,
               p.cost_usd AS new_cost, CASE WHEN p.complete THEN 'p' ELSE 'u' END::"char" AS new_pricing
          FROM helix_internal.executions e
         CROSS JOIN LATERAL helix_internal.price_of(e.provider, e.model, e.occurred_at, e.input_tokens,
                                                    e.cached_input_tokens, e.output_tokens, e.usage, e.service_tier) p
         WHERE e.pricing <> 'g' AND e.occurred_at >= $1 AND e.occurred_at < $2 AND ($3 IS NULL OR e.model = $3)),
    changed AS (
        UPDATE helix_internal.executions e SET cost_usd = p.new_cost, pricing = p.new_pricing
          FROM priced p
         WHERE e.tableoid = p.partition AND e.ctid = p.place
           AND CASE p.new_pricing WHEN 'p' THEN p.new_cost <> p.old_cost OR p.old_pricing = 'u'
                                  ELSE p.old_pricing = 'u' AND p.new_cost <> p.old_cost END
        RETURNING e.user_id, e.operation_id, e.date, e.provider, e.model, e.recorded_at, e.occurred_at, p.old_cost,
                  p.new_cost, e.id <= $6 OR (e.xid < $4 AND e.xid <> ALL ($5)) AS folded),
    differences AS MATERIALIZED (
        SELECT c.user_id, c.operation_id, c.date, c.provider, c.model,
               pg_catalog.date_trunc('month', c.recorded_at, 'UTC') AS month,
               pg_catalog.sum(c.new_cost - c.old_cost) AS cost_usd
          FROM changed c
         WHERE c.folded
         GROUP BY 1, 2, 3, 4, 5, 6),
    moved AS (
        INSERT INTO helix_internal.moved_costs (user_id, operation_id, usd, counts_at, date, recorded_at)
        SELECT m.user_id, m.operation_id, m.new_cost - m.old_cost, m.counts_at, m.date, m.quarter
          FROM (SELECT c.*, pg_catalog.date_bin('15 minutes', c.occurred_at, '2000-01-01 00:00:00+00') AS counts_at,
                       pg_catalog.date_bin('15 minutes', c.recorded_at, '2000-01-01 00:00:00+00') AS quarter
                  FROM changed c) m
         WHERE (m.date <> pg_catalog.timezone('UTC', m.recorded_at)::date OR m.counts_at <> m.quarter)
           AND GREATEST(m.counts_at, m.quarter, m.date::timestamp AT TIME ZONE 'UTC')
                   >= pg_catalog.now() - interval '40 days'),
    analytics AS (
        UPDATE helix_internal.operation_execution_analytics a SET cost_usd = a.cost_usd + d.cost_usd
          FROM (SELECT g.user_id, g.operation_id, g.date::timestamp AT TIME ZONE 'UTC' AS period_start, g.provider,
                       g.model, pg_catalog.sum(g.cost_usd) AS cost_usd
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
           SET folded_cost_usd = w.folded_cost_usd
                                 + (SELECT coalesce(pg_catalog.sum(g.cost_usd), 0) FROM differences g))
    SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(c.old_cost), 0), coalesce(pg_catalog.sum(c.new_cost), 0)
      FROM changed c)",
                                {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8ARRAYOID, INT8OID});
struct Change {
    enum : int { executions = 1, old_cost_usd, new_cost_usd };
};

// The highest cost of a key is not a sum: it is looked up again for the folded keys of the range.
// Where retention has dropped some executions of a key, the old maximum may be theirs, so it stays as a lower bound.
pg::Statement correct_maxima(R"(
    WITH keys AS (
        SELECT DISTINCT e.user_id, e.operation_id, e.date, e.provider, e.model
          FROM helix_internal.executions e
         WHERE e.pricing <> 'g' AND e.occurred_at >= $1 AND e.occurred_at < $2 AND ($3 IS NULL OR e.model = $3)),
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
    if (PG_ARGISNULL(Argument::from) || PG_ARGISNULL(Argument::to)) {
        throw null_value("p_from and p_to", "Pass both bounds.");
    }
    if (PG_GETARG_TIMESTAMPTZ(Argument::to) <= PG_GETARG_TIMESTAMPTZ(Argument::from)) {
        throw Error(sqlstate::invalid_parameter_value, "p_to must be after p_from", {}, "Swap the bounds.");
    }
}

void check_retained(TimestampTz from) {
    bool none_dropped = false;
    select_retained_since.execute();
    const TimestampTz since = DatumGetTimestampTz(pg::only_column(0, &none_dropped));
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

// `values` holds $1 to $3; the results outlive SPI.
Repriced reprice(pg::Values& values) {
    const auto watermark = lock_watermark(IfLocked::wait);
    if (!watermark) {
        const Datum zero = pg::copied_value(NumericGetDatum(int64_to_numeric(0)));
        return {0, zero, zero};
    }
    values.add(Int64GetDatum(watermark->folded.next_xid));
    values.add(watermark->folded.open_xids);
    values.add(Int64GetDatum(watermark->base_id));
    reprice_statement.execute(values.values(), values.letters());
    const Repriced repriced{DatumGetInt64(pg::column(0, Change::executions)),
                            pg::copied_value(pg::column(0, Change::old_cost_usd)),
                            pg::copied_value(pg::column(0, Change::new_cost_usd))};
    if (repriced.executions > 0) {
        cache::invalidate_everything();
        correct_maxima.execute(values.values(), values.letters());
    }
    return repriced;
}

} // namespace

HELIX_FUNCTION(helix_reprice) {
    check_range(fcinfo);
    TupleDesc columns = pg::result_columns(fcinfo);
    ensure_watermark();
    pg::Values values;
    for (const int number : {Argument::from, Argument::to, Argument::model}) {
        values.add_argument(fcinfo, number);
    }
    pg::OwnerSpi spi;
    check_retained(PG_GETARG_TIMESTAMPTZ(Argument::from));
    const auto repriced = reprice(values);
    spi.finish();
    pg::Values row;
    row.add(Int64GetDatum(repriced.executions)).add(repriced.old_cost_usd).add(repriced.new_cost_usd);
    PG_RETURN_DATUM(row.row(columns));
}

} // namespace helix::ledger
