-- What is stopped does not run: schedules that are disabled or deleted, operations that their user has switched off. What waits,
-- what is retried and what is queued at the same moment ends as skipped, with the reason.
\set VERBOSITY default
\set user '''570bbed0-0000-4000-8000-000000000001'''
\set other '''570bbed0-0000-4000-8000-000000000002'''
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
CREATE FUNCTION pg_temp.claimed(p_worker text DEFAULT 'w') RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT count(*) FROM helix.claim_executions(p_worker, 100) $$;
CREATE VIEW pg_temp.states AS
    SELECT execution_status, error_message, count(*) FROM helix.schedule_executions GROUP BY 1, 2 ORDER BY 1, 2;

-- A schedule that runs one at a time, with one running, is deleted: the others do not run at once.
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, overlap)
    VALUES (:user, 'email-compose', 'manual', 'queue') RETURNING id AS schedule \gset
SELECT count(helix.enqueue_execution(:'schedule')) FROM generate_series(1, 5);
SELECT execution_id AS running FROM helix.claim_executions('w', 10) \gset
DELETE FROM helix.operation_schedules WHERE id = :'schedule';
TABLE pg_temp.states;
SELECT helix.complete_execution(:'running', 'success');
SELECT pg_temp.claimed();
TABLE pg_temp.states;
DELETE FROM helix_internal.schedule_executions;

-- A schedule is disabled: what waits is skipped at once, what runs goes on, and what of it fails is not tried again.
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type)
    VALUES (:user, :user, 'email-compose', 'manual') RETURNING id AS schedule \gset
SELECT count(helix.enqueue_execution(:'schedule', p_run_at => now() + t)) FROM unnest('{0,0,1 hour}'::interval[]) t;
SELECT execution_id AS running FROM helix.claim_executions('w', 1) \gset
BEGIN;
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'schedule';
ROLLBACK;
TABLE pg_temp.states;
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'schedule';
TABLE pg_temp.states;
SELECT helix.fail_execution(:'running', 'model overloaded', p_retry_in => '0');
SELECT pg_temp.claimed();
TABLE pg_temp.states;
SELECT helix.enqueue_execution(:'schedule');
SELECT helix.create_execution_with_lock(:'schedule', :user, 'manual');
DELETE FROM helix_internal.schedule_executions;

-- What was queued at the same moment: neither session has seen the other.
UPDATE helix.operation_schedules SET enabled = true WHERE id = :'schedule';
SELECT count(helix.enqueue_execution(:'schedule')) FROM generate_series(1, 2);
ALTER TABLE helix_internal.operation_schedules DISABLE TRIGGER register_schedule;
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'schedule';
SELECT pg_temp.claimed();
TABLE pg_temp.states;
DELETE FROM helix_internal.schedule_executions;
UPDATE helix.operation_schedules SET enabled = true WHERE id = :'schedule';
SELECT count(helix.enqueue_execution(:'schedule')) FROM generate_series(1, 2);
DELETE FROM helix.operation_schedules WHERE id = :'schedule';
ALTER TABLE helix_internal.operation_schedules ENABLE TRIGGER register_schedule;
SELECT pg_temp.claimed();
TABLE pg_temp.states;
DELETE FROM helix_internal.schedule_executions;

-- A user switches an operation off: what waits of it is skipped, by schedule or not; other operations and users go on.
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type)
    VALUES (:user, :user, 'email-compose', 'manual') RETURNING id AS schedule \gset
SELECT count(helix.enqueue_execution(NULL, p_user_id => u, p_operation_id => o)), count(helix.enqueue_execution(:'schedule'))
  FROM unnest(ARRAY[:user, :other]::uuid[]) u, unnest('{email-compose,email-classify}'::text[]) o;
INSERT INTO helix.user_operation_preferences (user_id, operation_id, enabled) VALUES (:user, 'email-compose', false);
SELECT user_id, operation_id, execution_status, error_message, count(*) FROM helix.schedule_executions GROUP BY 1, 2, 3, 4
 ORDER BY 1, 2;
SELECT helix.create_execution_with_lock(:'schedule', :user, 'manual');
-- What is queued from now on is skipped when it is due, and tells so.
SELECT count(helix.enqueue_execution(:'schedule')) FROM generate_series(1, 2);
SELECT pg_temp.claimed();
SELECT user_id, operation_id, execution_status, error_message, count(*) FROM helix.schedule_executions GROUP BY 1, 2, 3, 4
 ORDER BY 1, 2;
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
-- A retry too, and a part of a batch, whose end moves the batch on.
UPDATE helix.user_operation_preferences SET enabled = true;
SELECT helix.enqueue_execution(NULL, p_user_id => :user, p_operation_id => 'email-compose') AS running \gset
SELECT pg_temp.claimed();
SELECT helix.create_batch(:user, 'parts', 'sequential', '[{"operation_id": "email-compose"}, {"operation_id": "email-classify"}]',
    p_start => true) AS batch \gset
UPDATE helix.user_operation_preferences SET enabled = false;
SELECT helix.fail_execution(:'running', 'model overloaded', p_retry_in => '0');
SELECT pg_temp.claimed();
SELECT pg_temp.claimed();
SELECT operation_id, execution_status, error_message FROM helix.schedule_executions ORDER BY 2, batch_id;
SELECT operation_id, status, error_message FROM helix.batch_operations WHERE batch_id = :'batch' ORDER BY sequence_order;
-- Switched on again, it runs.
UPDATE helix.user_operation_preferences SET enabled = true;
SELECT helix.enqueue_execution(:'schedule') AS again \gset
SELECT pg_temp.claimed();
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
DELETE FROM helix_internal.operation_batches;
DELETE FROM helix.operation_schedules;
DELETE FROM helix.user_operation_preferences;

-- What its schedule may spend in a month counts every attempt, also of what is tried again.
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, max_cost_per_month)
    VALUES (:user, :user, 'email-compose', 'manual', 1) RETURNING id AS schedule \gset
SELECT helix.enqueue_execution(:'schedule') AS dear \gset
SELECT pg_temp.claimed();
SELECT helix.fail_execution(:'dear', 'model overloaded', p_cost_actual => 0.60, p_retry_in => '0');
SELECT helix.get_schedule_month_cost(:user, 'email-compose');
SELECT pg_temp.claimed();
SELECT helix.fail_execution(:'dear', 'model overloaded', p_retry_in => '0');
SELECT pg_temp.claimed();
SELECT helix.fail_execution(:'dear', 'model overloaded', p_cost_actual => 0.5, p_retry_in => '0');
SELECT execution_status, cost_actual FROM helix.schedule_executions WHERE id = :'dear';
SELECT pg_temp.claimed();
SELECT execution_status, attempt, cost_actual, error_message FROM helix.schedule_executions WHERE id = :'dear';
SELECT helix.get_schedule_month_cost(:user, 'email-compose'), helix.get_schedule_month_cost(:user, 'email-classify') AS another;
UPDATE helix.operation_schedules SET max_cost_per_month = 2;
SELECT helix.enqueue_execution(:'schedule') AS twice \gset
SELECT pg_temp.claimed();
SELECT helix.fail_execution(:'twice', 'model overloaded', p_cost_actual => 0.25, p_retry_in => '0');
SELECT pg_temp.claimed();
SELECT helix.complete_execution(:'twice', 'success', p_cost_actual => 0.5);
SELECT execution_status, attempt, cost_actual FROM helix.schedule_executions WHERE id = :'twice';
SELECT helix.get_schedule_month_cost(:user, 'email-compose');
DELETE FROM helix_internal.schedule_executions;
DELETE FROM helix.operation_schedules;

-- The trigger function is one for its table alone.
SELECT helix_internal.stop_operation();
