-- Peer: the trend as a plain table, and nothing else.
CREATE TABLE bench.daily AS
    SELECT user_id, date, total_operations, total_cost_usd, success_rate, avg_latency_ms
      FROM helix.cost_trends WHERE user_id BETWEEN lpad('5001', 32, '0')::uuid AND lpad('6000', 32, '0')::uuid;
ALTER TABLE bench.daily ADD PRIMARY KEY (user_id, date);
VACUUM ANALYZE;
