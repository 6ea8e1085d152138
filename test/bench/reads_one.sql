SELECT date, total_operations, total_cost_usd, success_rate, avg_latency_ms
  FROM helix.get_cost_trends('00000000-0000-0000-0000-000000007003');
