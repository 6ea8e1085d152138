\pset footer off
WITH measures (n, measure, ours, peer, low) AS (VALUES
        (1, 'hmac_verify, 1 KiB : pgcrypto hmac()',           'verify_1k',  'pgcrypto_1k',  1.5),
        (2, 'hmac_verify, 64 KiB : pgcrypto hmac()',          'verify_64k', 'pgcrypto_64k', 1.0),
        (3, 'webhook_trigger : INSERT of two rows, 32 clients', 'trigger',  'insert',       0.5)),
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
       round(lowest, 3) || ' - ' || round(highest, 3) AS spread, '>= ' || low AS reach, CASE WHEN ratio >= low THEN 'met'
       ELSE 'missed' END AS "met?"
  FROM measures JOIN medians r USING (n)
 ORDER BY n;
