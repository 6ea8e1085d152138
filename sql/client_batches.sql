-- Batches that their client drives: rows of helix.operation_batches and helix.batch_operations.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET datestyle = 'ISO';
\set alice '''c11e0000-0000-4000-8000-0000000000a2'''
\set bob '''c11e0000-0000-4000-8000-0000000000b2'''
CREATE ROLE regress_driver;
CREATE ROLE regress_driver_service;
SELECT helix.grant_api_access('regress_driver', 'regress_driver_service');
CREATE VIEW seen AS SELECT name, status, total_operations AS total, completed_operations AS done, failed_operations AS failed,
       skipped_operations AS skipped, total_cost_actual AS cost, total_cost_estimated_low AS low, total_cost_estimated_high AS high,
       cancel_reason AS reason, started_at IS NOT NULL AS started, completed_at IS NOT NULL AS ended FROM helix.operation_batches;
GRANT SELECT ON seen TO regress_driver;
SET ROLE regress_driver;
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000a2';

-- Rows are taken, and nothing is queued.
INSERT INTO helix.operation_batches (user_id, name, batch_type, priority, status, total_operations, completed_operations,
       failed_operations, total_cost_estimated_low, total_cost_estimated_mid, total_cost_estimated_high, total_cost_actual)
    VALUES (:alice, 'mail', 'parallel', 7, 'queued', 3, 0, 0, 0.1, 0.2, 0.3, 0) RETURNING id AS batch \gset
INSERT INTO helix.batch_operations (id, batch_id, user_id, operation_id, parameters, sequence_order, status, cost_estimated_mid)
    VALUES ('c11e0000-0000-4000-8000-0000000000f1', :'batch', :alice, 'email-classify', '{"folder": "inbox"}', 1, 'pending', 0.1)
    RETURNING status, cost_estimated_low, cost_estimated_mid, execution_id;
INSERT INTO helix.batch_operations (batch_id, operation_id, sequence_order, depends_on)
    VALUES (:'batch', 'email-respond', 1, ARRAY['c11e0000-0000-4000-8000-0000000000f1']::uuid[]),
           (:'batch', 'calendar-prep', NULL, NULL);
SELECT operation_id, parameters, sequence_order, depends_on, status FROM helix.batch_operations ORDER BY operation_id;
SELECT * FROM seen;
RESET ROLE;
SELECT count(*) FROM helix_internal.queue WHERE user_id = :alice;
SELECT count(*) FROM helix.claim_executions('worker', 10);
SET ROLE regress_driver;
SELECT helix.start_batch(:'batch');

-- Its states are the client's. Counters and the sum of costs are counted, whatever is written into them.
UPDATE helix.operation_batches SET status = 'running', started_at = now(), completed_operations = 9 WHERE id = :'batch'
 RETURNING status, completed_operations;
UPDATE helix.batch_operations SET status = 'running' WHERE operation_id <> 'calendar-prep';
SELECT operation_id, status FROM helix.batch_operations WHERE status = 'running' ORDER BY operation_id;
SELECT status, running_operations, pending_operations, progress_percent FROM helix.get_batch_status(:'batch');
UPDATE helix.batch_operations SET status = 'completed', result = '{"labels": 3}', cost_actual = 0.02,
       executed_at = '2026-01-02 03:04Z'
 WHERE operation_id = 'email-classify' RETURNING status, result, cost_actual, executed_at;
SELECT helix.increment_batch_completed(:'batch');
UPDATE helix.batch_operations SET status = 'failed', error_message = 'no model', cost_actual = 0.005
 WHERE operation_id = 'email-respond' RETURNING status, error_message, executed_at IS NOT NULL AS dated;
SELECT helix.increment_batch_failed(:'batch');
SELECT * FROM seen;
UPDATE helix.batch_operations SET cost_actual = 0.03 WHERE operation_id = 'email-classify';
UPDATE helix.batch_operations SET status = 'running' WHERE operation_id = 'email-classify';
UPDATE helix.batch_operations SET status = 'failed' WHERE operation_id = 'email-classify';
UPDATE helix.batch_operations SET status = 'skipped', error_message = 'not needed' WHERE operation_id = 'calendar-prep';
UPDATE helix.operation_batches SET status = 'queued' WHERE id = :'batch';
UPDATE helix.operation_batches SET status = 'partial_failure', total_cost_actual = 7 WHERE id = :'batch';
SELECT * FROM seen;
UPDATE helix.operation_batches SET status = 'running' WHERE id = :'batch';
UPDATE helix.operation_batches SET status = 'partial_failure', description = 'of today', completed_at = '2026-01-02'
 WHERE id = :'batch' RETURNING description, completed_at;
INSERT INTO helix.batch_operations (batch_id, operation_id) VALUES (:'batch', 'calendar-prep');
SELECT sum(cost_usd) FROM helix.executions;

-- Cancelled: by its row, or by the function.
INSERT INTO helix.operation_batches (user_id, name) VALUES (:alice, 'one'), (:alice, 'two'), (:alice, 'empty');
INSERT INTO helix.batch_operations (batch_id, operation_id) SELECT id, 'calendar-prep' FROM helix.operation_batches
 WHERE name IN ('one', 'two');
UPDATE helix.operation_batches SET status = 'cancelled', cancelled_at = now(), cancel_reason = 'not today' WHERE name = 'one';
UPDATE helix.operation_batches SET status = 'running' WHERE name = 'two';
SELECT helix.cancel_batch(id, 'nor this') FROM helix.operation_batches WHERE name = 'two';
SELECT * FROM seen WHERE name <> 'mail' ORDER BY name;
SELECT b.name, o.status, o.error_message FROM helix.operation_batches b JOIN helix.batch_operations o ON o.batch_id = b.id
 WHERE b.name <> 'mail' ORDER BY 1;
UPDATE helix.operation_batches SET status = 'running', cancelled_at = NULL WHERE name = 'two';
SELECT b.status, s.progress_percent FROM helix.operation_batches b, LATERAL helix.get_batch_status(b.id) s
 WHERE name = 'empty';

-- What makes no sense, and what is another's or helix's.
INSERT INTO helix.operation_batches (user_id, name) VALUES (:bob, 'his');
INSERT INTO helix.operation_batches (name) VALUES ('nobody''s');
INSERT INTO helix.operation_batches (user_id) VALUES (:alice);
INSERT INTO helix.operation_batches (user_id, name) VALUES (:alice, repeat('n', 201));
INSERT INTO helix.operation_batches (user_id, name, status) VALUES (:alice, 'odd', 'begun');
INSERT INTO helix.operation_batches (user_id, name, batch_type) VALUES (:alice, 'odd', 'serial');
INSERT INTO helix.operation_batches (user_id, name, priority) VALUES (:alice, 'odd', 11);
INSERT INTO helix.operation_batches (user_id, name, total_cost_estimated_low) VALUES (:alice, 'odd', 'NaN');
INSERT INTO helix.operation_batches (user_id, name, started_at) VALUES (:alice, 'odd', 'infinity');
INSERT INTO helix.operation_batches (id, user_id, name) VALUES (:'batch', :alice, 'odd');
INSERT INTO helix.batch_operations (batch_id, operation_id) VALUES (gen_random_uuid(), 'calendar-prep');
INSERT INTO helix.operation_batches (user_id, name) VALUES (:alice, 'bounds') RETURNING id AS bounds \gset
INSERT INTO helix.batch_operations (batch_id, operation_id) VALUES (:'bounds', 'calendar-party');
INSERT INTO helix.batch_operations (batch_id, operation_id, status) VALUES (:'bounds', 'calendar-prep', 'success');
INSERT INTO helix.batch_operations (batch_id, operation_id, user_id) VALUES (:'bounds', 'calendar-prep', :bob);
INSERT INTO helix.batch_operations (batch_id, operation_id, cost_actual) VALUES (:'bounds', 'calendar-prep', -1);
INSERT INTO helix.batch_operations (batch_id, operation_id, sequence_order) VALUES (:'bounds', 'calendar-prep', -1);
INSERT INTO helix.batch_operations (batch_id, operation_id, depends_on)
    VALUES (:'bounds', 'calendar-prep', ARRAY['c11e0000-0000-4000-8000-0000000000f1']::uuid[]);
INSERT INTO helix.batch_operations (batch_id, operation_id, depends_on) VALUES (:'bounds', 'calendar-prep', ARRAY[NULL]::uuid[]);
INSERT INTO helix.batch_operations (batch_id, operation_id) SELECT :'bounds', 'calendar-prep' FROM generate_series(1, 1001);
INSERT INTO helix.batch_operations (batch_id, operation_id) SELECT :'bounds', 'calendar-prep' FROM generate_series(1, 1000);
SELECT total FROM seen WHERE name = 'bounds';
UPDATE helix.batch_operations SET batch_id = gen_random_uuid() WHERE sequence_order = 1000;
UPDATE helix.batch_operations SET user_id = :bob WHERE sequence_order = 1000;
UPDATE helix.operation_batches SET user_id = :bob WHERE name = 'bounds';
SELECT helix.create_batch(:alice, 'of helix', 'parallel', '[{"operation_id": "calendar-prep"}]') AS of_helix \gset
INSERT INTO helix.batch_operations (batch_id, operation_id) VALUES (:'of_helix', 'calendar-prep');
UPDATE helix.operation_batches SET status = 'running' WHERE id = :'of_helix';
UPDATE helix.batch_operations SET status = 'completed' WHERE batch_id = :'of_helix';
SELECT helix.start_batch(:'of_helix');
UPDATE helix.batch_operations SET status = 'completed' WHERE batch_id = :'of_helix';
SELECT helix.cancel_batch(:'of_helix');
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000b2';
INSERT INTO helix.batch_operations (batch_id, operation_id) VALUES (:'bounds', 'calendar-prep');
UPDATE helix.operation_batches SET status = 'failed' RETURNING id;
UPDATE helix.batch_operations SET status = 'failed' RETURNING id;
SELECT helix.increment_batch_completed(:'batch');
DELETE FROM helix.operation_batches;
DELETE FROM helix.batch_operations;
RESET ROLE;
DROP VIEW seen;
DELETE FROM helix_internal.operation_batches;
DROP OWNED BY regress_driver, regress_driver_service;
DROP ROLE regress_driver, regress_driver_service;
