-- Ranges and series go by occurred_at, in any time zone, whatever is folded, closed and given up.
SET timezone = 'UTC';
SET jit = off; -- to compile the comparisons takes longer than to run them
SET datestyle = 'ISO, YMD';
\set gail '''6a110000-0000-0000-0000-000000000001'''
CREATE VIEW day AS SELECT date_trunc('day', now(), 'UTC') - interval '3 days' AS start;
-- Every 10 minutes of three days 10 executions for 1 USD each, with another date.
SELECT count(helix.record_operation_execution(:gail, (ARRAY['email-compose', 'email-respond'])[1 + i % 2], '2026-01-01',
        i % 4 > 0, i, 1, (ARRAY['openai', 'anthropic'])[1 + i % 2], p_occurred_at => d.start + i * interval '10 minutes'))
  FROM day d, generate_series(0, 431) i;
CREATE FUNCTION ranges() RETURNS TABLE (hours text, executions bigint, granularity text) LANGUAGE sql AS $$
    SELECT v.a || ' ' || v.b, s.total_operations, s.granularity
      FROM day d, (VALUES ('0 h', '72 h'), ('5 h 30 min', '29 h 30 min'), ('1 h', '2 h'), ('1 h 10 min', '1 h 20 min'),
                          ('1 h 11 min', '1 h 21 min'), ('20 min', '71 h 50 min'), ('23 h 59 min', '24 h 1 min'),
                          ('47 h 15 min', '71 h 45 min')) v (a, b),
           helix.get_period_summary('6a110000-0000-0000-0000-000000000001', d.start + v.a::interval, d.start + v.b::interval) s $$;
SELECT * FROM ranges();
SELECT helix.fold() > 0 AS folded;
SELECT r.* FROM ranges() r;
SELECT helix_internal.close_levels() > '-infinity' AS closed;
SELECT r.* FROM ranges() r;
SELECT total_executions
  FROM day, helix.get_operation_metrics(:gail, 'email-respond', start + interval '20 h', start + interval '21 h');

-- Steps: hours, quarters, minutes, days of a zone, groups.
CREATE FUNCTION wrong_steps(p_step interval, p_zone text, p_group text) RETURNS TABLE (steps bigint, wrong bigint, words text)
    LANGUAGE sql AS $$
    SELECT count(*), count(*) FILTER (WHERE (s.executions, s.successes, s.cost_usd, round(s.avg_latency_ms, 6)) IS DISTINCT FROM
               (e.n, e.good, e.cost, round(e.latency, 6))), string_agg(DISTINCT s.granularity, ' ')
      FROM day d,
           helix.get_usage_series('6a110000-0000-0000-0000-000000000001', d.start - interval '2 h', d.start + interval '73 h',
                                  p_step, p_zone, p_group) s
      LEFT JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE success) AS good, coalesce(sum(cost_usd), 0) AS cost,
                                avg(latency_ms) AS latency
                           FROM helix_internal.executions e
                          WHERE e.user_id = '6a110000-0000-0000-0000-000000000001' AND e.occurred_at >= s.start_at
                            AND e.occurred_at < s.end_at
                            AND s.group_key IS NOT DISTINCT FROM CASE p_group WHEN 'operation' THEN e.operation_id
                                                                              WHEN 'provider' THEN e.provider END) e ON true $$;
SELECT v.*, w.* FROM (VALUES (interval '1 h', 'UTC', NULL), ('15 min', 'UTC', 'operation'), ('5 min', 'UTC', NULL),
                             ('1 day', 'Asia/Kathmandu', 'provider'), ('7 min', 'UTC', NULL)) v (step, zone, grouped_by),
       wrong_steps(v.step, v.zone, v.grouped_by) w;
SELECT sum(executions) >= 432 AS of_all, count(*) AS steps
  FROM day, helix.get_usage_series(NULL, start, start + interval '72 h', '1 day');
SELECT to_char(start_at - start, 'DD HH24:MI') AS from_start, end_at - start_at AS length
  FROM (SELECT timestamptz '2026-03-28 23:00+00' AS start) d,
       helix.get_usage_series(:gail, start, start + interval '71 h', '1 day', 'Europe/Berlin');
-- Clocks that are put back to midnight show it twice: the day has 25 hours. A series that begins in between begins there. The
-- 30th of December 2011 was left out in Samoa.
SELECT v.zone, s.start_at, s.end_at - s.start_at AS length
  FROM (VALUES ('America/Havana', timestamptz '2025-10-31 04:00+00', timestamptz '2025-11-04 05:00+00'),
               ('Europe/Berlin', '2025-10-26 00:30+00', '2025-10-28 00:30+00'),
               ('Pacific/Apia', '2011-12-28 10:00+00', '2011-12-31 10:00+00')) v (zone, start, stop),
       helix.get_usage_series(:gail, v.start, v.stop, '1 day', v.zone) s;
-- As many steps as there may be take no longer than their sums.
SELECT count(*), max(end_at) FROM helix.get_usage_series(:gail, '2026-01-01', '2026-01-07 22:40', '1 min');

-- Refusals.
CREATE FUNCTION refused(p_arguments text) RETURNS text LANGUAGE sql AS $$
    SELECT failure('SELECT helix.get_usage_series(''6a110000-0000-0000-0000-000000000001'', ' || p_arguments || ')') $$;
SELECT refused($$'2026-01-01 00:00:30', '2026-01-02', '1 h'$$);
SELECT refused($$'2026-01-01', '2026-01-01', '1 h'$$);
SELECT refused($$'2026-01-01', '2026-01-02', '1 s'$$);
SELECT refused($$'2026-01-01', '2026-01-02', '-1 h'$$);
SELECT refused($$'2026-01-01', '2026-01-02', '178000000 years'$$);
SELECT refused($$'2026-01-01', '2026-12-02', '1 min'$$);
SELECT refused($$'2026-01-01', '2026-01-02', '1 h', 'Mars'$$);
SELECT refused($$'2026-01-01', '2026-01-02', '1 h', 'UTC', 'day'$$);
SELECT refused($$NULL, '2026-01-02', '1 h'$$);
SELECT failure($$SELECT * FROM helix.get_cost_trends('6a110000-0000-0000-0000-000000000001', 7, 'Mars')$$);
DROP FUNCTION ranges, wrong_steps, refused;
DROP VIEW day;
