-- Reads as functions. Each is one statement, in a function of helix_internal that nobody but the owner may execute. The function
-- of helix checks its caller, then runs that statement by a plan that the session keeps: see src/ledger/reads.cpp. PostgreSQL
-- inlines a function in such a plan where it returns a table and no argument is a sub-select. Bodies are parsed here.
CREATE FUNCTION helix_internal.first_day(p_start timestamptz, p_end timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_first_day';
COMMENT ON FUNCTION helix_internal.first_day(timestamptz, timestamptz) IS
    'Start of the UTC day of p_start. 22004 on a null bound, 22023 where p_end is before p_start.';

CREATE FUNCTION helix_internal.first_trend_date(p_days integer) RETURNS date
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_first_trend_date';
COMMENT ON FUNCTION helix_internal.first_trend_date(integer) IS
    'First of the p_days UTC days that end today. 22004 on null, 22023 outside 1 to 36,500.';

CREATE FUNCTION helix_internal.month_start(p_month date) RETURNS date
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_month_start';
COMMENT ON FUNCTION helix_internal.month_start(date) IS
    'First day of p_month''s month. 22004 on null, 22008 outside 1970-01-01 to 9999-12-31.';

CREATE FUNCTION helix_internal.open_usage_of(p_user_id uuid) RETURNS SETOF helix_internal.open_usage
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        SELECT s.* FROM helix_internal.summed_usage s WHERE s.user_id = p_user_id
        UNION ALL
        SELECT u.* FROM helix_internal.unfolded_usage_of(p_user_id, p_user_id) u;
    END;
COMMENT ON FUNCTION helix_internal.open_usage_of(uuid) IS 'The rows of open_usage of one user, by unfolded_usage_of()';

CREATE FUNCTION helix_internal.trend_entries_of(p_user_id uuid) RETURNS SETOF helix_internal.trend_entries
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        SELECT t.user_id, t.date, t.total_operations, t.successes, t.total_cost_usd,
               t.anthropic_cost, t.deepseek_cost, t.gemini_cost, t.openai_cost,
               t.latency_count, t.latency_sum, t.input_tokens, t.cached_input_tokens, t.output_tokens,
               t.latency_sketch, NULL::integer AS latency_ms
          FROM helix_internal.cost_trends t
         WHERE t.user_id = p_user_id
        UNION ALL
        SELECT o.user_id, o.date, o.executions, o.successes, o.cost_usd,
               CASE o.provider WHEN 'anthropic' THEN o.cost_usd ELSE 0 END,
               CASE o.provider WHEN 'deepseek' THEN o.cost_usd ELSE 0 END,
               CASE o.provider WHEN 'gemini' THEN o.cost_usd ELSE 0 END,
               CASE o.provider WHEN 'openai' THEN o.cost_usd ELSE 0 END,
               o.latency_count, o.latency_sum, o.input_tokens, o.cached_input_tokens, o.output_tokens, o.latency_sketch,
               o.latency_ms
          FROM helix_internal.open_usage_of(p_user_id) o;
    END;
COMMENT ON FUNCTION helix_internal.trend_entries_of(uuid) IS 'The rows of trend_entries of one user, by unfolded_usage_of()';

CREATE FUNCTION helix_internal.operation_monthly_cost(p_user_id uuid, p_operation_id text, p_month date)
    RETURNS TABLE (cost_usd numeric) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.trim_scale(pg_catalog.sum(a.cost_usd)), 0)
          FROM (SELECT d.operation_id, d.date, d.cost_usd
                  FROM helix_internal.operation_execution_analytics d WHERE d.user_id = p_user_id
                 UNION ALL
                SELECT o.operation_id, o.date, o.cost_usd FROM helix_internal.open_usage_of(p_user_id) o) a
         WHERE (SELECT helix_internal.month_start(p_month)) IS NOT NULL
           AND a.operation_id = p_operation_id
           AND a.date >= (SELECT helix_internal.month_start(p_month))
           AND a.date < ((SELECT helix_internal.month_start(p_month)) + interval '1 month')::date;
    END;
COMMENT ON FUNCTION helix_internal.operation_monthly_cost(uuid, text, date) IS
    'What helix.get_operation_monthly_cost() returns, whoever asks';

CREATE FUNCTION helix.get_operation_monthly_cost(p_user_id uuid, p_operation_id text, p_month date DEFAULT current_date)
    RETURNS numeric
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_get_operation_monthly_cost';
COMMENT ON FUNCTION helix.get_operation_monthly_cost(uuid, text, date) IS
    'Cost in USD of one operation of a user in the month of p_month, 0 where nothing ran. 42501 on another user''s id, 22004 '
    'without a month, 22008 outside 1970 to 9999.';

CREATE FUNCTION helix_internal.total_monthly_cost(p_user_id uuid, p_month date)
    RETURNS TABLE (cost_usd numeric) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.trim_scale(pg_catalog.sum(t.total_cost_usd)), 0)
          FROM helix_internal.trend_entries_of(p_user_id) t
         WHERE (SELECT helix_internal.month_start(p_month)) IS NOT NULL
           AND t.date >= (SELECT helix_internal.month_start(p_month))
           AND t.date < ((SELECT helix_internal.month_start(p_month)) + interval '1 month')::date;
    END;
COMMENT ON FUNCTION helix_internal.total_monthly_cost(uuid, date) IS
    'What helix.get_total_monthly_cost() returns, whoever asks';

CREATE FUNCTION helix.get_total_monthly_cost(p_user_id uuid, p_month date DEFAULT current_date)
    RETURNS numeric
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_get_total_monthly_cost';
COMMENT ON FUNCTION helix.get_total_monthly_cost(uuid, date) IS
    'Cost in USD of a user in the month of p_month, 0 where nothing ran. 42501 on another user''s id, 22004 without a month, '
    '22008 outside 1970 to 9999.';

CREATE FUNCTION helix_internal.success_rate(p_user_id uuid, p_operation_id text, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (success_rate numeric) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT coalesce((100.0 * pg_catalog.sum(a.successes) / nullif(pg_catalog.sum(a.executions), 0))
                        ::double precision::numeric, 100)
          FROM helix_internal.usage_between(p_user_id, p_start, p_end) a
         WHERE (SELECT helix_internal.first_day(p_start, p_end)) IS NOT NULL
           AND a.operation_id = p_operation_id;
    END;
COMMENT ON FUNCTION helix_internal.success_rate(uuid, text, timestamptz, timestamptz) IS
    'What helix.calculate_success_rate() returns, whoever asks';

CREATE FUNCTION helix.calculate_success_rate(
    p_user_id uuid, p_operation_id text, p_start_date timestamptz, p_end_date timestamptz)
    RETURNS numeric
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_calculate_success_rate';
COMMENT ON FUNCTION helix.calculate_success_rate(uuid, text, timestamptz, timestamptz) IS
    'Percent (0-100) of a user''s executions of one operation that succeeded, of those that occurred in [p_start_date, '
    'p_end_date). 100 where nothing ran. Bounds are taken as get_period_summary() takes them. 42501 on another user''s id, 22023 '
    'where the range ends before it starts.';

CREATE FUNCTION helix_internal.metrics_between(p_user_id uuid, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (operation_id text, total_executions bigint, successful_executions bigint, failed_executions bigint,
                   success_rate numeric, total_cost_usd numeric, avg_cost_per_execution numeric,
                   max_cost_single_execution numeric, avg_latency_ms numeric, min_latency_ms integer, max_latency_ms integer,
                   p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint,
                   input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, models_used jsonb, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
    BEGIN ATOMIC
        WITH by_model AS (
            SELECT a.operation_id, a.model, pg_catalog.sum(a.executions)::bigint AS executions,
                   pg_catalog.sum(a.successes)::bigint AS successes, pg_catalog.sum(a.cost_usd) AS cost_usd,
                   pg_catalog.max(a.max_cost_usd) AS max_cost_usd, pg_catalog.sum(a.latency_count) AS latency_count,
                   pg_catalog.sum(a.latency_sum) AS latency_sum, pg_catalog.min(a.latency_min) AS latency_min,
                   pg_catalog.max(a.latency_max) AS latency_max, pg_catalog.sum(a.input_tokens) AS input_tokens,
                   pg_catalog.sum(a.cached_input_tokens) AS cached_input_tokens,
                   pg_catalog.sum(a.output_tokens) AS output_tokens,
                   helix_internal.latency_sketch(a.latency_sketch, a.latency_ms) AS latency_sketch
              FROM helix_internal.usage_between(p_user_id, p_start, p_end) a
             WHERE (SELECT helix_internal.first_day(p_start, p_end)) IS NOT NULL
             GROUP BY a.operation_id, a.model),
        by_operation AS (
            SELECT m.operation_id, pg_catalog.sum(m.executions)::bigint AS executions,
                   pg_catalog.sum(m.successes)::bigint AS successes, pg_catalog.sum(m.cost_usd) AS cost_usd,
                   pg_catalog.max(m.max_cost_usd) AS max_cost_usd, pg_catalog.sum(m.latency_count) AS latency_count,
                   pg_catalog.sum(m.latency_sum) AS latency_sum, pg_catalog.min(m.latency_min) AS latency_min,
                   pg_catalog.max(m.latency_max) AS latency_max, pg_catalog.sum(m.input_tokens)::bigint AS input_tokens,
                   pg_catalog.sum(m.cached_input_tokens)::bigint AS cached_input_tokens,
                   pg_catalog.sum(m.output_tokens)::bigint AS output_tokens,
                   helix_internal.latency_sketch(m.latency_sketch, NULL) AS latency_sketch,
                   coalesce(pg_catalog.jsonb_object_agg(m.model, m.executions) FILTER (WHERE m.executions > 0), '{}') AS models_used
              FROM by_model m
             GROUP BY m.operation_id)
        SELECT o.operation_id, o.executions, o.successes, o.executions - o.successes,
               coalesce((100.0 * o.successes / nullif(o.executions, 0))::double precision::numeric, 100),
               pg_catalog.trim_scale(o.cost_usd),
               coalesce((o.cost_usd / nullif(o.executions, 0))::double precision::numeric, 0),
               coalesce(pg_catalog.trim_scale(o.max_cost_usd), 0),
               (o.latency_sum / nullif(o.latency_count, 0))::double precision::numeric, o.latency_min, o.latency_max,
               helix_internal.sketch_percentile(o.latency_sketch, 50), helix_internal.sketch_percentile(o.latency_sketch, 95),
               helix_internal.sketch_percentile(o.latency_sketch, 99),
               o.input_tokens, o.cached_input_tokens, o.output_tokens, o.models_used,
               (SELECT r.granularity FROM helix_internal.range_bounds(p_start, p_end) r)
          FROM by_operation o
         ORDER BY o.operation_id;
    END;
COMMENT ON FUNCTION helix_internal.metrics_between(uuid, timestamptz, timestamptz) IS
    'What helix.get_all_operation_metrics() returns, whoever asks';

CREATE FUNCTION helix.get_all_operation_metrics(p_user_id uuid, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (operation_id text, total_executions bigint, successful_executions bigint, failed_executions bigint,
                   success_rate numeric, total_cost_usd numeric, avg_cost_per_execution numeric,
                   max_cost_single_execution numeric, avg_latency_ms numeric, min_latency_ms integer, max_latency_ms integer,
                   p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint,
                   input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, models_used jsonb, granularity text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10
    AS 'MODULE_PATHNAME', 'helix_get_all_operation_metrics';
COMMENT ON FUNCTION helix.get_all_operation_metrics(uuid, timestamptz, timestamptz) IS
    'One row for each operation that a user ran in [p_start, p_end), by occurred_at. It has counts, success_rate in percent 0-100, '
    'cost in USD, latency in ms, tokens, and models_used (model to number of executions). granularity is that of '
    'get_period_summary(). 42501 on another user''s id, 22023 where the range ends before it starts.';

CREATE FUNCTION helix.get_operation_metrics(p_user_id uuid, p_operation_id text, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (operation_id text, total_executions bigint, successful_executions bigint, failed_executions bigint,
                   success_rate numeric, total_cost_usd numeric, avg_cost_per_execution numeric,
                   max_cost_single_execution numeric, avg_latency_ms numeric, min_latency_ms integer, max_latency_ms integer,
                   p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint,
                   input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, models_used jsonb, granularity text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 1
    AS 'MODULE_PATHNAME', 'helix_get_operation_metrics';
COMMENT ON FUNCTION helix.get_operation_metrics(uuid, text, timestamptz, timestamptz) IS
    'The row of get_all_operation_metrics for one operation. No row where it did not run.';

CREATE FUNCTION helix_internal.summary_between(p_user_id uuid, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (total_operations bigint, successful_operations bigint, failed_operations bigint, success_rate numeric,
                   total_cost_usd numeric, avg_cost_per_operation numeric, avg_latency_ms numeric,
                   p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint,
                   input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
                   best_performing_model text, cheapest_model text, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        WITH by_model AS (
            SELECT a.model, pg_catalog.sum(a.executions) AS executions, pg_catalog.sum(a.successes) AS successes,
                   pg_catalog.sum(a.cost_usd) AS cost_usd, pg_catalog.sum(a.latency_count) AS latency_count,
                   pg_catalog.sum(a.latency_sum) AS latency_sum, pg_catalog.sum(a.input_tokens) AS input_tokens,
                   pg_catalog.sum(a.cached_input_tokens) AS cached_input_tokens,
                   pg_catalog.sum(a.output_tokens) AS output_tokens,
                   helix_internal.latency_sketch(a.latency_sketch, a.latency_ms) AS latency_sketch
              FROM helix_internal.usage_between(p_user_id, p_start, p_end) a
             WHERE (SELECT helix_internal.first_day(p_start, p_end)) IS NOT NULL
             GROUP BY a.model),
        total AS (
            SELECT coalesce(pg_catalog.sum(m.executions), 0)::bigint AS executions,
                   coalesce(pg_catalog.sum(m.successes), 0)::bigint AS successes,
                   coalesce(pg_catalog.sum(m.cost_usd), 0) AS cost_usd,
                   pg_catalog.sum(m.latency_sum) / nullif(pg_catalog.sum(m.latency_count), 0) AS avg_latency_ms,
                   coalesce(pg_catalog.sum(m.input_tokens), 0)::bigint AS input_tokens,
                   coalesce(pg_catalog.sum(m.cached_input_tokens), 0)::bigint AS cached_input_tokens,
                   coalesce(pg_catalog.sum(m.output_tokens), 0)::bigint AS output_tokens,
                   helix_internal.latency_sketch(m.latency_sketch, NULL) AS latency_sketch
              FROM by_model m)
        SELECT t.executions, t.successes, t.executions - t.successes,
               coalesce((100.0 * t.successes / nullif(t.executions, 0))::double precision::numeric, 100),
               pg_catalog.trim_scale(t.cost_usd), coalesce((t.cost_usd / nullif(t.executions, 0))::double precision::numeric, 0),
               t.avg_latency_ms::double precision::numeric,
               helix_internal.sketch_percentile(t.latency_sketch, 50), helix_internal.sketch_percentile(t.latency_sketch, 95),
               helix_internal.sketch_percentile(t.latency_sketch, 99),
               t.input_tokens, t.cached_input_tokens, t.output_tokens,
               (SELECT m.model FROM by_model m WHERE m.executions > 0
                 ORDER BY m.successes / m.executions DESC, m.latency_sum / nullif(m.latency_count, 0), m.model LIMIT 1),
               (SELECT m.model FROM by_model m WHERE m.executions > 0
                 ORDER BY m.cost_usd / m.executions, m.model LIMIT 1),
               (SELECT r.granularity FROM helix_internal.range_bounds(p_start, p_end) r)
          FROM total t;
    END;
COMMENT ON FUNCTION helix_internal.summary_between(uuid, timestamptz, timestamptz) IS
    'What helix.get_period_summary() returns, whoever asks';

CREATE FUNCTION helix.get_period_summary(p_user_id uuid, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (total_operations bigint, successful_operations bigint, failed_operations bigint, success_rate numeric,
                   total_cost_usd numeric, avg_cost_per_operation numeric, avg_latency_ms numeric,
                   p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint,
                   input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
                   best_performing_model text, cheapest_model text, granularity text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 1
    AS 'MODULE_PATHNAME', 'helix_get_period_summary';
COMMENT ON FUNCTION helix.get_period_summary(uuid, timestamptz, timestamptz) IS
    'One row on all that a user ran in [p_start, p_end), by occurred_at. granularity is «exact», or says to what the bounds were '
    'widened, since no finer sums are kept of their time: «minute», «quarter» (15 minutes) or «day» (by UTC). Rates and averages '
    'weigh every execution alike; success_rate is 100 where nothing ran. Cost is in USD, latency in ms. best_performing_model has '
    'the highest success '
    'rate and, among equals, the lowest mean latency. cheapest_model has the lowest mean cost. 42501 on another user''s id, 22023 '
    'where the range ends before it starts.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.first_day(timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.first_trend_date(integer)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_operation_monthly_cost(uuid, text, date)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_total_monthly_cost(uuid, date)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.calculate_success_rate(uuid, text, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_all_operation_metrics(uuid, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_operation_metrics(uuid, text, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_period_summary(uuid, timestamptz, timestamptz)');
