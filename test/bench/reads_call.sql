\set user random(8001, 9000)
SELECT date, total_operations, total_cost_usd, success_rate, avg_latency_ms
  FROM helix.get_cost_trends(lpad(:user::text, 32, '0')::uuid);
