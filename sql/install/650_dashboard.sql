-- All that the dashboard shows, by one statement and so in one snapshot. Bodies are parsed here, so no search_path matters.
CREATE FUNCTION helix_internal.dashboard_days(p_days integer, p_time_zone text)
    RETURNS TABLE (time_zone text, previous_start date, start_date date, end_date date)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT d.time_zone, d.end_date - 2 * d.length + 1, d.end_date - d.length + 1, d.end_date
          FROM (SELECT z.name AS time_zone, helix_internal.local_time(z.name, pg_catalog.now())::date AS end_date,
                       pg_catalog.timezone('UTC', pg_catalog.now())::date - helix_internal.first_trend_date(p_days) + 1 AS length
                  FROM (SELECT helix_internal.checked_zone(p_time_zone) AS name OFFSET 0) z) d;
    END;
COMMENT ON FUNCTION helix_internal.dashboard_days(integer, text) IS
    'The p_days days of a time zone that end today, and the start of as many before them';

CREATE FUNCTION helix_internal.dashboard_figures(
    p_executions numeric, p_successes numeric, p_cost_usd numeric, p_latency_sum numeric, p_latency_count numeric, p_sketch bytea)
    RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
    RETURN pg_catalog.jsonb_build_object(
        'executions', coalesce(p_executions, 0),
        'successes', coalesce(p_successes, 0),
        'failures', coalesce(p_executions - p_successes, 0),
        'success_rate', (100.0 * p_successes / nullif(p_executions, 0))::double precision::numeric,
        'cost_usd', coalesce(pg_catalog.trim_scale(p_cost_usd), 0)::text,
        'avg_cost_usd', (p_cost_usd / nullif(p_executions, 0))::double precision::numeric::text,
        'avg_latency_ms', (p_latency_sum / nullif(p_latency_count, 0))::double precision::numeric,
        'p50_latency_ms', helix_internal.sketch_percentile(p_sketch, 50),
        'p95_latency_ms', helix_internal.sketch_percentile(p_sketch, 95),
        'p99_latency_ms', helix_internal.sketch_percentile(p_sketch, 99));
COMMENT ON FUNCTION helix_internal.dashboard_figures(numeric, numeric, numeric, numeric, numeric, bytea) IS
    'What the dashboard says of some executions. Costs are USD as text, latencies ms, the rate is percent 0-100. Rate, averages '
    'and percentiles are null where there is nothing to take them from.';

CREATE FUNCTION helix_internal.checked_filter(
    p_operation_id text, p_model text, p_provider text, p_dimension_key text, p_dimension_value text) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_checked_filter';
COMMENT ON FUNCTION helix_internal.checked_filter(text, text, text, text, text) IS
    'True. 22023: a dimension''s value without its key, or together with an operation, a model or a provider.';

CREATE FUNCTION helix_internal.dashboard_budgets(p_user_id uuid) RETURNS jsonb LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'budget_id', b.budget_id, 'scope', b.scope, 'operation_id', b.operation_id, 'group_name', b.group_name,
                   'dimension_key', b.dimension_key, 'dimension_value', b.dimension_value,
                   'period', b.period, 'time_zone', b.time_zone, 'hard', b.hard, 'warn_percent', b.warn_percent,
                   'period_start', b.period_start, 'period_end', b.period_end, 'limit_usd', b.limit_usd::text,
                   'spent_usd', b.spent_usd::text, 'reserved_usd', b.reserved_usd::text, 'remaining_usd', b.remaining_usd::text,
                   'percent_used', b.percent_used, 'level', b.level, 'resets_at', b.resets_at) ORDER BY b.ordinality), '[]')
          FROM helix.budget_status(p_user_id) WITH ORDINALITY b;
    END;
COMMENT ON FUNCTION helix_internal.dashboard_budgets(uuid) IS 'The rows of budget_status() as the dashboard has them: USD as text';

CREATE FUNCTION helix_internal.dashboard_unpriced(
    p_user_id uuid, p_start timestamptz, p_end timestamptz, p_operation_id text, p_model text, p_provider text)
    RETURNS jsonb LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'provider', u.provider, 'model', u.model, 'service_tier', u.service_tier, 'executions', u.executions,
                   'input_tokens', u.input_tokens, 'output_tokens', u.output_tokens)
                   ORDER BY u.executions DESC, u.provider, u.model, u.service_tier), '[]')
          FROM (SELECT e.provider, e.model, coalesce(e.service_tier, 'standard') AS service_tier,
                       pg_catalog.count(*) AS executions, coalesce(pg_catalog.sum(e.input_tokens), 0) AS input_tokens,
                       coalesce(pg_catalog.sum(e.output_tokens), 0) AS output_tokens
                  FROM helix_internal.standing_usage e
                 WHERE e.pricing = 'u' AND e.user_id = p_user_id AND e.occurred_at >= p_start AND e.occurred_at < p_end
                   AND (p_operation_id IS NULL OR e.operation_id = p_operation_id)
                   AND (p_model IS NULL OR e.model = p_model) AND (p_provider IS NULL OR e.provider = p_provider)
                 GROUP BY 1, 2, 3) u;
    END;
COMMENT ON FUNCTION helix_internal.dashboard_unpriced(uuid, timestamptz, timestamptz, text, text, text) IS
    'What of a user''s usage from p_start to before p_end has no price, by model and tier';

-- The planner takes the sums for large ones: compiling them took longer than all the rest.
CREATE FUNCTION helix.get_dashboard(
    p_user_id uuid, p_days integer DEFAULT 30, p_time_zone text DEFAULT 'UTC', p_operation_id text DEFAULT NULL,
    p_model text DEFAULT NULL, p_provider text DEFAULT NULL, p_dimension_key text DEFAULT NULL,
    p_dimension_value text DEFAULT NULL)
    RETURNS jsonb LANGUAGE sql STABLE SET jit = off
    BEGIN ATOMIC
        WITH span AS (
            SELECT d.* FROM helix_internal.dashboard_days(p_days, p_time_zone) d
             WHERE (SELECT helix_internal.checked_filter(p_operation_id, p_model, p_provider, p_dimension_key,
                                                         p_dimension_value))),
        by_value AS MATERIALIZED (
            SELECT u.* FROM span s CROSS JOIN LATERAL
                   helix_internal.dimension_usage(p_user_id, p_dimension_key, s.previous_start, s.end_date) u
             WHERE p_dimension_key IS NOT NULL),
        entries AS NOT MATERIALIZED (
            SELECT a.date, a.granularity, a.operation_id, a.provider, a.model,
                   a.date >= (SELECT s.start_date FROM span s) AS current,
                   (p_operation_id IS NULL OR a.operation_id = p_operation_id) AND (p_model IS NULL OR a.model = p_model)
                       AND (p_provider IS NULL OR a.provider = p_provider) AS matches, a.relabeled,
                   a.executions, a.successes, a.cost_usd, a.latency_sum, a.latency_count, a.latency_sketch, a.latency_ms
              FROM helix_internal.usage_days(p_user_id, (SELECT s.previous_start FROM span s), (SELECT s.end_date FROM span s),
                                             (SELECT s.time_zone FROM span s)) a
             WHERE (SELECT helix_internal.authorized_user(p_user_id)) IS NOT NULL AND p_dimension_value IS NULL
            UNION ALL
            SELECT v.day, CASE WHEN (SELECT s.time_zone FROM span s) = 'UTC' THEN 'day' ELSE 'utc day' END, NULL, NULL, NULL,
                   v.day >= (SELECT s.start_date FROM span s), true, false, v.executions, v.successes, v.cost_usd,
                   0::numeric, 0::bigint, NULL::bytea, NULL::integer
              FROM by_value v
             WHERE v.day IS NOT NULL AND v.kind = 'value' AND v.value = p_dimension_value),
        by_day AS (
            SELECT e.date - CASE WHEN e.current THEN s.start_date ELSE s.previous_start END AS number,
                   helix_internal.dashboard_figures(
                       pg_catalog.sum(e.executions) FILTER (WHERE e.current), pg_catalog.sum(e.successes) FILTER (WHERE e.current),
                       pg_catalog.sum(e.cost_usd) FILTER (WHERE e.current), pg_catalog.sum(e.latency_sum) FILTER (WHERE e.current),
                       pg_catalog.sum(e.latency_count) FILTER (WHERE e.current),
                       helix_internal.latency_sketch(e.latency_sketch, e.latency_ms) FILTER (WHERE e.current))
                   || pg_catalog.jsonb_build_object('previous_cost_usd', coalesce(pg_catalog.trim_scale(
                          pg_catalog.sum(e.cost_usd) FILTER (WHERE NOT e.current)), 0)::text) AS figures
              FROM entries e CROSS JOIN span s
             WHERE e.matches
             GROUP BY 1),
        -- Each sketch is merged once here. The few that this leaves are merged again for operations, models and totals.
        parts AS (
            SELECT e.current, e.matches, e.operation_id, e.provider, e.model, pg_catalog.max(e.granularity) AS granularity,
                   pg_catalog.sum(e.executions) AS executions,
                   pg_catalog.sum(e.successes) AS successes, pg_catalog.sum(e.cost_usd) AS cost_usd,
                   pg_catalog.sum(e.latency_sum) AS latency_sum, pg_catalog.sum(e.latency_count) AS latency_count,
                   helix_internal.latency_sketch(e.latency_sketch, e.latency_ms) AS latency_sketch,
                   pg_catalog.sum(e.executions) FILTER (WHERE e.relabeled) AS relabeled_executions,
                   pg_catalog.sum(e.cost_usd) FILTER (WHERE e.relabeled) AS relabeled_usd
              FROM entries e
             GROUP BY e.current, e.matches, e.operation_id, e.provider, e.model),
        sums AS (
            SELECT p.operation_id, p.provider, p.model, coalesce(pg_catalog.bool_or(p.current), false) AS current,
                   CASE grouping(p.operation_id, p.provider, p.model)
                       WHEN 7 THEN 'total' WHEN 3 THEN 'operation' WHEN 5 THEN 'provider' ELSE 'model' END AS kind,
                   pg_catalog.sum(p.cost_usd) FILTER (WHERE p.current) AS cost_usd,
                   helix_internal.dashboard_figures(
                       pg_catalog.sum(p.executions) FILTER (WHERE p.current), pg_catalog.sum(p.successes) FILTER (WHERE p.current),
                       pg_catalog.sum(p.cost_usd) FILTER (WHERE p.current), pg_catalog.sum(p.latency_sum) FILTER (WHERE p.current),
                       pg_catalog.sum(p.latency_count) FILTER (WHERE p.current),
                       helix_internal.latency_sketch(p.latency_sketch, NULL) FILTER (WHERE p.current)) AS figures,
                   helix_internal.dashboard_figures(
                       pg_catalog.sum(p.executions) FILTER (WHERE NOT p.current),
                       pg_catalog.sum(p.successes) FILTER (WHERE NOT p.current),
                       pg_catalog.sum(p.cost_usd) FILTER (WHERE NOT p.current),
                       pg_catalog.sum(p.latency_sum) FILTER (WHERE NOT p.current),
                       pg_catalog.sum(p.latency_count) FILTER (WHERE NOT p.current),
                       helix_internal.latency_sketch(p.latency_sketch, NULL) FILTER (WHERE NOT p.current)) AS previous,
                   pg_catalog.jsonb_build_object(
                       'executions', coalesce(pg_catalog.sum(p.relabeled_executions) FILTER (WHERE p.current), 0),
                       'cost_usd', coalesce(pg_catalog.trim_scale(
                           pg_catalog.sum(p.relabeled_usd) FILTER (WHERE p.current)), 0)::text) AS relabeled
              FROM parts p
             WHERE p.matches
             GROUP BY GROUPING SETS ((), (p.operation_id), (p.provider), (p.provider, p.model))),
        total AS (SELECT t.figures, t.previous, t.relabeled FROM sums t WHERE t.kind = 'total'),
        listed AS (
            SELECT t.kind, t.operation_id, t.provider, t.model, t.cost_usd, t.figures || pg_catalog.jsonb_build_object(
                       'previous_cost_usd', t.previous -> 'cost_usd', 'previous_executions', t.previous -> 'executions') AS figures
              FROM sums t
             WHERE t.kind <> 'total' AND t.current AND p_dimension_value IS NULL),
        nothing AS (
            SELECT helix_internal.dashboard_figures(NULL, NULL, NULL, NULL, NULL, NULL)
                   || pg_catalog.jsonb_build_object('previous_cost_usd', '0') AS figures)
        SELECT pg_catalog.jsonb_build_object(
                   'user_id', helix_internal.authorized_user(p_user_id), 'as_of', pg_catalog.now(), 'days', p_days,
                   'time_zone', s.time_zone,
                   'filter', pg_catalog.jsonb_build_object(
                       'operation_id', p_operation_id, 'model', p_model, 'provider', p_provider,
                       'dimension_key', p_dimension_key, 'dimension_value', p_dimension_value),
                   'granularity', coalesce((SELECT pg_catalog.max(p.granularity) FROM parts p), 'day'),
                   'start_date', s.start_date, 'end_date', s.end_date,
                   'totals', o.figures, 'relabeled', o.relabeled,
                   'previous', pg_catalog.jsonb_build_object('start_date', s.previous_start, 'end_date', s.start_date - 1)
                               || o.previous,
                   'trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('date', s.start_date + d.number)
                                                         || coalesce(t.figures, n.figures) ORDER BY d.number)
                               FROM pg_catalog.generate_series(0, s.end_date - s.start_date) d (number)
                               LEFT JOIN by_day t ON t.number = d.number),
                   'operations', (SELECT coalesce(pg_catalog.jsonb_agg(
                                             pg_catalog.jsonb_build_object('operation_id', t.operation_id) || t.figures
                                             ORDER BY t.cost_usd DESC, t.operation_id), '[]')
                                    FROM listed t WHERE t.kind = 'operation'),
                   'providers', (SELECT coalesce(pg_catalog.jsonb_agg(
                                            pg_catalog.jsonb_build_object('provider', t.provider) || t.figures
                                            ORDER BY t.cost_usd DESC, t.provider), '[]')
                                   FROM listed t WHERE t.kind = 'provider'),
                   'models', (SELECT coalesce(pg_catalog.jsonb_agg(
                                         pg_catalog.jsonb_build_object('provider', t.provider, 'model', t.model) || t.figures
                                         ORDER BY t.cost_usd DESC, t.provider, t.model), '[]')
                                FROM listed t WHERE t.kind = 'model'),
                   'choices', (SELECT pg_catalog.jsonb_build_object(
                                          'operations', coalesce(pg_catalog.jsonb_agg(DISTINCT p.operation_id)
                                                                     FILTER (WHERE p.operation_id IS NOT NULL), '[]'),
                                          'models', coalesce(pg_catalog.jsonb_agg(DISTINCT p.model)
                                                                 FILTER (WHERE p.model IS NOT NULL), '[]'),
                                          'providers', coalesce(pg_catalog.jsonb_agg(DISTINCT p.provider)
                                                                    FILTER (WHERE p.provider IS NOT NULL), '[]'),
                                          'dimensions', helix_internal.dimension_keys())
                                 FROM parts p),
                   'dimension', (SELECT pg_catalog.jsonb_build_object(
                                            'key', p_dimension_key, 'counted_since', pg_catalog.max(v.counted_since),
                                            'values', coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                'value', v.value, 'kind', v.kind, 'executions', v.executions,
                                                'successes', v.successes,
                                                'cost_usd', pg_catalog.trim_scale(v.cost_usd)::text)
                                                ORDER BY v.cost_usd DESC, v.kind, v.value) FILTER (WHERE v.kind IS NOT NULL), '[]'))
                                   FROM (SELECT w.value, w.kind, pg_catalog.max(w.counted_since) AS counted_since,
                                                pg_catalog.sum(w.executions) AS executions,
                                                pg_catalog.sum(w.successes) AS successes, pg_catalog.sum(w.cost_usd) AS cost_usd
                                           FROM by_value w WHERE w.day >= s.start_date OR w.day IS NULL
                                          GROUP BY 1, 2) v
                                 HAVING p_dimension_key IS NOT NULL),
                   'unpriced', helix_internal.dashboard_unpriced(
                                   p_user_id, helix_internal.instant_of(s.time_zone, s.start_date::timestamp),
                                   helix_internal.instant_of(s.time_zone, s.end_date + interval '1 day'),
                                   p_operation_id, p_model, p_provider),
                   'budgets', helix_internal.dashboard_budgets(p_user_id))
          FROM span s, nothing n, total o;
    END;
COMMENT ON FUNCTION helix.get_dashboard(uuid, integer, text, text, text, text, text, text) IS
    'All that the dashboard shows of a user, in one snapshot: totals of the last p_days days, today included, and of as many days '
    'before them (previous); a row for each day (trend), operation, provider and model; what is labeled with another date '
    '(relabeled), what has no price (unpriced), budgets, and the values of p_dimension_key (dimension). Null in p_operation_id, '
    'p_model, p_provider or p_dimension_value: all. choices: what these may be. With p_dimension_value days are by UTC, and there '
    'are no latencies, operations, providers and models. Costs are USD as text, latencies ms, rates percent 0-100; null where '
    'nothing ran. granularity: «day»: days are those of p_time_zone, by occurred_at; «utc day»: some are days by UTC, since no '
    'finer sums are kept of their time. 42501 another user''s id. 22004 null. 22023: an unknown zone, p_days not 1 to 36,500, or '
    'what checked_filter() refuses. 42704: p_dimension_key is not counted.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_days(integer, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_figures(numeric, numeric, numeric, numeric, numeric, bytea)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.checked_filter(text, text, text, text, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_budgets(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_unpriced(uuid, timestamptz, timestamptz, text, text, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_dashboard(uuid, integer, text, text, text, text, text, text)');
