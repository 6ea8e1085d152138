-- The reading functions, on folded and unfolded executions together.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set erin '''e51a0000-0000-0000-0000-000000000005'''
SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
    'user_id', 'e51a0000-0000-0000-0000-000000000005', 'operation_id', (ARRAY['email-compose', 'email-respond'])[1 + i % 2],
    'occurred_at', date '2026-05-30' + i % 4, 'success', i % 5 <> 0, 'latency_ms', 10 * i,
    'cost_usd', 0.1 * i, 'model_used', (ARRAY['anthropic', 'openai', 'gemini'])[1 + i % 3],
    'input_tokens', 100, 'output_tokens', i)))) FROM generate_series(1, 20) i;
SELECT helix.fold() AS folded;
SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
    'user_id', 'e51a0000-0000-0000-0000-000000000005', 'operation_id', (ARRAY['email-compose', 'email-respond'])[1 + i % 2],
    'occurred_at', date '2026-05-30' + i % 4, 'success', i % 5 <> 0, 'latency_ms', 10 * i,
    'cost_usd', 0.1 * i, 'model_used', (ARRAY['anthropic', 'openai', 'gemini'])[1 + i % 3],
    'input_tokens', 100, 'output_tokens', i)))) FROM generate_series(21, 40) i;

SELECT date, total_operations AS n, total_cost_usd AS cost, anthropic_cost, openai_cost, gemini_cost, deepseek_cost,
       round(avg_cost_per_operation, 6) AS avg_cost, round(avg_latency_ms, 3) AS latency, round(success_rate, 3) AS rate,
       p50_latency_ms AS p50, input_tokens AS input, output_tokens AS output
  FROM helix.cost_trends WHERE user_id = :erin ORDER BY date;
SELECT operation_id, period_start, period_end - period_start AS period, total_executions AS n, successful_executions AS good,
       failed_executions AS bad, round(success_rate, 3) AS rate, total_cost_usd AS cost,
       round(avg_cost_per_execution, 6) AS avg_cost,
       max_cost_single_execution AS max_cost, round(avg_latency_ms, 3) AS avg, min_latency_ms AS min, max_latency_ms AS max,
       anthropic_count AS a, deepseek_count AS d, gemini_count AS g, openai_count AS o
  FROM helix.operation_execution_analytics WHERE user_id = :erin ORDER BY 1, 2;

-- Months: May has the 30th and 31st, June the 1st and 2nd.
SELECT helix.get_total_monthly_cost(:erin, '2026-05-02') AS may, helix.get_total_monthly_cost(:erin, '2026-06-30') AS june,
       helix.get_total_monthly_cost(:erin, '2026-07-01') AS july,
       helix.get_operation_monthly_cost(:erin, 'email-compose', '2026-05-31') AS may_compose,
       helix.get_operation_monthly_cost(:erin, 'calendar-prep', '2026-05-31') AS may_calendar;
SELECT sum(0.1 * i) FILTER (WHERE i % 4 < 2) AS may, sum(0.1 * i) FILTER (WHERE i % 4 >= 2) AS june,
       sum(0.1 * i) FILTER (WHERE i % 4 < 2 AND i % 2 = 0) AS may_compose FROM generate_series(1, 40) i;
SELECT helix.get_total_monthly_cost(:erin) AS this_month,
    helix.get_operation_monthly_cost(:erin, 'email-compose') AS this_month_compose;

-- Ranges go by occurred_at and exclude the end.
SELECT round(helix.calculate_success_rate(:erin, 'email-compose', '2026-05-30', '2026-06-03'), 3) AS all_days,
       helix.calculate_success_rate(:erin, 'email-respond', '2026-05-31 23:59', '2026-06-01') AS may_31,
       helix.calculate_success_rate(:erin, 'email-compose', '2027-01-01', '2027-02-01') AS nothing_ran;
SELECT operation_id, total_executions AS n, failed_executions AS bad, total_cost_usd AS cost, max_cost_single_execution AS max_cost,
       round(avg_latency_ms, 3) AS avg, min_latency_ms AS min, max_latency_ms AS max, p50_latency_ms AS p50, output_tokens,
       models_used
  FROM helix.get_all_operation_metrics(:erin, '2026-05-30', '2026-06-03');
SELECT operation_id, total_executions AS n, models_used
  FROM helix.get_operation_metrics(:erin, 'email-respond', '2026-05-31', '2026-06-01');
SELECT count(*) AS rows FROM helix.get_operation_metrics(:erin, 'calendar-prep', '2026-05-31', '2026-06-01');
SELECT total_operations AS n, failed_operations AS bad, round(success_rate, 3) AS rate, total_cost_usd AS cost,
       avg_cost_per_operation AS avg_cost, avg_latency_ms AS avg, input_tokens AS input, best_performing_model AS best,
       cheapest_model AS cheapest
  FROM helix.get_period_summary(:erin, '2026-05-30', '2026-06-03');
SELECT total_operations AS n, success_rate AS rate, total_cost_usd AS cost, avg_latency_ms AS avg, best_performing_model AS best
  FROM helix.get_period_summary(:erin, '2027-05-30', '2027-06-03');

-- Trends end today.
SELECT helix.record_operation_execution(:erin, 'email-compose', (now() AT TIME ZONE 'UTC')::date - d, true, 1, 1 + d, 'openai') > 0
  FROM unnest(ARRAY[0, 6, 7]) d;
SELECT (now() AT TIME ZONE 'UTC')::date - date AS days_ago, total_cost_usd FROM helix.get_cost_trends(:erin, 7);
SELECT (now() AT TIME ZONE 'UTC')::date - date AS days_ago, total_cost_usd FROM helix.get_cost_trends(:erin, 1);

-- An execution without a latency is in no average of latencies.
\set finn '''f1220000-0000-0000-0000-000000000006'''
SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
    'user_id', 'f1220000-0000-0000-0000-000000000006', 'operation_id', 'email-compose', 'occurred_at', d, 'success', true,
    'latency_ms', latency, 'cost_usd', 1, 'model_used', 'openai'))))
  FROM (VALUES (date '2026-05-30', 100), ('2026-05-30', NULL), ('2026-05-30', 300), ('2026-05-31', NULL)) v (d, latency);
SELECT date, total_operations AS n, round(avg_latency_ms, 3) AS latency FROM helix.cost_trends WHERE user_id = :finn ORDER BY 1;
SELECT helix.fold() AS folded;
SELECT date, total_operations AS n, round(avg_latency_ms, 3) AS latency FROM helix.cost_trends WHERE user_id = :finn ORDER BY 1;
SELECT period_start, total_executions AS n, round(avg_latency_ms, 3) AS latency FROM helix.operation_execution_analytics
 WHERE user_id = :finn ORDER BY 1;
SELECT total_operations AS n, round(avg_latency_ms, 3) AS latency
  FROM helix.get_period_summary(:finn, '2026-05-30', '2026-06-01');

-- Refusals.
SELECT failure($$SELECT * FROM helix.get_cost_trends('e51a0000-0000-0000-0000-000000000005', 0)$$);
SELECT failure($$SELECT * FROM helix.get_cost_trends('e51a0000-0000-0000-0000-000000000005', NULL)$$);
SELECT failure($$SELECT * FROM helix.get_cost_trends(NULL, 7)$$);
SELECT failure($$SELECT * FROM helix.get_period_summary('e51a0000-0000-0000-0000-000000000005', '2026-06-03', '2026-06-02')$$);
SELECT failure($$SELECT * FROM helix.get_period_summary('e51a0000-0000-0000-0000-000000000005', NULL, '2026-06-02')$$);

-- The names that DBAs look for.
SELECT indexname FROM pg_indexes WHERE tablename IN ('cost_trends', 'operation_execution_analytics') AND indexname LIKE 'idx%'
 ORDER BY 1;
-- A month that is none.
SELECT failure($$SELECT helix.get_total_monthly_cost('ee110000-0000-0000-0000-000000000001', NULL)$$);
SELECT failure($$SELECT helix.get_total_monthly_cost('ee110000-0000-0000-0000-000000000001', 'infinity')$$);
SELECT failure($$SELECT helix.get_operation_monthly_cost('ee110000-0000-0000-0000-000000000001', 'email-compose',
    '5874897-12-31')$$);
SELECT helix.get_total_monthly_cost('ee110000-0000-0000-0000-000000000001', '1970-01-01') AS first,
    helix.get_total_monthly_cost('ee110000-0000-0000-0000-000000000001', '9999-12-31') AS last;
