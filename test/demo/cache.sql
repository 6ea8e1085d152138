-- What the demo shows of the cache: the busiest user's trend through Redis, before and after one more execution.
\pset footer off
\set bold '\033[1m== '
\set plain '\033[0m'

\echo :bold'The cache: the busiest user''s trend read through Redis, before and after one more execution':plain
SELECT user_id, 'cost_trends:' || user_id || ':7' AS key
  FROM helix.cost_trends GROUP BY user_id ORDER BY sum(total_operations) DESC LIMIT 1
\gset
SELECT clock_timestamp() AS began
\gset
SELECT count(helix.cache_read(:'key')) AS first_read FROM generate_series(1, 1)
\gset
SELECT 1000 * extract(epoch FROM clock_timestamp() - :'began') AS computed_ms, clock_timestamp() AS began
\gset
SELECT count(helix.cache_read(:'key')) AS reads FROM generate_series(1, 1000)
\gset
SELECT round(:computed_ms, 3) AS "computed and stored, ms",
       round(extract(epoch FROM clock_timestamp() - :'began')::numeric, 3) AS "from Redis, ms (mean of 1,000)",
       (SELECT sum((day ->> 'total_cost_usd')::numeric)
           FROM jsonb_array_elements(helix.cache_read(:'key')) day) AS "cost before, USD";
SELECT helix.record_operation_execution(:'user_id', 'email-compose', current_date, true, 900, 1, 'anthropic') > 0 AS recorded
\gset
SELECT pg_sleep(0.1)
\gset
SELECT sum((day ->> 'total_cost_usd')::numeric) AS "cost 0.1 s after 1 USD more"
  FROM jsonb_array_elements(helix.cache_read(:'key')) day;
SELECT state, keys, hits, misses, fills, invalidations, epochs, lag_ms,
    (SELECT count(*) FROM helix.cache_audit(1000)) AS "audit: differences"
  FROM helix.cache_stats();
