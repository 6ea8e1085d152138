-- Time zones, and what lies in a range of time by occurred_at: whole days from the sums by day, the rest from finer levels.
CREATE FUNCTION helix_internal.local_time(p_time_zone text, p_at timestamptz) RETURNS timestamp
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_local_time';
COMMENT ON FUNCTION helix_internal.local_time(text, timestamptz) IS
    'What the clock of a stored time zone shows at p_at, whatever the session says of abbreviations. By UTC where the zone is '
    'unknown.';
CREATE FUNCTION helix_internal.instant_of(p_time_zone text, p_local timestamp) RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_instant_of';
COMMENT ON FUNCTION helix_internal.instant_of(text, timestamp) IS 'When the clock of local_time() shows p_local';

CREATE FUNCTION helix_internal.first_instant_of(p_time_zone text, p_local timestamp) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN LEAST(helix_internal.instant_of(p_time_zone, p_local),
                 helix_internal.instant_of(p_time_zone, p_local - interval '1 microsecond') + interval '1 microsecond');
COMMENT ON FUNCTION helix_internal.first_instant_of(text, timestamp) IS
    'The same; where clocks are put back to p_local and show it twice, the first time';

CREATE FUNCTION helix_internal.day_start(p_time_zone text, p_day date) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN pg_catalog.isfinite(p_day) THEN helix_internal.first_instant_of(p_time_zone, p_day::timestamp)
                ELSE p_day::timestamptz END;
COMMENT ON FUNCTION helix_internal.day_start(text, date) IS
    'When a day of a time zone begins. Clocks that are put back to midnight show it twice; the day begins with the first.';

CREATE FUNCTION helix_internal.checked_zone(p_time_zone text) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_checked_zone';
COMMENT ON FUNCTION helix_internal.checked_zone(text) IS
    'The name of a time zone as pg_timezone_names spells it. 22004 on null, 22023 on any other text.';

CREATE FUNCTION helix_internal.range_bounds(p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (start_at timestamptz, end_at timestamptz, first_quarter timestamptz, last_quarter timestamptz,
                   first_day timestamptz, last_day timestamptz, granularity text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        WITH bounds AS (
            SELECT g.number, g.bound, s.length,
                   CASE WHEN s.length IS NULL THEN g.bound ELSE pg_catalog.date_bin(s.length, g.bound, '2000-01-01 00:00:00+00') END
                       AS floor
              FROM helix_internal.watermark w
             CROSS JOIN LATERAL (
                   SELECT v.number, CASE WHEN v.bound < '1970-01-01 00:00:00+00' THEN '-infinity'
                                         WHEN v.bound >= '10000-01-01 00:00:00+00' THEN 'infinity' ELSE v.bound END AS bound
                     FROM (VALUES (1, p_start), (2, p_end)) v (number, bound)) g -- beyond these nothing is recorded
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN NOT pg_catalog.isfinite(g.bound) THEN NULL
                               WHEN pg_catalog.date_bin('15 minutes', g.bound, '2000-01-01 00:00:00+00') >= w.minutes_from
                                   THEN interval '1 minute'
                               WHEN g.bound >= w.quarters_from THEN interval '15 minutes'
                               ELSE interval '24 hours' END AS length) s),
        whole AS (
            SELECT pg_catalog.max(b.floor) FILTER (WHERE b.number = 1) AS start_at,
                   pg_catalog.max(b.floor + CASE WHEN b.floor < b.bound THEN b.length ELSE interval '0' END)
                       FILTER (WHERE b.number = 2) AS end_at,
                   pg_catalog.max(b.length) FILTER (WHERE b.floor <> b.bound) AS widened
              FROM bounds b)
        SELECT w.start_at, w.end_at,
               CASE WHEN pg_catalog.isfinite(w.start_at)
                    THEN pg_catalog.date_bin('15 minutes', w.start_at + interval '899999999 microseconds', '2000-01-01 00:00:00+00')
                    ELSE w.start_at END,
               CASE WHEN pg_catalog.isfinite(w.end_at) THEN pg_catalog.date_bin('15 minutes', w.end_at, '2000-01-01 00:00:00+00')
                    ELSE w.end_at END,
               CASE WHEN pg_catalog.isfinite(w.start_at)
                    THEN pg_catalog.date_bin('24 hours', w.start_at + interval '86399999999 microseconds',
                                             '2000-01-01 00:00:00+00')
                    ELSE w.start_at END,
               CASE WHEN pg_catalog.isfinite(w.end_at) THEN pg_catalog.date_bin('24 hours', w.end_at, '2000-01-01 00:00:00+00')
                    ELSE w.end_at END,
               CASE w.widened WHEN interval '1 minute' THEN 'minute' WHEN interval '15 minutes' THEN 'quarter'
                              WHEN interval '24 hours' THEN 'day' ELSE 'exact' END
          FROM whole w;
    END;
COMMENT ON FUNCTION helix_internal.range_bounds(timestamptz, timestamptz) IS
    'The range that the levels can tell of, and the whole quarters of an hour and UTC days in it. Bounds that lie within what is '
    'kept at that time are widened: to minutes, later to quarters of an hour, later to days. granularity says which: «exact», '
    '«minute», «quarter» or «day».';

CREATE FUNCTION helix_internal.usage_between(p_user_id uuid, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (operation_id text, provider text, model text, executions bigint, successes bigint, cost_usd numeric,
                   max_cost_usd numeric, latency_count bigint, latency_sum numeric, latency_min integer, latency_max integer,
                   input_tokens numeric, cached_input_tokens numeric, output_tokens numeric, latency_sketch bytea,
                   latency_ms integer, span timestamptz, date date)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        WITH b AS MATERIALIZED (SELECT r.* FROM helix_internal.range_bounds(p_start, p_end) r)
        SELECT a.operation_id, a.provider, a.model, a.executions, a.successes, a.cost_usd, a.max_cost_usd, a.latency_count,
               a.latency_sum, a.latency_min, a.latency_max, a.input_tokens, a.cached_input_tokens, a.output_tokens,
               a.latency_sketch, NULL::integer, a.period_start, a.date
          FROM helix_internal.operation_execution_analytics a
         WHERE a.user_id = p_user_id
           AND a.period_start >= (SELECT b.first_day FROM b) AND a.period_start < (SELECT b.last_day FROM b)
        UNION ALL
        SELECT q.operation_id, q.provider, q.model, q.executions, q.successes, q.cost_usd, q.max_cost_usd, q.latency_count,
               q.latency_sum, q.latency_min, q.latency_max, q.input_tokens, q.cached_input_tokens, q.output_tokens,
               q.latency_sketch, NULL::integer, q.quarter, q.date
          FROM helix_internal.usage_quarters q
         WHERE q.user_id = p_user_id
           AND q.quarter >= (SELECT b.first_quarter FROM b)
           AND q.quarter < LEAST((SELECT b.first_day FROM b), (SELECT b.last_quarter FROM b))
           AND q.quarter < (SELECT w.quarters_closed FROM helix_internal.watermark w)
        UNION ALL
        SELECT q.operation_id, q.provider, q.model, q.executions, q.successes, q.cost_usd, q.max_cost_usd, q.latency_count,
               q.latency_sum, q.latency_min, q.latency_max, q.input_tokens, q.cached_input_tokens, q.output_tokens,
               q.latency_sketch, NULL::integer, q.quarter, q.date
          FROM helix_internal.usage_quarters q
         WHERE q.user_id = p_user_id
           AND q.quarter >= GREATEST((SELECT b.last_day FROM b), (SELECT b.first_day FROM b), (SELECT b.first_quarter FROM b))
           AND q.quarter < (SELECT b.last_quarter FROM b)
           AND q.quarter < (SELECT w.quarters_closed FROM helix_internal.watermark w)
        UNION ALL
        SELECT q.operation_id, q.provider, q.model, q.executions, q.successes, q.cost_usd, q.max_cost_usd, q.latency_count,
               q.latency_sum, q.latency_min, q.latency_max, q.input_tokens, q.cached_input_tokens, q.output_tokens,
               q.latency_sketch, NULL::integer, q.quarter, q.date
          FROM helix_internal.usage_quarters q
         WHERE q.user_id = p_user_id
           AND q.quarter >= (SELECT b.first_quarter FROM b) AND q.quarter < (SELECT b.last_quarter FROM b)
           AND q.quarter >= (SELECT w.quarters_closed FROM helix_internal.watermark w)
        UNION ALL
        SELECT m.operation_id, m.provider, m.model, m.executions, m.successes, m.cost_usd, m.max_cost_usd, m.latency_count,
               m.latency_sum, m.latency_min, m.latency_max, m.input_tokens, m.cached_input_tokens, m.output_tokens,
               m.latency_sketch, NULL::integer, m.minute, m.date
          FROM helix_internal.usage_minutes m
         WHERE m.user_id = p_user_id
           AND m.minute >= (SELECT b.start_at FROM b) AND m.minute < (SELECT b.end_at FROM b)
           AND m.minute >= (SELECT w.minutes_from FROM helix_internal.watermark w)
           AND (m.minute >= (SELECT w.minutes_closed FROM helix_internal.watermark w)
                OR m.minute < (SELECT b.first_quarter FROM b) OR m.minute >= (SELECT b.last_quarter FROM b))
        UNION ALL
        SELECT u.operation_id, u.provider, u.model, u.executions, u.successes, u.cost_usd, u.max_cost_usd, u.latency_count,
               u.latency_sum, u.latency_min, u.latency_max, u.input_tokens, u.cached_input_tokens, u.output_tokens,
               u.latency_sketch, u.latency_ms, u.span, u.date
          FROM helix_internal.unfolded_usage_of(p_user_id, p_user_id) u
         WHERE u.span >= (SELECT b.start_at FROM b) AND u.span < (SELECT b.end_at FROM b);
    END;
COMMENT ON FUNCTION helix_internal.usage_between(uuid, timestamptz, timestamptz) IS
    'What a user''s executions in the range of range_bounds() sum up from, by occurred_at: whole days, quarters and minutes at the '
    'ends and where days are not closed, and single executions of the tail';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.local_time(text, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.instant_of(text, timestamp)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.first_instant_of(text, timestamp)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.day_start(text, date)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.checked_zone(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.range_bounds(timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.usage_between(uuid, timestamptz, timestamptz)');
