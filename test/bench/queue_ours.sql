SELECT helix.complete_execution(c.execution_id, 'success', NULL, 0.001, 10, c.fencing_token) FROM helix.claim_executions('w', 10) c;
