\pset footer off
WITH measures (n, measure, ours, peer, unit, low, high, target) AS (VALUES
        (1, 'recording, latency, 8 clients: healthy : off',     'latency_healthy',    'latency_off',    'ms', NULL, 1.02, '<= 1.02'),
        (2, 'recording, latency, 8 clients: dead : off',        'latency_dead',       'latency_off',    'ms', NULL, 1.02, '<= 1.02'),
        (3, 'recording, latency, 8 clients: paused : off',      'latency_paused',     'latency_off',    'ms', NULL, 1.02, '<= 1.02'),
        (4, 'recording, throughput, 32 clients: healthy : off', 'throughput_healthy', 'throughput_off', '/s', 0.98, NULL, '>= 0.98'),
        (5, 'recording, throughput, 32 clients: dead : off',    'throughput_dead',    'throughput_off', '/s', 0.98, NULL, '>= 0.98'),
        (6, 'recording, throughput, 32 clients: paused : off',  'throughput_paused',  'throughput_off', '/s', 0.98, NULL, '>= 0.98'),
        (7, 'drain of 100,000 keys',                            'drain',              NULL,             '/s', 100000, NULL, '>= 100,000/s'),
        (8, 'commits of others meanwhile, for the next six',    'commits',            NULL,             '/s', 950,  NULL, '>= 950/s'),
        (9, 'commit to key gone, exact key: p50',               'exact_p50',          NULL,             'ms', NULL, NULL, NULL),
        (10, 'commit to key gone, exact key: p99',              'exact_p99',          NULL,             'ms', NULL, 10,   '< 10 ms'),
        (11, 'the same, by pattern among 1,000 keys: p50',      'pattern_1000_p50',   NULL,             'ms', NULL, NULL, NULL),
        (12, 'the same, by pattern among 1,000 keys: p99',      'pattern_1000_p99',   NULL,             'ms', NULL, 10, '< 10 ms'),
        (13, 'the same, by pattern among 100,000 keys: p50',    'pattern_100000_p50', NULL,             'ms', NULL, NULL, NULL),
        (14, 'the same, by pattern among 100,000 keys: p99',    'pattern_100000_p99', NULL,             'ms', NULL, 10, '< 10 ms'),
        (15, 'lookup, 8 clients: cache_get : SELECT by key',    'get',                'select',         'ms', NULL, 1,    '< 1 ms')),
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
            WHEN j.judged >= coalesce(low, j.judged) AND (j.judged < high OR high IS NULL OR j.judged = high AND target ~ '=') THEN 'yes'
            ELSE 'no' END AS "met?"
  FROM measures m
  JOIN figures o ON o.what = ours
  LEFT JOIN figures p ON p.what = peer
  LEFT JOIN ratios r USING (n)
 CROSS JOIN LATERAL (SELECT CASE unit WHEN 'ms' THEN 'FM99990.000 ' ELSE 'FM9,999,990 ' END AS format) s
 CROSS JOIN LATERAL (SELECT CASE WHEN target ~ '(ms|/s)$' THEN o.value ELSE ratio END AS judged) j
 ORDER BY n;
