\if :sent = 0
SELECT * FROM bench.column_batches WHERE batch = :batch
\gset
\endif
\set sent :sent + 1
SELECT helix.record_operation_executions(:users::uuid[], :operations::text[], :dates::date[], :successes::boolean[],
    :latencies::bigint[], :costs::numeric[], :providers::text[], :models::text[], :inputs::bigint[], :cached::bigint[],
        :outputs::bigint[]);
