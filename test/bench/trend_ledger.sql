\set user random(5001, 6000)
SELECT date, count(*) AS total_operations, sum(cost_usd) AS total_cost_usd,
    100.0 * count(*) FILTER (WHERE success) / count(*) AS success_rate, avg(latency_ms) AS avg_latency_ms
    FROM helix_internal.executions WHERE user_id = lpad(:user, 32, '0')::uuid AND date > current_date - 30 GROUP BY date
   ORDER BY date;
