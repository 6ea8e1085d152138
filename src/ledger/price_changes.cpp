// Changes costs of executions and the sums that have them.
#include "pg/prelude.hpp"

#include "ledger/price_changes.hpp"

#include "cache/invalidation.hpp"
#include "ledger/dimensions.hpp"
#include "ledger/levels.hpp"

namespace helix::ledger {

namespace {

constexpr const char* changed_rows = R"(,
    changed AS (
        UPDATE helix_internal.executions e
           SET cost_usd = CASE WHEN e.corrects IS NULL THEN p.new_cost
                               ELSE pg_catalog.trim_scale(e.cost_usd + p.new_cost - p.old_cost) END,
               final_cost_usd = CASE WHEN e.corrects IS NOT NULL THEN p.new_cost END, pricing = p.new_pricing
          FROM priced p
         WHERE e.tableoid = p.partition AND e.ctid = p.place
           AND e.user_id NOT IN (SELECT x.subject_id FROM helix.erasures x WHERE x.subject_id IS NOT NULL)
        RETURNING e.user_id, e.operation_id, e.date, e.provider, e.model, e.recorded_at, e.occurred_at, e.metadata,
                  e.corrects, p.old_cost, p.new_cost, e.id <= $3 OR (e.xid < $1 AND e.xid <> ALL ($2)) AS folded),)";

constexpr const char* sums = R"(
    differences AS MATERIALIZED (
        SELECT c.user_id, c.operation_id, c.date, c.provider, c.model,
               pg_catalog.date_bin('1 minute', c.occurred_at, '2000-01-01 00:00:00+00') AS span,
               pg_catalog.date_trunc('month', c.recorded_at, 'UTC') AS month,
               pg_catalog.sum(c.new_cost - c.old_cost) AS cost_usd, pg_catalog.max(c.new_cost) AS highest,
               pg_catalog.min(c.recorded_at) AS first_recorded_at
          FROM changed c
         WHERE c.folded
         GROUP BY 1, 2, 3, 4, 5, 6, 7),
    minutes AS (
        INSERT INTO helix_internal.usage_minutes
               (slot, user_id, minute, date, operation_id, provider, model, executions, successes, cost_usd, max_cost_usd,
                latency_count, latency_sum, input_tokens, cached_input_tokens, output_tokens, first_recorded_at)
        SELECT (SELECT w.slot FROM helix_internal.watermark w), g.user_id, g.span, g.date, g.operation_id, g.provider,
               g.model, 0, 0, g.cost_usd, g.highest, 0, 0, 0, 0, 0, g.first_recorded_at
          FROM differences g
         WHERE g.span >= )" HELIX_HORIZON("minutes_from") R"(),
    quarters AS (
        UPDATE helix_internal.usage_quarters q
           SET cost_usd = q.cost_usd + d.cost_usd, max_cost_usd = greatest(q.max_cost_usd, d.highest)
          FROM (SELECT g.user_id, )" HELIX_QUARTER_OF("g.span") R"( AS quarter, g.date, g.operation_id, g.provider,
                       g.model, pg_catalog.sum(g.cost_usd) AS cost_usd, pg_catalog.max(g.highest) AS highest
                  FROM differences g
                 WHERE g.span < )" HELIX_HORIZON("minutes_closed") " AND g.span >= " HELIX_HORIZON("quarters_from") R"(
                 GROUP BY 1, 2, 3, 4, 5, 6) d
         WHERE (q.user_id, q.quarter, q.operation_id, q.provider, q.model, q.date)
             = (d.user_id, d.quarter, d.operation_id, d.provider, d.model, d.date)),
    days AS MATERIALIZED (
        SELECT g.* FROM differences g WHERE g.span < )" HELIX_HORIZON("quarters_closed") R"(),
    analytics AS (
        UPDATE helix_internal.operation_execution_analytics a
           SET cost_usd = a.cost_usd + d.cost_usd, max_cost_usd = greatest(a.max_cost_usd, d.highest)
          FROM (SELECT g.user_id, pg_catalog.date_trunc('day', g.span, 'UTC') AS period_start, g.date, g.operation_id,
                       g.provider, g.model, pg_catalog.sum(g.cost_usd) AS cost_usd, pg_catalog.max(g.highest) AS highest
                  FROM days g GROUP BY 1, 2, 3, 4, 5, 6) d
         WHERE (a.user_id, a.period_start, a.date, a.operation_id, a.provider, a.model)
             = (d.user_id, d.period_start, d.date, d.operation_id, d.provider, d.model)),
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
                  FROM days g GROUP BY 1, 2) d
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
    SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(c.old_cost), 0), coalesce(pg_catalog.sum(c.new_cost), 0),
           pg_catalog.min(c.occurred_at) FILTER (WHERE c.new_cost < c.old_cost AND c.folded),
           pg_catalog.max(c.occurred_at) FILTER (WHERE c.new_cost < c.old_cost AND c.folded),
           pg_catalog.array_agg(DISTINCT c.model) FILTER (WHERE c.new_cost < c.old_cost AND c.folded)
      FROM changed c)";
struct Change {
    enum : int { executions = 1, old_cost_usd, new_cost_usd, first_cheaper, last_cheaper, cheaper_models };
};

// The highest cost of a key is not a sum: where a cost has fallen, it is looked up again for the folded keys of that
// time, in each level for the part of them that it has. $4, $5, $6: when the first and the last of these occurred, and
// their models. Where retention has dropped some executions of a key, the old maximum may be theirs, so it stays as a
// lower bound.
#define HELIX_MAXIMA(span, condition)                                                                                  \
    "(SELECT c.user_id, " span " AS span, c.date, c.operation_id, c.provider, c.model, "                               \
    "pg_catalog.max(c.cost_usd) AS cost_usd FROM costs c WHERE " condition " GROUP BY 1, 2, 3, 4, 5, 6)"
#define HELIX_CORRECT_MAXIMA(table, span, maxima)                                                                      \
    "UPDATE helix_internal." table " a "                                                                               \
    "SET max_cost_usd = CASE WHEN a.first_recorded_at >= r.since THEN m.cost_usd "                                     \
    "ELSE greatest(a.max_cost_usd, m.cost_usd) END FROM " maxima " m, retained r "                                     \
    "WHERE (a.user_id, a." span ", a.date, a.operation_id, a.provider, a.model) "                                      \
    "= (m.user_id, m.span, m.date, m.operation_id, m.provider, m.model)"

#define HELIX_MAXIMA_OF_MINUTES HELIX_MAXIMA("c.minute", "c.minute >= " HELIX_HORIZON("minutes_from"))
#define HELIX_QUARTERS_SPAN                                                                                            \
    "c.minute < " HELIX_HORIZON("minutes_closed") " AND c.minute >= " HELIX_HORIZON("quarters_from")
#define HELIX_MAXIMA_OF_QUARTERS HELIX_MAXIMA(HELIX_QUARTER_OF("c.minute"), HELIX_QUARTERS_SPAN)
#define HELIX_MAXIMA_OF_DAYS HELIX_MAXIMA("c.day", "c.minute < " HELIX_HORIZON("quarters_closed"))
#define HELIX_CORRECT_MINUTES HELIX_CORRECT_MAXIMA("usage_minutes", "minute", HELIX_MAXIMA_OF_MINUTES)
#define HELIX_CORRECT_QUARTERS HELIX_CORRECT_MAXIMA("usage_quarters", "quarter", HELIX_MAXIMA_OF_QUARTERS)
#define HELIX_CORRECT_DAYS HELIX_CORRECT_MAXIMA("operation_execution_analytics", "period_start", HELIX_MAXIMA_OF_DAYS)

pg::Statement correct_maxima(R"(
    WITH keys AS (
        SELECT DISTINCT e.user_id, e.operation_id, e.date, e.provider, e.model,
               pg_catalog.date_trunc('day', e.occurred_at, 'UTC') AS day
          FROM helix_internal.executions e
         WHERE e.pricing <> 'g' AND e.occurred_at >= $4 AND e.occurred_at <= $5 AND e.model = ANY ($6)),
    costs AS MATERIALIZED (
        SELECT e.user_id, e.operation_id, e.date, e.provider, e.model, k.day,
               pg_catalog.date_bin('1 minute', e.occurred_at, '2000-01-01 00:00:00+00') AS minute,
               CASE WHEN e.corrects IS NULL THEN e.cost_usd ELSE e.final_cost_usd END AS cost_usd
          FROM helix_internal.executions e
          JOIN keys k ON (k.user_id, k.operation_id, k.date, k.provider, k.model, k.day)
                       = (e.user_id, e.operation_id, e.date, e.provider, e.model,
                          pg_catalog.date_trunc('day', e.occurred_at, 'UTC'))
         WHERE e.id <= $3 OR (e.xid < $1 AND e.xid <> ALL ($2))),
    retained AS (
        SELECT coalesce(pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'), '-infinity') AS since
          FROM helix_internal.ledger_partitions p WHERE p.dropped_at IS NOT NULL),
    minutes AS ()" HELIX_CORRECT_MINUTES "), quarters AS (" HELIX_CORRECT_QUARTERS ") " HELIX_CORRECT_DAYS,
                             {INT8OID, INT8ARRAYOID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTARRAYOID});

// What change_prices() has selected says which these are. `watermark`: $1, $2 and $3.
void correct_maxima_of_cheaper(const Datum* watermark) {
    bool are_none = false;
    const Datum first = pg::column(0, Change::first_cheaper, &are_none);
    if (are_none) {
        return;
    }
    const Datum values[] = {watermark[0],
                            watermark[1],
                            watermark[2],
                            first,
                            pg::column(0, Change::last_cheaper),
                            pg::column(0, Change::cheaper_models)};
    correct_maxima.execute_latest(values);
}

} // namespace

std::string price_change_statement(const char* chosen) {
    return std::string("WITH priced AS (") + chosen + ")" + changed_rows + dimension_differences + sums;
}

void add_watermark(const Watermark& watermark, pg::Values& values) {
    values.add(Int64GetDatum(watermark.folded.next_xid));
    values.add(watermark.folded.open_xids);
    values.add(Int64GetDatum(watermark.base_id));
}

PriceChanges change_prices(pg::Statement& statement, pg::Values& values) {
    statement.execute_latest(values.values(), values.letters());
    const PriceChanges changes{DatumGetInt64(pg::column(0, Change::executions)),
                               pg::copied_value(pg::column(0, Change::old_cost_usd)),
                               pg::copied_value(pg::column(0, Change::new_cost_usd))};
    if (changes.executions > 0) {
        correct_maxima_of_cheaper(values.values());
        cache::invalidate_everything();
    }
    return changes;
}

} // namespace helix::ledger
