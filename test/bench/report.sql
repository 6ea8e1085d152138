\pset footer off
WITH measures (n, measure, ours, peer, unit, low, high, reach) AS (VALUES
        (1, 'one call each, hot user : bare INSERT',           'hot',   'insert',       '/s', 0.85, NULL,  '>= 0.85'),
        (2, 'one call each, hot user : upsert of a daily row', 'hot',   'upsert',       '/s', 15,   NULL,  '>= 15'),
        (3, 'one call each, 1,000 users : hot user',           'many',  'hot',          '/s', 0.95, 1.05,  '0.95 to 1.05'),
        (4, 'one call each, usage as an object : bare INSERT', 'usage',  'insert',      '/s', 0.75, NULL,  '>= 0.75'),
        (5, 'one call each, tokens priced : bare INSERT',      'tokens', 'insert',      '/s', 0.82, NULL,  '>= 0.82'),
        (6, 'bulk call of 1,000 by arrays, hot user : COPY',    'columns_hot',  'copy', '/s', 0.5,  NULL,  '>= 0.5'),
        (7, 'bulk call of 1,000 by arrays, 1,000 users : COPY', 'columns_many', 'copy', '/s', 0.5,  NULL,  '>= 0.5'),
        (8, 'bulk call of 1,000 by jsonb, hot user : COPY',     'bulk_hot',     'copy', '/s', 0.5,  NULL,  '>= 0.5'),
        (9, 'bulk call of 1,000 by jsonb, 1,000 users : COPY',  'bulk_many',    'copy', '/s', 0.5,  NULL,  '>= 0.5'),
        (10, 'the same with usage of Anthropic, hot user : COPY', 'bulk_anthropic', 'copy', '/s', 0.37, NULL, '>= 0.37'),
        (11, 'jsonb with usage of Anthropic : with flat fields and a cost', 'bulk_anthropic', 'bulk_hot', '/s', 1, NULL, '>= 1'),
        (12, 'jsonb with usage of OpenAI : with flat fields and a cost', 'bulk_openai', 'bulk_hot', '/s', 1, NULL, '>= 1'),
        (13, '30-day trend : plain daily table (time)',        'trend', 'trend_daily',  'ms', NULL, 3,     '<= 3'),
        (14, '30-day trend : user''s ledger rows (time)',      'trend', 'trend_ledger', 'ms', NULL, 0.05,  '<= 0.05'),
        (15, 'folding : recording by 32 clients',              'fold',  'many',         '/s', 5,    NULL,  '>= 5')),
    medians AS (
        SELECT m.n, percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value)::numeric AS ours,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY p.value)::numeric AS peer,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value / p.value)::numeric AS ratio,
               min(o.value / p.value)::numeric AS lowest, max(o.value / p.value)::numeric AS highest
          FROM measures m
          JOIN bench.results o ON o.what = m.ours
          JOIN bench.results p ON p.what = m.peer AND p.pair = o.pair
         GROUP BY m.n)
SELECT measure, to_char(r.ours, s.format) || unit AS ours, to_char(r.peer, s.format) || unit AS peer, round(ratio, 3) AS ratio,
       round(lowest, 3) || ' - ' || round(highest, 3) AS spread, reach,
       CASE WHEN ratio >= coalesce(low, ratio) AND ratio <= coalesce(high, ratio) THEN 'yes' ELSE 'no' END AS "met?"
  FROM measures JOIN medians r USING (n)
 CROSS JOIN LATERAL (SELECT CASE unit WHEN 'ms' THEN 'FM9990.000 ' ELSE 'FM9,999,990' END AS format) s
 ORDER BY n;
