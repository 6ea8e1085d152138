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
        (15, 'folding : recording by 32 clients',              'fold',  'many',         '/s', 5,    NULL,  '>= 5'),
        (20, 'trend, all folded, by the view : daily table',   'reads_view_1', 'reads_daily_1', 'ms', NULL, 2.5, '<= 2.5'),
        (21, 'the same by get_cost_trends : daily table',      'reads_call_1', 'reads_daily_1', 'ms', NULL, 2.5, '<= 2.5'),
        (22, 'five times the executions: view : daily table',  'reads_view_5', 'reads_daily_5', 'ms', NULL, 2.5, '<= 2.5'),
        (23, 'five times the executions: call : daily table',  'reads_call_5', 'reads_daily_5', 'ms', NULL, 2.5, '<= 2.5'),
        (24, 'local days, +05:45 : UTC',                       'zone_Kathmandu', 'zone_UTC', 'ms', NULL, 6,    '<= 6'),
        (25, 'local days, +01:00 : UTC',                       'zone_Lagos', 'zone_UTC',   'ms', NULL, 5,     '<= 5'),
        (26, 'local days, -05:00 : UTC',                       'zone_Lima',  'zone_UTC',   'ms', NULL, 5,     '<= 5'),
        (27, 'get_cost_trends not prepared : prepared',        'reads_simple', 'reads_prepared', 'ms', NULL, 1.5, '<= 1.5'),
        (28, 'roles that change from call to call : one role', 'reads_roles_2', 'reads_roles_1', 'ms', NULL, 1.5, '<= 1.5'),
        (29, '38 months of the ledger : 3',                    'months_many', 'months_few', 'ms', NULL, 1.2,  '<= 1.2'),
        (30, 'a year''s metrics of a user with two fifths of all : 1 ms', 'reads_year', 'one_ms', 'ms', NULL, 20, '<= 20')),
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
