-- What one user may queue and schedule: each limit, its setting in the hint, and who may pass it.
SET timezone = 'UTC';
CREATE ROLE regress_limits_user;
CREATE ROLE regress_limits_service;
SELECT helix.grant_api_access('regress_limits_user', 'regress_limits_service');
GRANT USAGE ON SCHEMA public TO regress_limits_user, regress_limits_service;
\set alice '''a11ce000-0000-0000-0000-000000000017'''
\set bob '''b0b00000-0000-0000-0000-000000000017'''
CREATE FUNCTION plain(p_priority integer DEFAULT 5, p_payload jsonb DEFAULT NULL, p_request text DEFAULT NULL) RETURNS text
    LANGUAGE sql AS $$ SELECT format('SELECT helix.enqueue_execution(NULL, %L, %L, NULL, %s, %L, %L, %L)', 'manual', p_payload,
        p_priority,
        p_request, 'a11ce000-0000-0000-0000-000000000017', 'email-compose') $$;
CREATE FUNCTION batch(p_operations jsonb, p_priority integer DEFAULT 5) RETURNS text
    LANGUAGE sql AS $$ SELECT format('SELECT helix.create_batch(%L, %L, %L, %L, p_priority => %s, p_start => true)',
        'a11ce000-0000-0000-0000-000000000017', 'b', 'parallel', p_operations, p_priority) $$;
CREATE FUNCTION schedule(p_expression text) RETURNS text
    LANGUAGE sql AS $$
    SELECT format('INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, cron_expression, enabled)
        VALUES (%L, %L, %L, %L, false)', 'a11ce000-0000-0000-0000-000000000017', 'email-compose', 'cron', p_expression) $$;
SELECT name, setting, unit, context FROM pg_settings WHERE name ~ '^helix\.(max|min)_' ORDER BY 1;

-- Priorities: users up to helix.max_user_priority, services any.
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000017"}';
SET ROLE regress_limits_user;
SELECT public.failure(plain(5)), public.failure(plain(6)), public.failure(batch('[{"operation_id": "email-compose"}]', 10));
RESET ROLE;
SET helix.max_user_priority = 7;
SET ROLE regress_limits_user;
SELECT public.failure(plain(7)), public.failure(plain(8));
SET helix.max_user_priority = 10;
SET ROLE regress_limits_service;
SELECT public.failure(plain(10));

-- Payloads, of executions and of the operations of a batch.
RESET ROLE;
SET helix.max_payload_size = 1024;
SET ROLE regress_limits_service;
SELECT public.failure(plain(5, to_jsonb(repeat('x', 1000)))), public.failure(plain(5, to_jsonb(repeat('x', 1100))));
SELECT public.failure(batch(jsonb_build_array('{"operation_id": "email-compose"}'::jsonb,
    jsonb_build_object('operation_id', 'email-compose', 'parameters', jsonb_build_object('x', repeat('x', 1100))))));

-- Dependencies of a batch.
RESET ROLE;
RESET helix.max_payload_size;
SET helix.max_batch_dependencies = 3;
SELECT public.failure(batch((SELECT jsonb_agg(jsonb_build_object('operation_id', 'email-compose', 'depends_on',
    (SELECT coalesce(jsonb_agg(j), '[]') FROM generate_series(1, i - 1) j))) FROM generate_series(1, n) i)))
    FROM generate_series(3, 4) n;
RESET helix.max_batch_dependencies;

-- What waits or runs, by one user, whoever queues it; a request seen before is answered.
DELETE FROM helix_internal.queue;
SET helix.max_queued_per_user = 20;
SELECT count(public.failure(plain(p_request => 'r' || i))) AS queued FROM generate_series(1, 18) i;
SELECT
    public.failure(batch('[{"operation_id": "email-compose"}, {"operation_id": "email-compose"}, '
    '{"operation_id": "email-compose"}]'));
SET ROLE regress_limits_service;
SELECT public.failure(plain()) FROM generate_series(1, 2);
SELECT public.failure(plain()), public.failure(plain(p_request => 'r1'));
RESET ROLE;
SELECT count(*) FROM helix_internal.queue;
SELECT helix.enqueue_execution(NULL, p_user_id => :bob, p_operation_id => 'email-compose') IS NOT NULL AS of_another;
-- Cron runs are skipped with the reason.
ALTER TABLE helix_internal.operation_schedules DISABLE TRIGGER register_schedule;
INSERT INTO helix_internal.operation_schedules (user_id, operation_id, schedule_type, job_name, cron_expression)
VALUES (:alice, 'email-compose', 'cron', 'limits', '* * * * *');
UPDATE helix_internal.operation_schedules SET next_scheduled_at = '2026-01-05 09:10' WHERE job_name = 'limits';
SELECT helix_internal.run_job('limits', '2026-01-05 09:10:01');
SELECT execution_status, error_message FROM helix.schedule_executions WHERE scheduled_for = '2026-01-05 09:10';
-- What has ended makes room.
SELECT helix.complete_execution(execution_id, 'success') IS NOT NULL AS completed FROM helix.claim_executions('w', 1);
SELECT pg_sleep(1.1);
SELECT public.failure(plain()), public.failure(plain());
SET helix.max_queued_per_user = 0;
SELECT public.failure(plain());
RESET helix.max_queued_per_user;

-- Schedules: how many, by one statement too, and how often.
DELETE FROM helix_internal.operation_schedules;
SET helix.max_schedules_per_user = 3;
SET ROLE regress_limits_user;
SELECT public.failure(schedule('5 seconds')), public.failure(schedule('4 seconds')), public.failure(schedule('* * * * *'));
SELECT public.failure('UPDATE helix.operation_schedules SET cron_expression = ''1 second'' WHERE cron_expression = ''5 seconds''');
SELECT public.failure($$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type)
    SELECT 'a11ce000-0000-0000-0000-000000000017', 'email-compose', 'manual' FROM generate_series(1, 2)$$);
SELECT count(*) FROM helix.operation_schedules;
RESET ROLE;
SET helix.min_schedule_interval = '10 min';
SET ROLE regress_limits_user;
SELECT public.failure(schedule('0,9 3 * * *')), public.failure(schedule('*/10 * * * *'));
RESET ROLE;
SET ROLE regress_limits_service;
SELECT public.failure(schedule('1 second'));
RESET ROLE;
SET helix.max_schedules_per_user = 4;
SET ROLE regress_limits_service;
SELECT public.failure(schedule('1 second'));
SET request.jwt.claims = '';
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type) VALUES (:bob, 'email-compose', 'manual');
UPDATE helix.operation_schedules SET user_id = :alice WHERE user_id = :bob;
RESET ROLE;
RESET helix.max_schedules_per_user;
RESET helix.min_schedule_interval;
RESET helix.max_user_priority;
ALTER TABLE helix_internal.operation_schedules ENABLE TRIGGER register_schedule;
DELETE FROM helix_internal.operation_schedules;
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
DELETE FROM helix_internal.queue_requests;
DELETE FROM helix_internal.operation_batches;
DROP OWNED BY regress_limits_user, regress_limits_service;
DROP ROLE regress_limits_user, regress_limits_service;
DROP FUNCTION plain, batch, schedule;
