-- Executions that their client runs: rows of helix.schedule_executions, create_execution_with_lock() by a user.
\set VERBOSITY terse
SET client_min_messages = warning;
\set alice '''c11e0000-0000-4000-8000-0000000000a1'''
\set bob '''c11e0000-0000-4000-8000-0000000000b1'''
CREATE ROLE regress_runner;
CREATE ROLE regress_runner_service;
SELECT helix.grant_api_access('regress_runner', 'regress_runner_service');
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, parameters)
    VALUES (:alice, 'email-compose', 'manual', '{"folder": "inbox"}') RETURNING id AS schedule \gset
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type)
    VALUES (:bob, 'email-classify', 'manual') RETURNING id AS his_schedule \gset
CREATE VIEW seen AS SELECT execution_status, triggered_by, result, error_message, cost_actual, cost_usd, latency_ms, worker,
       started_at IS NOT NULL AS started, completed_at IS NOT NULL AS completed FROM helix.schedule_executions;
GRANT SELECT ON seen TO regress_runner;
CREATE VIEW ledger AS SELECT user_id = 'c11e0000-0000-4000-8000-0000000000a1' AS hers, operation_id, success, cost_usd, latency_ms,
       error FROM helix_internal.executions WHERE user_id::text LIKE 'c11e0000-%1' ORDER BY id;

SET ROLE regress_runner;
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000a1';

-- It runs, and holds the schedule: no other starts, and no worker gets it.
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, triggered_by, cost_estimated_low,
       cost_estimated_high) VALUES (:'schedule', :alice, 'running', 'manual', 0.01, 0.03)
    RETURNING id AS run, execution_status, operation_id, payload, cost_estimated_low, cost_estimated_mid, cost_estimated_high,
              lease_until > now() + interval '50 min' AS held \gset
SELECT :'execution_status' AS status, :'operation_id' AS operation, :'payload' AS payload, :'cost_estimated_low' AS low,
       :'cost_estimated_high' AS high, :'held' AS held;
SELECT helix.schedule_is_running(:'schedule'), running_execution_id = :'run' AS this FROM helix.operation_schedules;
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'running');
SELECT helix.create_execution_with_lock(:'schedule', :alice, 'manual');
RESET ROLE;
SELECT count(*) FROM helix.claim_executions('worker', 10);
SET ROLE regress_runner;

-- What comes with the end is sent with the end.
UPDATE helix.schedule_executions SET cost_usd = 0.02 WHERE id = :'run';
UPDATE helix.schedule_executions SET result = '{}' WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'pending' WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'done' WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'success', cost_usd = -1 WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'success', cost_usd = 1, cost_actual = 2 WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'success', latency_ms = -1 WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'skipped', cost_usd = 1 WHERE id = :'run';
UPDATE helix.schedule_executions SET error_message = 'slow' WHERE id = :'run' RETURNING execution_status, error_message;
UPDATE helix.schedule_executions SET execution_status = 'success', result = '{"sent": 3}', cost_usd = 0.02, latency_ms = 1200,
       error_message = NULL, completed_at = '2001-01-01' WHERE id = :'run'
 RETURNING execution_status, result, cost_actual, cost_usd, latency_ms, error_message, completed_at > '2020-01-01' AS by_the_clock;
-- The same again is taken and changes nothing; the words may change, and nothing else.
UPDATE helix.schedule_executions SET execution_status = 'success', result = '{"sent": 3}', cost_usd = 0.02, latency_ms = 1200
 WHERE id = :'run' RETURNING execution_status, cost_usd;
UPDATE helix.schedule_executions SET result = '{"sent": 4}' WHERE id = :'run' RETURNING result;
UPDATE helix.schedule_executions SET execution_status = 'running' WHERE id = :'run';
UPDATE helix.schedule_executions SET execution_status = 'failed' WHERE id = :'run';
UPDATE helix.schedule_executions SET cost_actual = 0.03 WHERE id = :'run';
UPDATE helix.schedule_executions SET latency_ms = 3 WHERE id = :'run';
UPDATE helix.schedule_executions SET user_id = :bob WHERE id = :'run';
UPDATE helix.schedule_executions SET schedule_id = gen_random_uuid() WHERE id = :'run';
RESET ROLE;
SELECT * FROM ledger;
SET ROLE regress_runner;

-- One that is to come waits for its client alone. Nothing that helix does starts it, and it holds up nothing.
INSERT INTO helix.schedule_executions (id, schedule_id, user_id)
    VALUES ('c11e0000-0000-4000-8000-0000000000e1', :'schedule', :alice) RETURNING execution_status, triggered_by, completed_at;
\set next '''c11e0000-0000-4000-8000-0000000000e1'''
INSERT INTO helix.schedule_executions (id, schedule_id, user_id) VALUES (:next, :'schedule', :alice);
UPDATE helix.schedule_executions SET execution_status = 'pending', cost_usd = 0.1 WHERE id = :next;
UPDATE helix.schedule_executions SET execution_status = 'pending', cost_usd = 0, error_message = 'later' WHERE id = :next
 RETURNING execution_status, error_message;
RESET ROLE;
SELECT count(*) FROM helix.claim_executions('worker', 10);
SELECT helix.create_execution_with_lock(:'schedule', :alice, 'manual') AS held \gset
SET ROLE regress_runner;
UPDATE helix.schedule_executions SET execution_status = 'running' WHERE id = :next;
SELECT helix.complete_execution(:'held', 'failed', NULL, 0.5, 10, p_error => 'no answer');
UPDATE helix.schedule_executions SET execution_status = 'running' WHERE id = :next RETURNING execution_status, id = :next AS same;
UPDATE helix.schedule_executions SET execution_status = 'failed', error_message = 'refused', cost_actual = 0.25 WHERE id = :next;
SELECT * FROM seen ORDER BY cost_actual;

-- One that has ended already, or never ran.
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, triggered_by, error_message)
    VALUES (:'schedule', :alice, 'skipped', 'cron', 'over budget'), (:'schedule', :alice, 'failed', 'cron', 'no model');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, cost_usd, latency_ms, operation_id)
    VALUES (:'schedule', :alice, 'success', 0.125, 5, 'email-compose') RETURNING cost_actual;
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, cost_usd) VALUES (:'schedule', :alice, 'skipped', 1);
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, operation_id)
    VALUES (:'schedule', :alice, 'failed', 'email-classify');
SELECT * FROM seen WHERE execution_status <> 'success' AND cost_actual IS NULL ORDER BY 1;
SELECT execution_count FROM helix.operation_schedules;
SELECT helix.get_schedule_month_cost(:alice, 'email-compose');
RESET ROLE;
SELECT * FROM ledger;

-- Whose it is, what is off, what helix runs.
SET ROLE regress_runner;
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'his_schedule', :bob, 'running');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'his_schedule', :alice, 'running');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'his_schedule', :alice, 'failed');
INSERT INTO helix.schedule_executions (user_id, execution_status) VALUES (:alice, 'failed');
INSERT INTO helix.schedule_executions (schedule_id, execution_status) VALUES (:'schedule', 'failed');
INSERT INTO helix.schedule_executions (schedule_id, user_id, worker) VALUES (:'schedule', :alice, 'me');
INSERT INTO helix.schedule_executions (schedule_id, user_id, triggered_by) VALUES (:'schedule', :alice, 'me');
DELETE FROM helix.schedule_executions;
SELECT helix.create_execution_with_lock(:'his_schedule', :bob, 'manual');
SELECT helix.enqueue_execution(:'schedule') AS queued \gset
UPDATE helix.schedule_executions SET execution_status = 'success' WHERE id = :'queued';
SELECT helix.complete_execution(:'queued', 'success');
RESET ROLE;
SELECT count(*) FROM helix.claim_executions('worker', 10);
SET ROLE regress_runner;
UPDATE helix.schedule_executions SET execution_status = 'success' WHERE id = :'queued';
SELECT helix.complete_execution(:'queued', 'success');
SELECT helix.fail_execution(:'queued', 'mine');
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000b1';
UPDATE helix.schedule_executions SET execution_status = 'success' RETURNING id;
SELECT helix.complete_execution(:'run', 'success');
SELECT helix.complete_execution(gen_random_uuid(), 'success');
SELECT helix.create_execution_with_lock(:'his_schedule', :bob, 'manual') AS his \gset
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000a1';
SELECT helix.complete_execution(:'his', 'success');
SELECT helix.complete_execution(:'run', 'success');
RESET ROLE;
SELECT helix.complete_execution(:'queued', 'success', p_cost_actual => 0.75);
SET ROLE regress_runner;
UPDATE helix.schedule_executions SET result = '{"mine": true}' WHERE id = :'queued';
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'schedule';
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'running');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'pending');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, error_message)
    VALUES (:'schedule', :alice, 'skipped', 'disabled') RETURNING execution_status;
UPDATE helix.operation_schedules SET enabled = true WHERE id = :'schedule';

-- Bounds: how many wait, the result's size, and who may record.
RESET ROLE;
SET helix.max_queued_per_user = 2;
SET ROLE regress_runner;
INSERT INTO helix.schedule_executions (schedule_id, user_id) VALUES (:'schedule', :alice), (:'schedule', :alice);
INSERT INTO helix.schedule_executions (schedule_id, user_id) VALUES (:'schedule', :alice);
SELECT helix.cancel_execution(id, 'not needed') FROM helix.schedule_executions WHERE execution_status = 'pending';
SELECT execution_status, error_message, count(*) FROM helix.schedule_executions WHERE error_message LIKE 'cancelled%' GROUP BY 1, 2;
RESET ROLE;
RESET helix.max_queued_per_user;
ALTER SYSTEM SET helix.allow_self_recording = off;
SELECT pg_reload_conf(), pg_sleep(1);
\c -
SET client_min_messages = warning;
SET ROLE regress_runner;
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000a1';
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'failed');
SELECT helix.create_execution_with_lock(:'schedule', :alice, 'manual') AS run \gset
SELECT helix.complete_execution(:'run', 'success');
UPDATE helix.schedule_executions SET execution_status = 'success' WHERE id = :'run';
SELECT helix.complete_execution(:'run', 'skipped');
RESET ROLE;
ALTER SYSTEM RESET helix.allow_self_recording;
SELECT pg_reload_conf(), pg_sleep(1);
\c -
SET client_min_messages = warning;
SET helix.user_id = 'c11e0000-0000-4000-8000-0000000000a1';

-- A client that is gone: its lease runs out, and the schedule is free again.
SET ROLE regress_runner;
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'running')
    RETURNING id AS run \gset
RESET ROLE;
UPDATE helix_internal.queue SET lease_until = now() - interval '1 s' WHERE id = :'run';
SELECT helix_internal.expire_leases() > 0 AS expired;
SELECT execution_status, error_message, cost_actual FROM helix.schedule_executions WHERE id = :'run';
SET ROLE regress_runner;
UPDATE helix.schedule_executions SET execution_status = 'success', cost_usd = 1 WHERE id = :'run';

-- A service role writes for everyone.
SET ROLE regress_runner_service;
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status) VALUES (:'schedule', :alice, 'running')
    RETURNING id AS run \gset
UPDATE helix.schedule_executions SET execution_status = 'success', cost_usd = 1 WHERE id = :'run' RETURNING cost_actual;
RESET ROLE;
SELECT count(*), sum(cost_usd) FROM ledger WHERE hers;
SELECT helix.complete_execution(:'his', 'skipped');
DROP VIEW seen, ledger;
DELETE FROM helix.operation_schedules;
DROP OWNED BY regress_runner, regress_runner_service;
DROP ROLE regress_runner, regress_runner_service;
