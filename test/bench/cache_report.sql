-- Where the target lies within the interval (Student's t for some 20 pairs), the run cannot tell.
\pset footer off
WITH measured AS (
        SELECT t.kind, t.state, t.paired_with, t.pair, t.side_us / t.busy_us AS side,
               avg(CASE t.kind WHEN 'latency' THEN p.latency ELSE p.tps END) AS value
          FROM bench.times t
          JOIN bench.progress p ON p.kind = t.kind AND p.at - 1 >= t.from_time AND p.at <= t.until_time
         GROUP BY t.kind, t.paired_with, t.pair, t.state),
    pairs AS (
        SELECT o.kind, o.state, o.value, p.value AS peer, o.value / p.value AS ratio, o.side
          FROM measured o JOIN measured p USING (kind, paired_with, pair)
         WHERE o.state <> 'off' AND p.state = 'off'),
    ratios AS (
        SELECT kind, state, count(*) AS pairs, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY peer) AS peer,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio) AS ratio,
               exp(avg(ln(ratio)) - 2.1 * stddev_samp(ln(ratio)) / sqrt(count(*))) AS low,
               exp(avg(ln(ratio)) + 2.1 * stddev_samp(ln(ratio)) / sqrt(count(*))) AS high, avg(side) AS side
          FROM pairs
         GROUP BY kind, state)
SELECT 'recording, ' || kind || ': ' || state || ' : off' AS measure, round(value::numeric, 3) AS ours,
       round(peer::numeric, 3) AS peer, pairs,
       round(ratio::numeric, 3) AS ratio, round(low::numeric, 3) || ' - ' || round(high::numeric, 3) AS "95 % of the mean",
       round(100 * side::numeric, 2) AS "Redis and invalidator, % of processor time used",
       CASE kind WHEN 'latency' THEN '<= 1.02' ELSE '>= 0.98' END AS target,
       CASE WHEN kind = 'latency' AND high <= 1.02 OR kind = 'throughput' AND low >= 0.98 THEN 'yes'
            WHEN kind = 'latency' AND low > 1.02 OR kind = 'throughput' AND high < 0.98 THEN 'no'
            ELSE 'cannot tell' END AS "met?"
  FROM ratios
 ORDER BY kind, array_position(ARRAY['healthy', 'dead', 'paused'], state);

WITH measures (n, measure, ours, peer, unit, low, high, target) AS (VALUES
        (7, 'drain of 100,000 keys',                         'drain',              NULL,     '/s', 100000, NULL, '>= 100,000/s'),
        (8, 'commits of others meanwhile, for the next six', 'commits',            NULL,     '/s', 950, NULL, '>= 950/s'),
        (9, 'commit to key gone, exact key: p50',            'exact_p50',          NULL,     'ms', NULL, NULL, NULL),
        (10, 'commit to key gone, exact key: p99',           'exact_p99',          NULL,     'ms', NULL, 10, '< 10 ms'),
        (11, 'the same, by pattern among 1,000 keys: p50',   'pattern_1000_p50',   NULL,     'ms', NULL, NULL, NULL),
        (12, 'the same, by pattern among 1,000 keys: p99',   'pattern_1000_p99',   NULL,     'ms', NULL, 10, '< 10 ms'),
        (13, 'the same, by pattern among 100,000 keys: p50', 'pattern_100000_p50', NULL,     'ms', NULL, NULL, NULL),
        (14, 'the same, by pattern among 100,000 keys: p99', 'pattern_100000_p99', NULL,     'ms', NULL, 10, '< 10 ms'),
        (15, 'lookup, 8 clients: cache_get : SELECT by key', 'get',                'select', 'ms', NULL, 1, '< 1 ms')),
    figures AS (
        SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value, min(value) AS lowest, max(value) AS highest
          FROM bench.results
         GROUP BY what
         UNION ALL
        SELECT kind || '_p' || round(100 * part), percentile_cont(part) WITHIN GROUP (ORDER BY ms), min(ms), max(ms)
          FROM bench.gone CROSS JOIN (VALUES (0.5), (0.99)) p (part)
         GROUP BY kind, part),
    ratios AS (
        SELECT m.n, percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value / p.value)::numeric AS ratio,
               min(o.value / p.value)::numeric AS lowest, max(o.value / p.value)::numeric AS highest
          FROM measures m
          JOIN bench.results o ON o.what = m.ours
          JOIN bench.results p ON p.what = m.peer AND p.pair = o.pair
         GROUP BY m.n)
SELECT measure, to_char(o.value, s.format) || unit AS ours, coalesce(to_char(p.value, s.format) || unit, '') AS peer,
       coalesce(round(ratio, 3)::text, '') AS ratio,
       CASE WHEN ratio IS NULL THEN to_char(o.lowest, s.format) || '- ' || to_char(o.highest, s.format) || unit
            ELSE round(r.lowest, 3) || ' - ' || round(r.highest, 3) END AS spread,
       coalesce(target, '') AS target,
       CASE WHEN target IS NULL THEN ''
            WHEN j.judged >= coalesce(low, j.judged) AND (j.judged < high OR high IS NULL OR j.judged = high AND target ~ '=')
            THEN 'yes'
            ELSE 'no' END AS "met?"
  FROM measures m
  JOIN figures o ON o.what = ours
  LEFT JOIN figures p ON p.what = peer
  LEFT JOIN ratios r USING (n)
 CROSS JOIN LATERAL (SELECT CASE unit WHEN 'ms' THEN 'FM99990.000 ' ELSE 'FM9,999,990 ' END AS format) s
 CROSS JOIN LATERAL (SELECT CASE WHEN target ~ '(ms|/s)$' THEN o.value ELSE ratio END AS judged) j
 ORDER BY n;
