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

CREATE FUNCTION helix.get_dashboard(p_user_id uuid, p_days integer DEFAULT 30, p_time_zone text DEFAULT 'UTC')
    RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH span AS (SELECT d.* FROM helix_internal.dashboard_days(p_days, p_time_zone) d),
        entries AS NOT MATERIALIZED (
            SELECT a.date, a.granularity, a.operation_id, a.provider, a.model,
                   a.date >= (SELECT s.start_date FROM span s) AS current,
                   a.executions, a.successes, a.cost_usd, a.latency_sum, a.latency_count, a.latency_sketch, a.latency_ms
              FROM helix_internal.usage_days(p_user_id, (SELECT s.previous_start FROM span s), (SELECT s.end_date FROM span s),
                                             (SELECT s.time_zone FROM span s)) a
             WHERE (SELECT helix_internal.authorized_user(p_user_id)) IS NOT NULL),
        by_day AS (
            SELECT e.date, helix_internal.dashboard_figures(
                       pg_catalog.sum(e.executions), pg_catalog.sum(e.successes), pg_catalog.sum(e.cost_usd),
                       pg_catalog.sum(e.latency_sum), pg_catalog.sum(e.latency_count),
                       helix_internal.latency_sketch(e.latency_sketch, e.latency_ms)) AS figures
              FROM entries e
             WHERE e.current
             GROUP BY e.date),
        -- Each sketch is merged once here. The few that this leaves are merged again for operations, models and totals.
        parts AS (
            SELECT e.current, e.operation_id, e.provider, e.model, pg_catalog.max(e.granularity) AS granularity,
                   pg_catalog.sum(e.executions) AS executions,
                   pg_catalog.sum(e.successes) AS successes, pg_catalog.sum(e.cost_usd) AS cost_usd,
                   pg_catalog.sum(e.latency_sum) AS latency_sum, pg_catalog.sum(e.latency_count) AS latency_count,
                   helix_internal.latency_sketch(e.latency_sketch, e.latency_ms) AS latency_sketch
              FROM entries e
             GROUP BY e.current, e.operation_id, e.provider, e.model),
        sums AS (
            SELECT p.current, p.operation_id, p.provider, p.model,
                   CASE grouping(p.operation_id, p.model) WHEN 3 THEN 'total' WHEN 1 THEN 'operation' ELSE 'model' END AS kind,
                   pg_catalog.sum(p.cost_usd) AS cost_usd,
                   helix_internal.dashboard_figures(
                       pg_catalog.sum(p.executions), pg_catalog.sum(p.successes), pg_catalog.sum(p.cost_usd),
                       pg_catalog.sum(p.latency_sum), pg_catalog.sum(p.latency_count),
                       helix_internal.latency_sketch(p.latency_sketch, NULL)) AS figures
              FROM parts p
             GROUP BY GROUPING SETS ((p.current), (p.current, p.operation_id), (p.current, p.provider, p.model))),
        nothing AS (SELECT helix_internal.dashboard_figures(NULL, NULL, NULL, NULL, NULL, NULL) AS figures)
        SELECT pg_catalog.jsonb_build_object(
                   'user_id', helix_internal.authorized_user(p_user_id), 'as_of', pg_catalog.now(), 'days', p_days,
                   'time_zone', s.time_zone,
                   'granularity', coalesce((SELECT pg_catalog.max(p.granularity) FROM parts p), 'day'),
                   'start_date', s.start_date, 'end_date', s.end_date,
                   'totals', coalesce((SELECT t.figures FROM sums t WHERE t.kind = 'total' AND t.current), n.figures),
                   'previous', pg_catalog.jsonb_build_object('start_date', s.previous_start, 'end_date', s.start_date - 1)
                               || coalesce((SELECT t.figures FROM sums t WHERE t.kind = 'total' AND NOT t.current), n.figures),
                   'trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('date', s.start_date + d.number)
                                                         || coalesce(t.figures, n.figures) ORDER BY d.number)
                               FROM pg_catalog.generate_series(0, s.end_date - s.start_date) d (number)
                               LEFT JOIN by_day t ON t.date = s.start_date + d.number),
                   'operations', (SELECT coalesce(pg_catalog.jsonb_agg(
                                             pg_catalog.jsonb_build_object('operation_id', t.operation_id) || t.figures
                                             ORDER BY t.cost_usd DESC, t.operation_id), '[]')
                                    FROM sums t WHERE t.kind = 'operation' AND t.current),
                   'models', (SELECT coalesce(pg_catalog.jsonb_agg(
                                         pg_catalog.jsonb_build_object('provider', t.provider, 'model', t.model) || t.figures
                                         ORDER BY t.cost_usd DESC, t.provider, t.model), '[]')
                                FROM sums t WHERE t.kind = 'model' AND t.current))
          FROM span s, nothing n;
    END;
COMMENT ON FUNCTION helix.get_dashboard(uuid, integer, text) IS
    'All that the dashboard shows of a user, in one snapshot: totals of the last p_days days, today included, and of as many days '
    'before them (previous); a row for each day (trend), each operation and each model. Costs are USD as text, latencies ms, '
    'rates percent 0-100; null where nothing ran. granularity: «day»: days are those of p_time_zone, by occurred_at; '
    '«utc day»: some are days by UTC, since no finer sums are kept of their time. 42501 on another user''s id, 22004 on null, '
    '22023 on an unknown zone and where p_days is not 1 to 36,500.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_days(integer, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dashboard_figures(numeric, numeric, numeric, numeric, numeric, bytea)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_dashboard(uuid, integer, text)');
