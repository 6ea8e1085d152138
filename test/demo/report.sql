-- What the demo shows, all by SQL from helix. Costs are rounded for display only.
\pset null '-'
\pset footer off
\set bold '\033[1m== '
\set plain '\033[0m'

\echo :bold'Recorded':plain
SELECT count(*) AS executions, count(DISTINCT user_id) AS users, count(DISTINCT operation_id) AS operations,
       count(DISTINCT model) AS models, count(*) FILTER (WHERE NOT success) AS failures, round(:seconds, 2) AS seconds,
       round(count(*) / :seconds) AS "executions/s"
  FROM helix.executions;

\echo :bold'The last 7 days of all users (helix.cost_trends, UTC days with executions, USD)':plain
SELECT date, sum(total_operations) AS executions,
       round(sum(success_rate * total_operations) / sum(total_operations), 2) AS "success %",
       round(sum(avg_latency_ms * total_operations) / sum(total_operations)) AS "mean ms",
       round(sum(anthropic_cost), 4) AS anthropic, round(sum(deepseek_cost), 4) AS deepseek, round(sum(gemini_cost), 4) AS gemini,
       round(sum(openai_cost), 4) AS openai, round(sum(total_cost_usd), 4) AS total
  FROM helix.cost_trends
 WHERE date > current_date - 7
 GROUP BY date
 ORDER BY date;

\echo :bold'Cost by operation (USD; latency in ms)':plain
SELECT operation_id AS operation, executions, failures, round(cost_usd, 4) AS cost,
       round(1000 * cost_usd / executions, 4) AS "cost/1000",
       round(100 * cost_usd / sum(cost_usd) OVER (), 1) AS "% of cost", helix_internal.sketch_percentile(sketch, 50) AS p50,
       helix_internal.sketch_percentile(sketch, 95) AS p95, helix_internal.sketch_percentile(sketch, 99) AS p99
  FROM (SELECT operation_id, sum(executions) AS executions, sum(executions - successes) AS failures, sum(cost_usd) AS cost_usd,
               helix_internal.latency_sketch(latency_sketch, latency_ms) AS sketch
          FROM helix_internal.analytics_entries GROUP BY operation_id) o
 ORDER BY cost_usd DESC;

\echo :bold'Cost by model (USD; latency in ms)':plain
SELECT provider, model, executions, failures, round(cost_usd, 4) AS cost, round(1000 * cost_usd / executions, 4) AS "cost/1000",
       round(100 * cost_usd / sum(cost_usd) OVER (), 1) AS "% of cost", helix_internal.sketch_percentile(sketch, 50) AS p50,
       helix_internal.sketch_percentile(sketch, 95) AS p95, helix_internal.sketch_percentile(sketch, 99) AS p99
  FROM (SELECT provider, model, sum(executions) AS executions, sum(executions - successes) AS failures, sum(cost_usd) AS cost_usd,
               helix_internal.latency_sketch(latency_sketch, latency_ms) AS sketch
          FROM helix_internal.analytics_entries GROUP BY provider, model) m
 ORDER BY cost_usd DESC;

\pset footer on
\echo :bold'SELECT * FROM helix.verify_ledger(): every difference between the sums and the ledger (no row: exact)':plain
SELECT * FROM helix.verify_ledger();

\pset footer off
\pset expanded on
\echo :bold'SELECT * FROM helix.ledger_status()':plain
SELECT * FROM helix.ledger_status();
