\set user random(8001, 9000)
\set role random(1, :roles)
SET ROLE bench_reader_:role;
SELECT set_config('helix.user_id', lpad(:user::text, 32, '0')::uuid::text, false);
SELECT date, total_operations, total_cost_usd, success_rate, avg_latency_ms
  FROM helix.get_cost_trends(lpad(:user::text, 32, '0')::uuid);
