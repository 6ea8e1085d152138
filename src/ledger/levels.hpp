// Owns: the SQL that adds sums to a level of the rollup: minutes, quarters, days. Used within ledger/ only.
//
// Each macro is a piece of a statement. `source` is a relation with the columns user_id, span (the beginning of what it
// sums up), date, operation_id, provider, model, and HELIX_LEVEL_VALUES.
#pragma once

// What every level says of a key.
#define HELIX_LEVEL_VALUES                                                                                             \
    "executions, successes, cost_usd, max_cost_usd, latency_count, latency_sum, latency_min, latency_max, "            \
    "input_tokens, cached_input_tokens, output_tokens, first_recorded_at, latency_sketch"

// The same of several rows `s` together.
#define HELIX_LEVEL_SUMS                                                                                               \
    "pg_catalog.sum(s.executions), pg_catalog.sum(s.successes), pg_catalog.sum(s.cost_usd), "                          \
    "pg_catalog.max(s.max_cost_usd), pg_catalog.sum(s.latency_count), pg_catalog.sum(s.latency_sum), "                 \
    "pg_catalog.min(s.latency_min), pg_catalog.max(s.latency_max), pg_catalog.sum(s.input_tokens), "                   \
    "pg_catalog.sum(s.cached_input_tokens), pg_catalog.sum(s.output_tokens), pg_catalog.min(s.first_recorded_at), "    \
    "helix_internal.latency_sketch(s.latency_sketch, NULL)"

// Where the level `l` has the key already.
#define HELIX_LEVEL_MERGE                                                                                              \
    " DO UPDATE SET executions = l.executions + excluded.executions, successes = l.successes + excluded.successes, "   \
    "cost_usd = l.cost_usd + excluded.cost_usd, max_cost_usd = greatest(l.max_cost_usd, excluded.max_cost_usd), "      \
    "latency_count = l.latency_count + excluded.latency_count, "                                                       \
    "latency_sum = l.latency_sum + excluded.latency_sum, latency_min = least(l.latency_min, excluded.latency_min), "   \
    "latency_max = greatest(l.latency_max, excluded.latency_max), "                                                    \
    "input_tokens = l.input_tokens + excluded.input_tokens, "                                                          \
    "cached_input_tokens = l.cached_input_tokens + excluded.cached_input_tokens, "                                     \
    "output_tokens = l.output_tokens + excluded.output_tokens, "                                                       \
    "first_recorded_at = least(l.first_recorded_at, excluded.first_recorded_at), "                                     \
    "latency_sketch = helix_internal.merge_sketches(l.latency_sketch, excluded.latency_sketch)"

// How far a level goes; a scalar, since the planner takes the watermark for a long table.
#define HELIX_HORIZON(column) "(SELECT w." column " FROM helix_internal.watermark w)"

#define HELIX_QUARTER_OF(time) "pg_catalog.date_bin('15 minutes', " time ", '2000-01-01 00:00:00+00')"
#define HELIX_QUARTER_OF_SPAN HELIX_QUARTER_OF("s.span")

// All add in key order, so that those who add cannot deadlock.
#define HELIX_ADD_TO_QUARTERS(source, condition)                                                                       \
    " INSERT INTO helix_internal.usage_quarters AS l"                                                                  \
    " (user_id, quarter, date, operation_id, provider, model, " HELIX_LEVEL_VALUES ")"                                 \
    " SELECT s.user_id, " HELIX_QUARTER_OF_SPAN ", s.date, s.operation_id, s.provider, s.model, " HELIX_LEVEL_SUMS     \
    " FROM " source " s WHERE " condition " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 4, 5, 6, 3"                       \
    " ON CONFLICT (user_id, quarter, helix_internal.usage_key(operation_id, provider, model, date))" HELIX_LEVEL_MERGE

#define HELIX_ADD_TO_ANALYTICS(source, condition)                                                                      \
    " INSERT INTO helix_internal.operation_execution_analytics AS l"                                                   \
    " (user_id, period_start, date, operation_id, provider, model, " HELIX_LEVEL_VALUES ")"                            \
    " SELECT s.user_id, pg_catalog.date_trunc('day', s.span, 'UTC'), s.date, s.operation_id, s.provider, "             \
    "s.model, " HELIX_LEVEL_SUMS " FROM " source " s WHERE " condition                                                 \
    " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 4, 5, 6, 3"                                                             \
    " ON CONFLICT (user_id, period_start, operation_id, provider, model, date)" HELIX_LEVEL_MERGE

#define HELIX_ADD_TO_TRENDS(source, condition)                                                                         \
    " INSERT INTO helix_internal.cost_trends AS l (user_id, date, total_operations, successes, total_cost_usd,"        \
    " anthropic_cost, deepseek_cost, gemini_cost, openai_cost, latency_count, latency_sum, input_tokens,"              \
    " cached_input_tokens, output_tokens, latency_sketch)"                                                             \
    " SELECT s.user_id, s.date, pg_catalog.sum(s.executions), pg_catalog.sum(s.successes), "                           \
    "pg_catalog.sum(s.cost_usd),"                                                                                      \
    " coalesce(pg_catalog.sum(s.cost_usd) FILTER (WHERE s.provider = 'anthropic'), 0),"                                \
    " coalesce(pg_catalog.sum(s.cost_usd) FILTER (WHERE s.provider = 'deepseek'), 0),"                                 \
    " coalesce(pg_catalog.sum(s.cost_usd) FILTER (WHERE s.provider = 'gemini'), 0),"                                   \
    " coalesce(pg_catalog.sum(s.cost_usd) FILTER (WHERE s.provider = 'openai'), 0),"                                   \
    " pg_catalog.sum(s.latency_count), pg_catalog.sum(s.latency_sum), pg_catalog.sum(s.input_tokens),"                 \
    " pg_catalog.sum(s.cached_input_tokens), pg_catalog.sum(s.output_tokens),"                                         \
    " helix_internal.latency_sketch(s.latency_sketch, NULL)"                                                           \
    " FROM " source " s WHERE " condition " GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (user_id, date) DO UPDATE SET"     \
    " total_operations = l.total_operations + excluded.total_operations,"                                              \
    " successes = l.successes + excluded.successes,"                                                                   \
    " total_cost_usd = l.total_cost_usd + excluded.total_cost_usd,"                                                    \
    " anthropic_cost = l.anthropic_cost + excluded.anthropic_cost,"                                                    \
    " deepseek_cost = l.deepseek_cost + excluded.deepseek_cost,"                                                       \
    " gemini_cost = l.gemini_cost + excluded.gemini_cost, openai_cost = l.openai_cost + excluded.openai_cost,"         \
    " latency_count = l.latency_count + excluded.latency_count, latency_sum = l.latency_sum + excluded.latency_sum,"   \
    " input_tokens = l.input_tokens + excluded.input_tokens,"                                                          \
    " cached_input_tokens = l.cached_input_tokens + excluded.cached_input_tokens,"                                     \
    " output_tokens = l.output_tokens + excluded.output_tokens,"                                                       \
    " latency_sketch = helix_internal.merge_sketches(l.latency_sketch, excluded.latency_sketch)"
