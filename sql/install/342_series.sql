-- Usage by local days and in steps of time, by occurred_at, in any time zone. Sums by quarter of an hour serve all of them.
CREATE FUNCTION helix_internal.usage_days(p_user_id uuid, p_first date, p_last date, p_time_zone text)
    RETURNS TABLE (date date, granularity text, operation_id text, provider text, model text, executions bigint,
                   successes bigint, cost_usd numeric, latency_count bigint, latency_sum numeric, input_tokens numeric,
                   cached_input_tokens numeric, output_tokens numeric, latency_sketch bytea, latency_ms integer,
                   relabeled boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
    BEGIN ATOMIC
        -- Where each of the days is one by UTC, days are read as far as they are closed; else as far as there are no quarters. The
        -- place of a quarter among the starts says its day: to ask the clock for each took half of the time.
        WITH d AS MATERIALIZED (
            SELECT ARRAY(SELECT helix_internal.day_start(p_time_zone, p_first + i)
                           FROM pg_catalog.generate_series(0, p_last - p_first + 1) i ORDER BY i) AS starts,
                   EXISTS (SELECT FROM pg_catalog.generate_series(p_first::timestamp, p_last + interval '1 day', interval '1 day')
                                         s (midnight)
                            WHERE helix_internal.instant_of(p_time_zone, s.midnight) <> pg_catalog.timezone('UTC', s.midnight))
                       AS differs),
        h AS MATERIALIZED (
            SELECT d.starts, d.starts[1] AS start_at, d.starts[p_last - p_first + 2] AS end_at, w.minutes_closed,
                   CASE WHEN d.differs THEN 'utc day' ELSE 'day' END AS day,
                   CASE WHEN d.differs THEN w.quarters_from ELSE w.quarters_closed END AS days_end,
                   -- The day in which quarters begin lacks some of its hours: they count in a UTC day.
                   CASE WHEN d.differs THEN helix_internal.day_start(p_time_zone, c.date + (c.at < w.quarters_from)::integer)
                        ELSE '-infinity' END AS whole_from
              FROM d, helix_internal.watermark w,
                   LATERAL (SELECT l.date, helix_internal.day_start(p_time_zone, l.date) AS at
                              FROM (SELECT helix_internal.local_time(p_time_zone, w.quarters_from)::date AS date) l) c)
        SELECT pg_catalog.timezone('UTC', a.period_start)::date, (SELECT h.day FROM h), a.operation_id, a.provider, a.model,
               a.executions, a.successes, a.cost_usd, a.latency_count, a.latency_sum, a.input_tokens, a.cached_input_tokens,
               a.output_tokens, a.latency_sketch, NULL::integer, a.date <> pg_catalog.timezone('UTC', a.period_start)::date
          FROM helix_internal.operation_execution_analytics a
         WHERE a.user_id = p_user_id AND a.period_start < (SELECT h.days_end FROM h)
           AND a.period_start >= pg_catalog.timezone('UTC', p_first::timestamp)
           AND a.period_start <= pg_catalog.timezone('UTC', p_last::timestamp)
        UNION ALL
        SELECT p_first + pg_catalog.width_bucket(q.quarter, (SELECT h.starts FROM h)) - 1,
               CASE WHEN q.quarter < (SELECT h.whole_from FROM h) THEN 'utc day' ELSE 'day' END,
               q.operation_id, q.provider, q.model,
               q.executions, q.successes, q.cost_usd, q.latency_count, q.latency_sum, q.input_tokens, q.cached_input_tokens,
               q.output_tokens, q.latency_sketch, NULL::integer, q.date <> pg_catalog.timezone('UTC', q.quarter)::date
          FROM helix_internal.usage_quarters q
         WHERE q.user_id = p_user_id AND q.quarter >= GREATEST((SELECT h.start_at FROM h), (SELECT h.days_end FROM h))
           AND q.quarter < (SELECT h.end_at FROM h)
        UNION ALL
        SELECT p_first + pg_catalog.width_bucket(m.minute, (SELECT h.starts FROM h)) - 1,
               CASE WHEN m.minute < (SELECT h.whole_from FROM h) THEN 'utc day' ELSE 'day' END,
               m.operation_id, m.provider, m.model,
               m.executions, m.successes, m.cost_usd, m.latency_count, m.latency_sum, m.input_tokens, m.cached_input_tokens,
               m.output_tokens, m.latency_sketch, NULL::integer, m.date <> pg_catalog.timezone('UTC', m.minute)::date
          FROM helix_internal.usage_minutes m
         WHERE m.user_id = p_user_id AND m.minute >= GREATEST((SELECT h.start_at FROM h), (SELECT h.minutes_closed FROM h))
           AND m.minute < (SELECT h.end_at FROM h)
        UNION ALL
        SELECT p_first + pg_catalog.width_bucket(u.span, (SELECT h.starts FROM h)) - 1,
               CASE WHEN u.span < (SELECT h.whole_from FROM h) THEN 'utc day' ELSE 'day' END, u.operation_id, u.provider, u.model,
               u.executions, u.successes, u.cost_usd, u.latency_count, u.latency_sum, u.input_tokens, u.cached_input_tokens,
               u.output_tokens, u.latency_sketch, u.latency_ms, u.date <> pg_catalog.timezone('UTC', u.span)::date
          FROM helix_internal.unfolded_usage_of(p_user_id, p_user_id) u
         WHERE u.span >= (SELECT h.start_at FROM h) AND u.span < (SELECT h.end_at FROM h);
    END;
COMMENT ON FUNCTION helix_internal.usage_days(uuid, date, date, text) IS
    'What the days of a time zone from p_first to p_last sum up from. granularity is «day»; «utc day» where the day is one by UTC '
    'all the same, or has hours of one, since no finer sums are kept of that time. relabeled: the caller''s date is not the UTC '
    'day of occurred_at. The zone is one of checked_zone().';

CREATE FUNCTION helix_internal.trend_by_date(p_user_id uuid, p_first date, p_last date)
    RETURNS TABLE (user_id uuid, date date, total_operations bigint, total_cost_usd numeric, avg_cost_per_operation numeric,
                   anthropic_cost numeric, deepseek_cost numeric, gemini_cost numeric, openai_cost numeric, avg_latency_ms numeric,
                   success_rate numeric, p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint, input_tokens bigint,
                   cached_input_tokens bigint, output_tokens bigint, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
    BEGIN ATOMIC
        SELECT p_user_id, s.date, s.executions, pg_catalog.trim_scale(s.cost_usd),
               coalesce((s.cost_usd / nullif(s.executions, 0))::double precision::numeric, 0),
               pg_catalog.trim_scale(s.anthropic_cost), pg_catalog.trim_scale(s.deepseek_cost),
               pg_catalog.trim_scale(s.gemini_cost), pg_catalog.trim_scale(s.openai_cost),
               (s.latency_sum / nullif(s.latency_count, 0))::double precision::numeric,
               coalesce((100.0 * s.successes / nullif(s.executions, 0))::double precision::numeric, 100),
               helix_internal.sketch_percentile(s.latency_sketch, 50), helix_internal.sketch_percentile(s.latency_sketch, 95),
               helix_internal.sketch_percentile(s.latency_sketch, 99),
               s.input_tokens, s.cached_input_tokens, s.output_tokens, 'day'
          FROM (SELECT t.date, pg_catalog.sum(t.total_operations)::bigint AS executions, pg_catalog.sum(t.successes) AS successes,
                       pg_catalog.sum(t.total_cost_usd) AS cost_usd, pg_catalog.sum(t.anthropic_cost) AS anthropic_cost,
                       pg_catalog.sum(t.deepseek_cost) AS deepseek_cost, pg_catalog.sum(t.gemini_cost) AS gemini_cost,
                       pg_catalog.sum(t.openai_cost) AS openai_cost, pg_catalog.sum(t.latency_count) AS latency_count,
                       pg_catalog.sum(t.latency_sum) AS latency_sum, pg_catalog.sum(t.input_tokens)::bigint AS input_tokens,
                       pg_catalog.sum(t.cached_input_tokens)::bigint AS cached_input_tokens,
                       pg_catalog.sum(t.output_tokens)::bigint AS output_tokens,
                       helix_internal.latency_sketch(t.latency_sketch, t.latency_ms) AS latency_sketch
                  FROM helix_internal.trend_entries_of(p_user_id) t
                 WHERE t.date BETWEEN p_first AND p_last
                 GROUP BY t.date) s
         ORDER BY 2;
    END;
COMMENT ON FUNCTION helix_internal.trend_by_date(uuid, date, date) IS 'What helix.get_cost_trends() returns by UTC, whoever asks';

CREATE FUNCTION helix_internal.trend_by_clock(p_user_id uuid, p_first date, p_last date, p_time_zone text)
    RETURNS TABLE (user_id uuid, date date, total_operations bigint, total_cost_usd numeric, avg_cost_per_operation numeric,
                   anthropic_cost numeric, deepseek_cost numeric, gemini_cost numeric, openai_cost numeric, avg_latency_ms numeric,
                   success_rate numeric, p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint, input_tokens bigint,
                   cached_input_tokens bigint, output_tokens bigint, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
    BEGIN ATOMIC
        SELECT p_user_id, s.date, s.executions, pg_catalog.trim_scale(s.cost_usd),
               coalesce((s.cost_usd / nullif(s.executions, 0))::double precision::numeric, 0),
               pg_catalog.trim_scale(s.anthropic_cost), pg_catalog.trim_scale(s.deepseek_cost),
               pg_catalog.trim_scale(s.gemini_cost), pg_catalog.trim_scale(s.openai_cost),
               (s.latency_sum / nullif(s.latency_count, 0))::double precision::numeric,
               coalesce((100.0 * s.successes / nullif(s.executions, 0))::double precision::numeric, 100),
               helix_internal.sketch_percentile(s.latency_sketch, 50), helix_internal.sketch_percentile(s.latency_sketch, 95),
               helix_internal.sketch_percentile(s.latency_sketch, 99),
               s.input_tokens, s.cached_input_tokens, s.output_tokens, s.granularity
          FROM (SELECT d.date, pg_catalog.max(d.granularity) AS granularity, pg_catalog.sum(d.executions)::bigint AS executions,
                       pg_catalog.sum(d.successes) AS successes, pg_catalog.sum(d.cost_usd) AS cost_usd,
                       coalesce(pg_catalog.sum(d.cost_usd) FILTER (WHERE d.provider = 'anthropic'), 0) AS anthropic_cost,
                       coalesce(pg_catalog.sum(d.cost_usd) FILTER (WHERE d.provider = 'deepseek'), 0) AS deepseek_cost,
                       coalesce(pg_catalog.sum(d.cost_usd) FILTER (WHERE d.provider = 'gemini'), 0) AS gemini_cost,
                       coalesce(pg_catalog.sum(d.cost_usd) FILTER (WHERE d.provider = 'openai'), 0) AS openai_cost,
                       pg_catalog.sum(d.latency_count) AS latency_count, pg_catalog.sum(d.latency_sum) AS latency_sum,
                       pg_catalog.sum(d.input_tokens)::bigint AS input_tokens,
                       pg_catalog.sum(d.cached_input_tokens)::bigint AS cached_input_tokens,
                       pg_catalog.sum(d.output_tokens)::bigint AS output_tokens,
                       helix_internal.latency_sketch(d.latency_sketch, d.latency_ms) AS latency_sketch
                  FROM helix_internal.usage_days(p_user_id, p_first, p_last, p_time_zone) d
                 GROUP BY d.date) s
         ORDER BY 2;
    END;
COMMENT ON FUNCTION helix_internal.trend_by_clock(uuid, date, date, text) IS
    'What helix.get_cost_trends() returns by any other time zone of checked_zone(), whoever asks';

CREATE FUNCTION helix.get_cost_trends(p_user_id uuid, p_days integer DEFAULT 30, p_time_zone text DEFAULT 'UTC')
    RETURNS TABLE (user_id uuid, date date, total_operations bigint, total_cost_usd numeric, avg_cost_per_operation numeric,
                   anthropic_cost numeric, deepseek_cost numeric, gemini_cost numeric, openai_cost numeric, avg_latency_ms numeric,
                   success_rate numeric, p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint, input_tokens bigint,
                   cached_input_tokens bigint, output_tokens bigint, granularity text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 30
    AS 'MODULE_PATHNAME', 'helix_get_cost_trends';
COMMENT ON FUNCTION helix.get_cost_trends(uuid, integer, text) IS
    'Rows of a user for the last p_days days, today included, oldest first. By UTC they are those of helix.cost_trends, by date. '
    'In any other time zone days are those of its clock, by occurred_at. Days without executions have no row. granularity is '
    '«day»; «utc day» where the day is one by UTC all the same, since no finer sums are kept of that time. 42501 on another '
    'user''s id, 22023 where p_days is not 1 to 36,500, or on an unknown zone.';

CREATE FUNCTION helix_internal.step_count(p_start timestamptz, p_end timestamptz, p_step interval, p_group_by text)
    RETURNS integer LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_step_count';
COMMENT ON FUNCTION helix_internal.step_count(timestamptz, timestamptz, interval, text) IS
    'How many steps at most lie between the bounds. 22004 on null. 22023: p_end is not after p_start, a bound or the step is not '
    'whole minutes, the step is not positive, there are more than 10,000, or p_group_by is none of the words.';

CREATE FUNCTION helix_internal.usage_steps(p_start timestamptz, p_end timestamptz, p_step interval, p_time_zone text,
                                           p_group_by text)
    RETURNS TABLE (start_at timestamptz, end_at timestamptz) LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        WITH bounds AS (
            SELECT n.number,
                   CASE WHEN n.number = 0 THEN p_start -- the clock may show it a second time
                        WHEN EXTRACT(day FROM p_step) = 0 AND EXTRACT(month FROM p_step) = 0
                             AND EXTRACT(year FROM p_step) = 0
                        THEN p_start + n.number * p_step
                        ELSE helix_internal.first_instant_of(
                                 p_time_zone, helix_internal.local_time(p_time_zone, p_start) + n.number * p_step) END AS at
              FROM pg_catalog.generate_series(
                       0, (SELECT helix_internal.step_count(p_start, p_end, p_step, p_group_by))) n (number))
        SELECT s.at, LEAST(s.next, p_end)
          FROM (SELECT b.at, pg_catalog.lead(b.at) OVER (ORDER BY b.number) AS next FROM bounds b) s
         WHERE s.at < p_end AND s.at < s.next; -- a zone may leave out a day
    END;
COMMENT ON FUNCTION helix_internal.usage_steps(timestamptz, timestamptz, interval, text, text) IS
    'The steps from p_start to before p_end. Those of hours and minutes have one length, those of days and months follow the '
    'clock of the time zone: where it shows a time twice, they begin with the first. The last one ends at p_end.';

CREATE FUNCTION helix_internal.series_between(
    p_first_user uuid, p_last_user uuid, p_start timestamptz, p_end timestamptz, p_step interval, p_time_zone text,
    p_group_by text)
    RETURNS TABLE (start_at timestamptz, end_at timestamptz, group_key text, executions bigint, successes bigint, failures bigint,
                   success_rate numeric, cost_usd numeric, avg_latency_ms numeric, p50_latency_ms bigint, p95_latency_ms bigint,
                   p99_latency_ms bigint, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        WITH steps AS MATERIALIZED (
            SELECT s.start_at, s.end_at, pg_catalog.row_number() OVER (ORDER BY s.start_at)::integer AS number
              FROM helix_internal.usage_steps(p_start, p_end, p_step, p_time_zone, p_group_by) s),
        range AS MATERIALIZED (
            SELECT pg_catalog.array_agg(s.start_at ORDER BY s.number) AS starts,
                   pg_catalog.bool_and(s.start_at = pg_catalog.date_bin('15 minutes', s.start_at, '2000-01-01 00:00:00+00'))
                   AND p_end = pg_catalog.date_bin('15 minutes', p_end, '2000-01-01 00:00:00+00') AS of_quarters
              FROM steps s),
        -- Quarters are read until quarters_end, minutes from minutes_start on: where minutes are asked for, as far back as they go.
        h AS MATERIALIZED (
            SELECT r.*, w.quarters_from,
                   CASE WHEN NOT r.of_quarters AND c.at <= w.minutes_closed THEN c.at ELSE w.minutes_closed END AS minutes_start,
                   CASE WHEN NOT r.of_quarters AND c.at <= w.minutes_closed THEN c.at ELSE 'infinity' END AS quarters_end
              FROM range r, helix_internal.watermark w,
                   LATERAL (SELECT CASE WHEN pg_catalog.isfinite(w.minutes_from)
                                        THEN pg_catalog.date_bin('15 minutes', w.minutes_from + interval '899999999 microseconds',
                                                                 '2000-01-01 00:00:00+00')
                                        ELSE w.minutes_from END AS at) c),
        entries AS (
            SELECT a.period_start AS span, a.operation_id, a.provider, a.model, a.executions, a.successes, a.cost_usd,
                   a.latency_count, a.latency_sum, a.input_tokens, a.cached_input_tokens, a.output_tokens, a.latency_sketch,
                   NULL::integer AS latency_ms
              FROM helix_internal.operation_execution_analytics a
             WHERE a.user_id BETWEEN p_first_user AND p_last_user
               AND a.period_start >= p_start AND a.period_start < p_end AND a.period_start < (SELECT h.quarters_from FROM h)
            UNION ALL
            SELECT q.quarter, q.operation_id, q.provider, q.model, q.executions, q.successes, q.cost_usd, q.latency_count,
                   q.latency_sum, q.input_tokens, q.cached_input_tokens, q.output_tokens, q.latency_sketch, NULL::integer
              FROM helix_internal.usage_quarters q
             WHERE q.user_id BETWEEN p_first_user AND p_last_user
               AND q.quarter >= GREATEST(p_start, (SELECT h.quarters_from FROM h))
               AND q.quarter < LEAST(p_end, (SELECT h.quarters_end FROM h))
            UNION ALL
            SELECT m.minute, m.operation_id, m.provider, m.model, m.executions, m.successes, m.cost_usd, m.latency_count,
                   m.latency_sum, m.input_tokens, m.cached_input_tokens, m.output_tokens, m.latency_sketch, NULL::integer
              FROM helix_internal.usage_minutes m
             WHERE m.user_id BETWEEN p_first_user AND p_last_user
               AND m.minute >= GREATEST(p_start, (SELECT h.minutes_start FROM h)) AND m.minute < p_end
            UNION ALL
            SELECT u.span, u.operation_id, u.provider, u.model, u.executions, u.successes, u.cost_usd, u.latency_count,
                   u.latency_sum, u.input_tokens, u.cached_input_tokens, u.output_tokens, u.latency_sketch, u.latency_ms
              FROM helix_internal.unfolded_usage_of(p_first_user, p_last_user) u
             WHERE u.span >= p_start AND u.span < p_end),
        sums AS MATERIALIZED (
            SELECT pg_catalog.width_bucket(e.span, (SELECT h.starts FROM h)) AS number,
                   CASE p_group_by WHEN 'operation' THEN e.operation_id WHEN 'provider' THEN e.provider
                                   WHEN 'model' THEN e.model END AS group_key,
                   pg_catalog.sum(e.executions)::bigint AS executions, pg_catalog.sum(e.successes)::bigint AS successes,
                   pg_catalog.sum(e.cost_usd) AS cost_usd, pg_catalog.sum(e.latency_count) AS latency_count,
                   pg_catalog.sum(e.latency_sum) AS latency_sum, pg_catalog.sum(e.input_tokens)::bigint AS input_tokens,
                   pg_catalog.sum(e.cached_input_tokens)::bigint AS cached_input_tokens,
                   pg_catalog.sum(e.output_tokens)::bigint AS output_tokens,
                   helix_internal.latency_sketch(e.latency_sketch, e.latency_ms) AS latency_sketch
              FROM entries e
             GROUP BY 1, 2)
        SELECT t.start_at, t.end_at, s.group_key, coalesce(s.executions, 0), coalesce(s.successes, 0),
               coalesce(s.executions - s.successes, 0),
               (100.0 * s.successes / nullif(s.executions, 0))::double precision::numeric,
               coalesce(pg_catalog.trim_scale(s.cost_usd), 0),
               (s.latency_sum / nullif(s.latency_count, 0))::double precision::numeric,
               helix_internal.sketch_percentile(s.latency_sketch, 50), helix_internal.sketch_percentile(s.latency_sketch, 95),
               helix_internal.sketch_percentile(s.latency_sketch, 99),
               coalesce(s.input_tokens, 0), coalesce(s.cached_input_tokens, 0), coalesce(s.output_tokens, 0),
               CASE WHEN t.start_at < h.quarters_from
                         AND (t.start_at, t.end_at) <> (pg_catalog.date_trunc('day', t.start_at, 'UTC'),
                                                        pg_catalog.date_trunc('day', t.end_at, 'UTC')) THEN 'day'
                    WHEN t.start_at < h.minutes_start
                         AND (t.start_at, t.end_at) <> (pg_catalog.date_bin('15 minutes', t.start_at, '2000-01-01 00:00:00+00'),
                                                        pg_catalog.date_bin('15 minutes', t.end_at, '2000-01-01 00:00:00+00'))
                        THEN 'quarter'
                    ELSE 'exact' END
          FROM h, steps t
          LEFT JOIN sums s ON s.number = t.number
         WHERE s.number IS NOT NULL OR p_group_by IS NULL
         ORDER BY t.start_at, s.group_key;
    END;
COMMENT ON FUNCTION helix_internal.series_between(uuid, uuid, timestamptz, timestamptz, interval, text, text) IS
    'What helix.get_usage_series() returns of a range of users, whoever asks. The time zone is one of checked_zone().';

CREATE FUNCTION helix.get_usage_series(
    p_user_id uuid, p_start timestamptz, p_end timestamptz, p_step interval, p_time_zone text DEFAULT 'UTC',
    p_group_by text DEFAULT NULL)
    RETURNS TABLE (start_at timestamptz, end_at timestamptz, group_key text, executions bigint, successes bigint, failures bigint,
                   success_rate numeric, cost_usd numeric, avg_latency_ms numeric, p50_latency_ms bigint, p95_latency_ms bigint,
                   p99_latency_ms bigint, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, granularity text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100
    AS 'MODULE_PATHNAME', 'helix_get_usage_series';
COMMENT ON FUNCTION helix.get_usage_series(uuid, timestamptz, timestamptz, interval, text, text) IS
    'A row for each step from p_start to before p_end, by occurred_at. Steps of hours and minutes have one length; those of days '
    'and months follow the clock of p_time_zone. p_group_by: null, operation, provider or model; grouped, steps without executions '
    'have no row. A null user means all that the caller may see, for service roles. Cost is in USD, latency in ms, the rate '
    'percent 0-100, null where nothing ran. granularity: «exact»; «quarter» or «day» where only sums of these are kept, which '
    'count in the step that they begin in. 42501 another user''s id. 22004 null. 22023: the range is empty, bounds or step are '
    'not whole minutes, more than 10,000 steps, an unknown zone or p_group_by.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_cost_trends(uuid, integer, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.usage_days(uuid, date, date, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_usage_series(uuid, timestamptz, timestamptz, interval, text, text)');
