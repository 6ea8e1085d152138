-- What users do with what is queued: pausing, resuming, rescheduling.
SET timezone = 'UTC';
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, '')),
        '\m[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}\M', 'ID', 'g');
END $$;
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
\set alice '''a11ce000-0000-0000-0000-000000000071'''
\set bob '''b0b00000-0000-0000-0000-000000000072'''
\set turns '''5c000000-0000-0000-0000-000000000071'''
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, job_name, overlap)
VALUES (:turns, :bob, 'task-breakdown', 'manual', 'control_turns', 'queue');
CREATE FUNCTION claim(number integer DEFAULT 10) RETURNS SETOF jsonb LANGUAGE sql AS
    $$SELECT payload FROM helix.claim_executions('w', number)$$;
CREATE FUNCTION add(p_user uuid, p_operation text, p_payload jsonb, p_priority integer DEFAULT 5) RETURNS uuid LANGUAGE sql AS
    $$SELECT helix.enqueue_execution(NULL, p_user_id => p_user, p_operation_id => p_operation, p_payload => p_payload,
        p_priority => p_priority)$$;
CREATE VIEW waiting AS SELECT payload FROM helix.schedule_executions WHERE execution_status = 'pending' ORDER BY payload;

-- All of it: nothing is claimed, also what is queued meanwhile. Resumed, everything comes in its order.
SELECT add(:alice, 'email-compose', '"a1"') IS NOT NULL AS queued;
SELECT helix.pause_queue(p_reason => 'maintenance') AS paused, helix.pause_queue() AS again;
SELECT user_id, operation_id, reason, by_service FROM helix.queue_pauses;
SELECT add(:bob, 'email-compose', '"b1"', 9) IS NOT NULL AS queued;
SELECT claim();
SELECT count(*) FROM helix.claim_executions('w', p_wait => '20 ms');
SELECT refusal(format('SELECT helix.create_execution_with_lock(%L, %L, %L)', :turns, :bob, 'manual'));
SELECT helix.resume_queue() AS resumed, helix.resume_queue() AS again;
SELECT claim();
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- What runs when all is paused goes on, and what fails waits.
SELECT add(:alice, 'email-compose', '"runs"') AS runs \gset
SELECT add(:alice, 'email-compose', '"fails"') AS fails \gset
SELECT claim();
SELECT helix.pause_queue();
SELECT helix.complete_execution(:'runs', 'success', p_cost_actual => 0.5), helix.fail_execution(:'fails', 'no', p_retry_in => '0');
SELECT claim();
SELECT helix.resume_queue();
SELECT claim();
SELECT helix.cancel_execution(:'fails');

-- One user, one operation, and one operation of a user. What waits already, what comes later, and what was claimed in between.
SELECT count(add(u::uuid, o, to_jsonb(left(u, 1) || ' ' || o))) FROM unnest(ARRAY[:alice, :bob]) u,
    unnest('{email-compose,task-breakdown}'::text[]) o;
SELECT helix.pause_queue('task-breakdown', :alice) AS one_of_alice;
SELECT claim(1);
SELECT count(helix.complete_execution(id, 'success')) FROM helix_internal.queue WHERE running;
SELECT helix.pause_queue(p_user_id => :bob) AS bob;
SELECT count(*) AS waiting FROM waiting;
SELECT claim();
SELECT add(:bob, 'email-compose', '"b late"') IS NOT NULL AS queued;
SELECT add(:alice, 'email-compose', '"a in time"') IS NOT NULL AS queued;
SELECT claim();
SELECT helix.pause_queue('email-compose') AS operation;
SELECT add(:alice, 'email-compose', '"a late"') IS NOT NULL AS queued;
SELECT claim();
SELECT user_id, operation_id, reason, by_service FROM helix.queue_pauses ORDER BY user_id NULLS LAST, operation_id;
-- Each ends by itself, and what another one covers stays.
SELECT helix.resume_queue('task-breakdown', :alice);
SELECT claim();
SELECT helix.resume_queue(p_user_id => :bob);
SELECT claim();
SELECT refusal(format('SELECT helix.create_execution_with_lock(%L, %L, %L)', :turns, :bob, 'manual')) AS another_operation;
SELECT helix.pause_queue('task-breakdown');
SELECT refusal(format('SELECT helix.create_execution_with_lock(%L, %L, %L)', :turns, :bob, 'manual'));
SELECT helix.resume_queue('task-breakdown'), helix.resume_queue('email-compose');
SELECT claim() ORDER BY 1;
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- A claim sets aside what was paused behind its back, and the worker finds what was set aside behind a resume's.
SELECT add(:alice, 'email-compose', to_jsonb(i)) IS NOT NULL AS queued FROM generate_series(1, 3) i;
INSERT INTO helix_internal.queue_pauses (user_id, by_service) VALUES (:alice, false);
SELECT claim(1);
SELECT paused, running, attempt, count(*) FROM helix_internal.queue GROUP BY 1, 2, 3;
TRUNCATE helix_internal.queue_pauses;
SELECT claim(1);
SELECT helix_internal.expire_leases();
SELECT claim() ORDER BY 1;
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- A rollback takes a pause back.
BEGIN;
SELECT helix.pause_queue();
SELECT add(:alice, 'email-compose', '"rolled back"') IS NOT NULL AS queued;
SELECT claim();
ROLLBACK;
SELECT add(:alice, 'email-compose', '"goes on"') IS NOT NULL AS queued;
BEGIN;
SELECT helix.pause_queue(p_user_id => :alice);
SELECT claim();
ROLLBACK;
SELECT claim();
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- One at a time: what is paused keeps its turn.
SELECT count(helix.enqueue_execution(:turns, p_payload => to_jsonb(i))) FROM generate_series(1, 3) i;
SELECT helix.pause_queue(p_user_id => :bob);
SELECT claim();
SELECT count(helix.enqueue_execution(:turns, p_payload => '4'));
SELECT helix.resume_queue(p_user_id => :bob);
SELECT claim();
SELECT helix.pause_queue(p_user_id => :bob);
SELECT helix.complete_execution(running_execution_id, 'success') FROM helix.operation_schedules WHERE id = :turns;
SELECT claim();
SELECT helix.resume_queue(p_user_id => :bob);
SELECT claim();
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- The setting.
SELECT add(:alice, 'email-compose', '"setting"') IS NOT NULL AS queued;
SET helix.queue_paused = on;
SELECT claim();
SELECT user_id, operation_id, reason, by_service, paused_at FROM helix.queue_pauses;
SELECT refusal('SELECT helix.resume_queue()');
SELECT refusal(format('SELECT helix.create_execution_with_lock(%L, %L, %L)', :turns, :bob, 'manual'));
RESET helix.queue_paused;
SELECT claim();
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- Rows of a dump pause all, whoever else paused what; a row that is made now does not.
INSERT INTO helix_internal.queue SELECT (q).* FROM (SELECT jsonb_populate_record(NULL::helix_internal.queue, jsonb_build_object(
    'id', gen_random_uuid(), 'user_id', :alice, 'operation_id', 'email-compose', 'triggered_by', 'manual', 'priority', 5,
    'ready_at', now(), 'run_at', now(), 'running', false, 'reserved', false, 'limited', false,
    'paused', false, 'attempt', 0, 'max_attempts', 5,
    'run_as', 'nobody', 'created_at', created_at)) q FROM (VALUES (now()), (now() - interval '1 day')) t (created_at)) r
 WHERE (q).created_at = now();
SELECT count(*) FROM helix.queue_pauses;
SELECT helix.pause_queue(p_reason => 'the dump''s own');
INSERT INTO helix_internal.queue SELECT (q).* FROM (SELECT jsonb_populate_record(q, jsonb_build_object(
    'id', gen_random_uuid(), 'created_at', now() - interval '1 day')) q FROM helix_internal.queue q) r;
SELECT user_id, operation_id, reason, by_service FROM helix.queue_pauses ORDER BY reason;
SELECT count(*) FROM claim();
SELECT helix.resume_queue();
SELECT count(*) FROM claim();
SET helix.after_restore = run;
INSERT INTO helix_internal.queue SELECT (q).* FROM (SELECT jsonb_populate_record(q, jsonb_build_object(
    'id', gen_random_uuid(), 'running', false)) q FROM helix_internal.queue q WHERE created_at < now() LIMIT 1) r;
RESET helix.after_restore;
SELECT count(*) FROM helix.queue_pauses;
SELECT count(*) FROM claim();
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;

-- Rescheduled: another priority, time, number of attempts; null keeps.
SELECT add(:alice, 'email-compose', '"first"', 5) AS first \gset
SELECT add(:alice, 'email-compose', '"second"', 5) AS second \gset
SELECT helix.reschedule_execution(:'second', p_priority => 9);
SELECT claim(1);
SELECT helix.reschedule_execution(:'first', now() + interval '1 day', p_max_attempts => 1);
SELECT claim();
SELECT run_at - created_at BETWEEN interval '23:59' AND interval '24:01' AS tomorrow, priority FROM helix.schedule_executions
 WHERE id = :'first';
SELECT helix.reschedule_execution(:'first', now() - interval '1 day');
SELECT claim();
SELECT helix.fail_execution(:'first', 'a single attempt');
SELECT refusal(format('SELECT helix.reschedule_execution(%L, now())', :'second'));
SELECT refusal(format('SELECT helix.reschedule_execution(%L, now())', :'first'));
SELECT helix.fail_execution(:'second', 'no', p_retry_in => '1 hour');
SELECT refusal(format('SELECT helix.reschedule_execution(%L, p_max_attempts => 1)', :'second'));
SELECT helix.reschedule_execution(:'second', now(), p_max_attempts => 2);
SELECT claim();
SELECT helix.fail_execution(:'second', 'the last one');
SELECT value, refusal('SELECT helix.reschedule_execution(' || value || ')')
  FROM (VALUES ('NULL'), (quote_literal(:alice)), (quote_literal(:alice) || $$, 'infinity'$$),
               (quote_literal(:alice) || ', p_priority => 11'), (quote_literal(:alice) || ', p_max_attempts => 101'),
               (quote_literal(:alice) || ', p_max_attempts => 0')) t (value);
-- What waits for another keeps waiting, and for its time.
SELECT helix.enqueue_execution(:turns, p_payload => '1') AS one, helix.enqueue_execution(:turns, p_payload => '2') AS two \gset
SELECT helix.reschedule_execution(:'two', now() + interval '1 hour', 10);
SELECT claim();
SELECT helix.complete_execution(:'one', 'success');
SELECT claim();
SELECT helix.reschedule_execution(:'two', now());
SELECT claim();
SELECT helix.complete_execution(:'two', 'success');
SELECT helix.create_batch(:bob, 'timed', 'sequential', '[{"operation_id": "email-compose", "parameters": {"n": 1}},
    {"operation_id": "email-compose", "parameters": {"n": 2}}]', p_start => true) AS timed \gset
SELECT helix.reschedule_execution(execution_id, now() + interval '1 hour') FROM helix.batch_operations
 WHERE batch_id = :'timed' AND sequence_order = 2;
SELECT claim();
SELECT helix.complete_execution(execution_id, 'success')
  FROM helix.batch_operations WHERE batch_id = :'timed' AND status = 'running';
SELECT claim();
SELECT helix.cancel_batch(:'timed');

-- A signed-in user: their own. What a service role has paused they do not resume.
CREATE ROLE regress_control_user;
CREATE ROLE regress_control_service;
SELECT helix.grant_api_access('regress_control_user', 'regress_control_service');
GRANT USAGE ON SCHEMA public TO regress_control_user;
SELECT add(:bob, 'email-compose', '"bobs"') AS bobs \gset
SELECT helix.pause_queue('task-breakdown', p_reason => 'no model'), helix.pause_queue('calendar-prep', :bob);
SET ROLE regress_control_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000071", "role": "authenticated"}';
SELECT refusal('SELECT helix.pause_queue()') AS everything, refusal('SELECT helix.resume_queue()') AS resumed;
SELECT refusal($$SELECT helix.pause_queue('email-compose')$$) AS an_operation;
SELECT refusal($$SELECT helix.pause_queue(p_user_id => 'b0b00000-0000-0000-0000-000000000072')$$) AS bobs;
SELECT refusal($$SELECT helix.resume_queue('calendar-prep', 'b0b00000-0000-0000-0000-000000000072')$$) AS bobs;
SELECT refusal($$SELECT helix.pause_queue('no-such', 'a11ce000-0000-0000-0000-000000000071')$$) AS unknown,
       refusal($$SELECT helix.pause_queue('email-compose', 'a11ce000-0000-0000-0000-000000000071', repeat('r', 1001))$$) AS long;
SELECT helix.pause_queue('email-compose', :alice, 'holidays') AS paused;
SELECT user_id, operation_id, reason, by_service FROM helix.queue_pauses ORDER BY user_id NULLS LAST;
SELECT helix.resume_queue('email-compose', :alice) AS resumed;
SELECT helix.pause_queue(p_user_id => :alice) AS paused;
SELECT refusal(format('SELECT helix.reschedule_execution(%L, now())', :'bobs')) AS bobs;
SELECT add(:alice, 'email-compose', '"mine"') AS mine \gset
SELECT refusal(format('SELECT helix.reschedule_execution(%L, p_priority => 6)', :'mine')) AS too_high;
SELECT helix.reschedule_execution(:'mine', p_priority => 4);
RESET ROLE;
RESET request.jwt.claims;
SELECT helix.pause_queue(p_user_id => :alice, p_reason => 'too fast') AS by_the_service_too;
SET ROLE regress_control_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000071", "role": "authenticated"}';
SELECT refusal(format('SELECT helix.resume_queue(p_user_id => %L)', :alice)) AS not_mine_any_more;
RESET ROLE;
RESET request.jwt.claims;
SELECT helix.resume_queue(p_user_id => :alice), helix.resume_queue('task-breakdown'), helix.resume_queue('calendar-prep', :bob);
SELECT claim() ORDER BY 1;
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
-- A renamed operation stays paused; the pause of one that goes, goes.
INSERT INTO helix.operations (operation_id, name) VALUES ('control-before', 'x');
SELECT helix.pause_queue('control-before');
UPDATE helix.operations SET operation_id = 'control-after' WHERE operation_id = 'control-before';
SELECT operation_id FROM helix.queue_pauses;
DELETE FROM helix.operations WHERE operation_id = 'control-after';
SELECT count(*) FROM helix.queue_pauses;
DELETE FROM helix.operation_schedules WHERE id = :turns;
DROP OWNED BY regress_control_user, regress_control_service;
DROP ROLE regress_control_user, regress_control_service;
DROP VIEW waiting;
DROP FUNCTION claim, add, refusal;
