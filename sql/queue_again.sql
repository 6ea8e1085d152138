-- What users do with what is queued: progress, retries, batches that call back, grow and are retried.
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
\set alice '''a11ce000-0000-0000-0000-000000000081'''
\set bob '''b0b00000-0000-0000-0000-000000000082'''
\set turns '''5c000000-0000-0000-0000-000000000081'''
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, job_name, overlap)
VALUES (:turns, :alice, 'task-breakdown', 'manual', 'again_turns', 'queue');
-- Claims what is due and ends it as its parameters say; what they do not say succeeds.
CREATE FUNCTION work(p_wish text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
    FOR c IN SELECT * FROM helix.claim_executions('w', 100) ORDER BY payload::text LOOP
        PERFORM helix.complete_execution(c.execution_id, CASE WHEN c.payload ->> 'n' = ANY (string_to_array(p_wish, ','))
            THEN 'failed' ELSE 'success' END, p_cost_actual => 0.25, p_error => 'as wished');
        RETURN NEXT coalesce(c.payload ->> 'n', c.operation_id);
    END LOOP;
END $$;
CREATE FUNCTION part(n text, VARIADIC needs text[] DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('operation_id', 'email-compose', 'name', n, 'parameters', jsonb_build_object('n', n),
        'depends_on', to_jsonb(needs)) $$;
CREATE VIEW parts AS SELECT b.name AS batch, o.sequence_order AS no, o.name, o.status, o.cost_actual AS cost
  FROM helix.batch_operations o JOIN helix.operation_batches b ON b.id = o.batch_id
 WHERE b.user_id = 'a11ce000-0000-0000-0000-000000000081' ORDER BY b.created_at, 2;

-- Progress: shown while it runs and waits, until another one comes.
SELECT helix.enqueue_execution(NULL, p_user_id => :alice, p_operation_id => 'email-compose') AS job \gset
SELECT count(*) FROM helix.claim_executions('w');
SELECT helix.heartbeat_execution(:'job', 1, p_progress => '{"done": 3, "of": 10}') > now() AS held;
SELECT helix.heartbeat_execution(:'job', 1) > now() AS held;
SELECT progress FROM helix.schedule_executions WHERE id = :'job';
SELECT refusal(format('SELECT helix.heartbeat_execution(%L, 1, p_progress => %L)', :'job', to_jsonb(repeat('x', 9000))));
SELECT helix.fail_execution(:'job', 'no', 1, p_retry_in => '0');
SELECT progress FROM helix.schedule_executions WHERE id = :'job';
SELECT helix.cancel_execution(:'job');

-- What has failed or was skipped is queued once more, with its payload; only once.
SELECT helix.enqueue_execution(NULL, 'webhook', '{"n": "x"}', NULL, 7, 'again-1', :alice, 'email-compose') AS job \gset
SELECT refusal(format('SELECT helix.retry_execution(%L)', :'job')) AS pending;
SELECT work('x');
SELECT helix.retry_execution(:'job') AS again \gset
SELECT operation_id, payload, priority, triggered_by, request_id, attempt FROM helix.schedule_executions WHERE id = :'again';
SELECT retried_as = :'again' AS linked FROM helix.schedule_executions WHERE id = :'job';
SELECT refusal(format('SELECT helix.retry_execution(%L)', :'job')) AS twice;
SELECT helix.enqueue_execution(NULL, 'webhook', '{"n": "x"}', NULL, 7, 'again-1', :alice, 'email-compose') = :'again' AS its_id_now;
SELECT helix.cancel_execution(:'again', 'not now');
SELECT helix.retry_execution(:'again') AS third \gset
SELECT work();
SELECT refusal(format('SELECT helix.retry_execution(%L)', :'third')) AS succeeded;
SELECT refusal('SELECT helix.retry_execution(NULL)'), refusal(format('SELECT helix.retry_execution(%L)', :alice));
-- One of a schedule takes its turn.
SELECT helix.enqueue_execution(:turns, p_payload => '{"n": "t1"}') AS one \gset
SELECT work('t1');
SELECT helix.enqueue_execution(:turns, p_payload => '{"n": "t2"}') AS two, helix.retry_execution(:'one') AS again \gset
SELECT work();
SELECT work();
SELECT helix.enqueue_execution(:turns, p_payload => '{"n": "t3"}') AS one \gset
SELECT helix.cancel_execution(:'one');
UPDATE helix.operation_schedules SET enabled = false WHERE id = :turns;
SELECT refusal(format('SELECT helix.retry_execution(%L)', :'one')) AS disabled;

-- A batch calls back once it has ended.
SELECT helix.create_batch(:alice, 'calls', 'conditional', jsonb_build_array(part('a'), part('b', 'a'), part('c', 'b'), part('d')),
    p_priority => 5, p_start => true, p_on_complete => 'analytics-summary') AS batch \gset
SELECT work('b');
SELECT count(*) FROM helix.schedule_executions WHERE operation_id = 'analytics-summary';
SELECT work('b');
SELECT q.user_id = :alice AS alices, q.payload - 'batch_id' AS payload, q.payload ->> 'batch_id' = :'batch' AS same,
       b.on_complete, b.on_complete_execution_id = q.id AS linked
  FROM helix.schedule_executions q, helix.operation_batches b WHERE q.operation_id = 'analytics-summary' AND b.id = :'batch';
SELECT * FROM parts;
SELECT work();
-- Retried: what has failed and what depends on it; then it calls back anew. The cost stays.
SELECT helix.retry_batch(:'batch');
SELECT * FROM parts;
SELECT status FROM helix.operation_batches WHERE id = :'batch';
SELECT work();
SELECT work();
SELECT status, completed_operations, total_cost_actual FROM helix.operation_batches WHERE id = :'batch';
SELECT work();
SELECT count(*), max(payload ->> 'status') FROM helix.schedule_executions WHERE operation_id = 'analytics-summary';
SELECT helix.retry_batch(:'batch') AS nothing_failed;
SELECT refusal(format('SELECT helix.add_to_batch(%L, %L)', :'batch', jsonb_build_array(part('late')))) AS ended;
SELECT refusal(format('SELECT helix.retry_execution(%L)', (SELECT id FROM helix.schedule_executions
    WHERE batch_id = :'batch' AND execution_status = 'failed')));
-- What was cancelled by itself stays so, with what needs it too; cancelled and stopped batches do not go on.
SELECT helix.create_batch(:alice, 'partly', 'conditional', jsonb_build_array(part('a'), part('k'), part('b', 'a'),
    part('ak', 'a', 'k')), p_start => true, p_on_complete => 'analytics-summary') AS partly \gset
SELECT helix.cancel_execution(execution_id) FROM helix.batch_operations WHERE batch_id = :'partly' AND name = 'k';
SELECT work('a');
SELECT helix.retry_batch(:'partly');
SELECT name, status FROM parts WHERE batch = 'partly' ORDER BY no;
SELECT helix.cancel_batch(:'partly', 'enough');
SELECT refusal(format('SELECT helix.retry_batch(%L)', :'partly')) AS cancelled,
       refusal(format('SELECT helix.add_to_batch(%L, %L)', :'partly', jsonb_build_array(part('late')))) AS cancelled;
SELECT payload ->> 'status' AS status, payload ->> 'skipped_operations' AS skipped FROM helix.schedule_executions
 WHERE operation_id = 'analytics-summary' AND execution_status = 'pending';
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
SELECT helix.create_batch(:alice, 'dear', 'sequential', jsonb_build_array(part('a'), part('b')), p_max_cost_usd => 0.25,
    p_start => true) AS dear \gset
SELECT work('a');
SELECT refusal(format('SELECT helix.retry_batch(%L)', :'dear')) AS too_dear;

-- A batch grows: a draft, and one that runs. Names and positions go on behind what it has.
SELECT helix.create_batch(:alice, 'grows', 'conditional', jsonb_build_array(part('a'), part('f'))) AS grows \gset
SELECT refusal(format('SELECT helix.retry_batch(%L)', :'grows')) AS draft;
SELECT cardinality(helix.add_to_batch(:'grows', jsonb_build_array(part('b', 'a'), part('z', 'y'), part('y'))));
SELECT helix.start_batch(:'grows');
SELECT work('f');
SELECT cardinality(helix.add_to_batch(:'grows', jsonb_build_array(part('c', 'a'), part('d', 'b'), part('needs f', 'f'),
    part('needs that', 'needs f'), '{"operation_id": "email-compose", "depends_on": [3, 6]}'::jsonb)));
SELECT name, status FROM parts WHERE batch = 'grows' ORDER BY no;
SELECT work();
SELECT work();
SELECT work();
SELECT name, status FROM parts WHERE batch = 'grows' ORDER BY no;
SELECT helix.create_batch(:alice, 'full', 'sequential', jsonb_build_array(part('a'), part('b')), p_start => true) AS full \gset
SELECT work();
SELECT refusal(format('SELECT helix.add_to_batch(%L, %L)', :'full', operations))
  FROM (VALUES (jsonb_build_array(part('a'))), ('{}'), ('[]'), (jsonb_build_array(part('x', 'nobody'))),
               (jsonb_build_array(part('x', 'y'), part('y', 'x'))), ('[{"operation_id": "no-such"}]'),
               ((SELECT jsonb_agg(part(i::text)) FROM generate_series(1, 999) i))) t (operations);
SELECT refusal(format('SELECT helix.add_to_batch(%L, %L)', :bob, '[]')) AS unknown;
SELECT refusal(format('SELECT helix.create_batch(%L, %L, %L, %L, p_on_complete => %L)', :alice, 'b', 'parallel',
    jsonb_build_array(part('a')), 'no-such')) AS unknown;
SELECT name, status FROM parts WHERE batch = 'full' ORDER BY no;
SELECT helix.cancel_batch(:'full');

-- What a batch will queue follows a new id of its operation, which cannot be deleted before.
BEGIN;
INSERT INTO helix.operations (operation_id, name) VALUES ('again-before', 'x');
SELECT helix.create_batch(:alice, 'renamed', 'parallel', jsonb_build_array(part('a')), p_start => true,
    p_on_complete => 'again-before') AS renamed \gset
UPDATE helix.operations SET operation_id = 'again-after' WHERE operation_id = 'again-before';
SELECT refusal($$DELETE FROM helix.operations WHERE operation_id = 'again-after'$$);
SELECT work();
SELECT work();
-- A shipped operation that gives way to a DBA's own row stays paused.
SELECT helix.pause_queue('task-breakdown');
INSERT INTO helix.operations (operation_id, name) VALUES ('task-breakdown', 'Ours');
SELECT operation_id FROM helix.queue_pauses;
ROLLBACK;

-- A signed-in user: their own.
SELECT helix.enqueue_execution(NULL, p_user_id => :bob, p_operation_id => 'email-compose') AS bobs \gset
SELECT helix.cancel_execution(:'bobs');
CREATE ROLE regress_again_user;
CREATE ROLE regress_again_service;
SELECT helix.grant_api_access('regress_again_user', 'regress_again_service');
GRANT USAGE ON SCHEMA public TO regress_again_user;
SELECT helix.create_batch(:bob, 'bobs', 'parallel', jsonb_build_array(part('a'))) AS bobs_batch \gset
SET ROLE regress_again_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000081", "role": "authenticated"}';
SELECT refusal(format('SELECT helix.retry_execution(%L)', :'bobs')) ~ '^42501' AS bobs,
       refusal(format('SELECT helix.retry_batch(%L)', :'bobs_batch')) ~ '^42501' AS bobs,
       refusal(format('SELECT helix.add_to_batch(%L, %L)', :'bobs_batch', '[]')) ~ '^42501' AS bobs;
RESET ROLE;
RESET request.jwt.claims;
SELECT helix.cancel_batch(:'bobs_batch');
DELETE FROM helix.operation_schedules WHERE id = :turns;
DROP OWNED BY regress_again_user, regress_again_service;
DROP ROLE regress_again_user, regress_again_service;
DROP VIEW parts;
DROP FUNCTION work, part, refusal;
