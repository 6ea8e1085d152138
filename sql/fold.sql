-- Sums are the same before, during and after a fold, and verify_ledger() sees every difference.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SELECT helix.fold() > 0 AS folded;
SELECT helix.fold() AS nothing_left;
SELECT * FROM helix.verify_ledger();
\set dave '''da5e0000-0000-0000-0000-000000000004'''
CREATE VIEW differences AS -- views against a recount, in one statement
    (SELECT user_id, date, total_operations, total_cost_usd, anthropic_cost, input_tokens FROM helix.cost_trends
     EXCEPT SELECT user_id, date, count(*), sum(cost_usd), coalesce(sum(cost_usd) FILTER (WHERE provider = 'anthropic'), 0),
                   coalesce(sum(input_tokens), 0) FROM helix_internal.executions GROUP BY 1, 2)
    UNION ALL
    (SELECT user_id, date, count(*), sum(cost_usd), coalesce(sum(cost_usd) FILTER (WHERE provider = 'anthropic'), 0),
            coalesce(sum(input_tokens), 0) FROM helix_internal.executions GROUP BY 1, 2
     EXCEPT SELECT user_id, date, total_operations, total_cost_usd, anthropic_cost, input_tokens FROM helix.cost_trends);
SELECT count(*) AS wrong FROM differences;

-- A fold in the recording transaction leaves that transaction's rows for later, also those written after it.
BEGIN;
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-01', true, 100, 1, 'anthropic') > 0 AS recorded;
SELECT helix.fold();
SAVEPOINT s;
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-01', true, 100, 10, 'anthropic') > 0 AS recorded;
ROLLBACK TO s;
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-01', true, 300, 2, 'anthropic') > 0 AS recorded;
SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = :dave;
SELECT unfolded_rows, worker_pid FROM helix.ledger_status();
COMMIT;
SELECT count(*) AS wrong FROM differences;
SELECT helix.fold();
SELECT total_operations, total_cost_usd, avg_latency_ms, p99_latency_ms FROM helix.cost_trends WHERE user_id = :dave;
-- A fold that is rolled back never was.
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-02', true, 100, 4, 'openai',
    p_occurred_at => '2026-01-02') > 0 AS recorded;
BEGIN; SELECT helix.fold(); ROLLBACK;
SELECT unfolded_rows FROM helix.ledger_status();
BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT helix.fold(); COMMIT;
SELECT count(*) AS wrong FROM differences;
SELECT * FROM helix.verify_ledger();
SELECT s.folded_rows = count(*) AS rows, s.folded_cost_usd = sum(cost_usd) AS money, last_fold > now() - interval '1 hour' AS recent
  FROM helix.ledger_status() s, helix.executions GROUP BY s.folded_rows, s.folded_cost_usd, last_fold;

-- A later fold of the same day leaves the extremes of an earlier one.
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-02', true, 20, 1, 'openai',
    p_occurred_at => '2026-01-02') > 0 AS recorded;
SELECT helix.fold();
SELECT helix.record_operation_execution(:dave, 'email-compose', '2026-01-02', true, 400, 0.5, 'openai',
    p_occurred_at => '2026-01-02') > 0 AS recorded;
SELECT helix.fold();
SELECT total_executions, max_cost_single_execution, min_latency_ms, max_latency_ms FROM helix.operation_execution_analytics
 WHERE user_id = :dave AND period_start = '2026-01-02';
SELECT * FROM helix.verify_ledger();

-- Closed into quarters of an hour and days, everything stays as it is.
SELECT helix_internal.close_levels(now() + interval '1 day') > now() AS closed;
SELECT count(*) AS wrong FROM differences;
SELECT * FROM helix.verify_ledger();

-- What verify_ledger() is for: each of these is found.
BEGIN;
UPDATE helix_internal.cost_trends SET total_cost_usd = total_cost_usd + 0.000000000001
 WHERE user_id = :dave AND date = '2026-01-01';
SELECT what, day FROM helix.verify_ledger();
ROLLBACK;
BEGIN;
UPDATE helix_internal.operation_execution_analytics SET latency_sketch = NULL WHERE user_id = :dave AND date = '2026-01-02';
SELECT what, day, operation_id FROM helix.verify_ledger();
ROLLBACK;
BEGIN;
DELETE FROM helix_internal.executions WHERE user_id = :dave AND date = '2026-01-02';
SELECT DISTINCT what FROM helix.verify_ledger() ORDER BY what;
ROLLBACK;
BEGIN;
DELETE FROM helix_internal.operation_execution_analytics WHERE user_id = :dave;
SELECT what, count(*) FROM helix.verify_ledger() GROUP BY what ORDER BY what;
ROLLBACK;

BEGIN;
UPDATE helix_internal.usage_quarters SET latency_min = 19 WHERE user_id = :dave AND latency_min = 20;
SELECT what, day, operation_id FROM helix.verify_ledger();
ROLLBACK;
BEGIN;
DELETE FROM helix_internal.usage_minutes WHERE user_id = :dave AND date = '2026-01-01';
SELECT DISTINCT what, day, operation_id FROM helix.verify_ledger();
ROLLBACK;

-- Transaction ids that run backwards stop folding.
BEGIN;
UPDATE helix_internal.watermark SET next_xid = 9000000000000000000;
SELECT split_part(failure('SELECT helix.fold()'), ' | ', 1) AS sqlstate;
ROLLBACK;

-- Percentiles: exact to 100 ms, within 1 % above.
SELECT helix_internal.sketch_percentile(helix_internal.latency_sketch(NULL, i), 50) AS p50,
       helix_internal.sketch_percentile(helix_internal.latency_sketch(NULL, i), 99) BETWEEN 9801 AND 9999 AS p99
  FROM generate_series(1, 10000) i;
SELECT helix_internal.merge_sketches(a, b) = c AS merge_is_union, helix_internal.merge_sketches(a, NULL) = a AS null_is_empty
  FROM (SELECT helix_internal.latency_sketch(NULL, i) FILTER (WHERE i % 3 = 0) AS a,
               helix_internal.latency_sketch(NULL, i) FILTER (WHERE i % 3 <> 0) AS b,
               helix_internal.latency_sketch(NULL, i) AS c FROM generate_series(0, 5000) i) s;
SELECT failure($$SELECT helix_internal.sketch_percentile('\x02', 101)$$);
SELECT failure($$SELECT helix_internal.sketch_percentile('\x0303', 50)$$);
SELECT helix_internal.sketch_percentile('\x02', 50) IS NULL AS empty, helix_internal.latency_sketch(NULL, NULL) IS NULL AS none;
DROP VIEW differences;
