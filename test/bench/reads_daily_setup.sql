-- Peer: the trend as a plain table, and nothing else.
DROP TABLE IF EXISTS bench.reads_daily;
CREATE TABLE bench.reads_daily AS
    SELECT user_id, date, total_operations, total_cost_usd, success_rate, avg_latency_ms
      FROM helix.cost_trends WHERE user_id BETWEEN lpad('8001', 32, '0')::uuid AND lpad('9000', 32, '0')::uuid;
ALTER TABLE bench.reads_daily ADD PRIMARY KEY (user_id, date);
VACUUM ANALYZE bench.reads_daily;
