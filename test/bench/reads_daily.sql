\set user random(8001, 9000)
SELECT date, total_operations, total_cost_usd, success_rate, avg_latency_ms FROM bench.reads_daily
 WHERE user_id = lpad(:user::text, 32, '0')::uuid AND date > current_date - 30 ORDER BY date;
