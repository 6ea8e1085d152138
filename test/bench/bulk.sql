\if :sent = 0
SELECT executions FROM bench.batches WHERE batch = :batch
\gset
\endif
\set sent :sent + 1
SELECT helix.record_operation_executions(:executions);
