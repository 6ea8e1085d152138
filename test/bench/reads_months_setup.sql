-- A ledger that keeps :months months, the next one among them, and a user (7003) who ran something on each of the last 30 days.
CREATE EXTENSION helix;
SELECT count(helix_internal.maintain_partitions(now() - i * interval '1 month')) FROM generate_series(0, :months - 2) i;
SELECT helix.record_operation_execution(lpad('7003', 32, '0')::uuid, 'email-respond', NULL, true, 100 + i, 0.001, 'anthropic',
           p_occurred_at => now() - i * interval '1 day')
  FROM generate_series(0, 29) i;
SELECT helix.fold();
SELECT helix_internal.close_levels();
-- Which months may have something unfolded is settled by the next fold.
SELECT helix.record_operation_execution(lpad('7003', 32, '0')::uuid, 'email-respond', NULL, true, 100, 0.001, 'anthropic');
SELECT helix.fold();
SELECT helix_internal.close_levels();
INSERT INTO helix_internal.executions (id, xid, recorded_at, occurred_at, date, success, pricing, user_id, operation_id, provider,
                                       model, cost_usd)
SELECT 1, 3, m.month, m.month, m.month::date, true, 'g', lpad('7003', 32, '0')::uuid, 'email-respond', 'anthropic', 'anthropic', 0
  FROM (SELECT date_trunc('month', now(), 'UTC') - i * interval '1 month' AS month
          FROM generate_series(1, :months - 2) i) m, generate_series(1, 1000);
SELECT count(*) AS months FROM pg_inherits WHERE inhparent = 'helix_internal.executions'::regclass;
VACUUM ANALYZE;
