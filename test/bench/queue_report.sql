\pset footer off
WITH measures (n, measure, ours, peer, low) AS (VALUES
        (1, 'enqueue_execution : bare INSERT',                             'enqueue',       'insert',   0.9),
        (2, 'claim and complete 10, one transaction : plain queue',        'ours',          'peer',     2),
        (3, 'claim and complete 10, two transactions : plain queue',       'ours_two',      'peer_two', 2),
        (4, 'the same : plain queue that records costs',                   'ours_two',      'cost_two', NULL),
        (5, 'ours, two transactions: old snapshot held : none',            'held_ours_two', 'ours_two', 0.9),
        (6, 'plain queue, two transactions: old snapshot held : none',     'held_peer_two', 'peer_two', NULL),
        (7, 'claim and complete 10, old snapshot held : plain queue',      'held_ours_two', 'held_peer_two', NULL),
        (8, 'enqueue_execution: 32 waiting workers : none',                'waited_ours',   'alone_ours', NULL),
        (9, 'sending with NOTIFY: 32 that listen : none',                  'waited_listen', 'alone_listen', NULL),
        (10, 'enqueueing for 32 waiting workers : with NOTIFY',            'waited_ours',   'waited_listen', NULL),
        (11, 'worker in Node : graphile-worker',                           'node_helix',    'node_graphile', 1),
        (12, 'worker in Node : pg-boss',                                   'node_helix',    'node_pgboss', 1)),
    medians AS (
        SELECT m.n, percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value)::numeric AS ours,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY p.value)::numeric AS peer,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value / p.value)::numeric AS ratio,
               min(o.value / p.value)::numeric AS lowest, max(o.value / p.value)::numeric AS highest
          FROM measures m
          JOIN bench.results o ON o.what = m.ours
          JOIN bench.results p ON p.what = m.peer AND p.pair = o.pair
         GROUP BY m.n)
SELECT measure, to_char(r.ours, 'FM9,999,990') || '/s' AS ours, to_char(r.peer, 'FM9,999,990') || '/s' AS peer,
       round(ratio, 3) AS ratio,
       round(lowest, 3) || ' - ' || round(highest, 3) AS spread, coalesce('>= ' || low, '') AS reach,
       CASE WHEN low IS NULL THEN '' WHEN ratio >= low THEN 'met' ELSE 'missed' END AS "met?"
  FROM measures JOIN medians r USING (n)
 ORDER BY n;

SELECT format('commit to job, %s waiting: p%s', waiters, round(100 * part)) AS measure,
       to_char(ours, 'FM990.000') || ' ms' AS ours, to_char(peer, 'FM990.000') || ' ms' AS "LISTEN"
  FROM (VALUES (1), (8), (32)) w (waiters)
 CROSS JOIN (VALUES (0.5), (0.99)) p (part)
 CROSS JOIN LATERAL (SELECT percentile_cont(part) WITHIN GROUP (ORDER BY ms) FILTER (WHERE kind = 'ours_' || waiters) AS ours,
                            percentile_cont(part) WITHIN GROUP (ORDER BY ms) FILTER (WHERE kind = 'listen_' || waiters) AS peer
                       FROM bench.waits) f
 ORDER BY waiters, part;
