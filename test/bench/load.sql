\set batch random(0, 239)
SELECT helix.record_operation_executions(executions::jsonb) FROM bench.batches WHERE batch = :batch;
