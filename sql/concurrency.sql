-- Limits of running executions: of a key of a user, and of a user. What is at a limit waits for another to end.
DELETE FROM helix_internal.queue;
\set ada '''a11ce000-0000-0000-0000-000000000032'''
\set bob '''b0b00000-0000-0000-0000-000000000032'''
CREATE FUNCTION queue(name text, key text, who uuid DEFAULT 'a11ce000-0000-0000-0000-000000000032',
    priority integer DEFAULT 5, later interval DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN helix.enqueue_execution(NULL, p_payload => to_jsonb(name), p_priority => priority, p_user_id => who,
        p_run_at => now() + later, p_operation_id => 'email-compose', p_concurrency_key => key) IS NOT NULL THEN name END $$;
CREATE FUNCTION claim(most integer DEFAULT 10) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(payload #>> '{}', ' ') FROM helix.claim_executions('w', most) $$;
CREATE FUNCTION job(name text) RETURNS uuid LANGUAGE sql AS $$
    SELECT id FROM helix_internal.queue WHERE payload = to_jsonb(name) $$;
CREATE FUNCTION complete(name text) RETURNS void LANGUAGE sql AS $$
    SELECT helix.complete_execution(job(name), 'success') $$;
CREATE FUNCTION held() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(payload #>> '{}', ' ' ORDER BY payload) FROM helix_internal.queue WHERE held_key IS NOT NULL $$;

-- One at a time of each key, in their order. Another user's key of the same name is another key.
SELECT queue('a' || i, 'k') FROM generate_series(1, 3) i;
SELECT queue('b1', 'k', :bob), queue('other', 'l'), queue('free', NULL);
SELECT claim();
SELECT held(), queue('a4', 'k'), held();
SELECT claim(), attempt, execution_status, concurrency_key FROM helix.schedule_executions WHERE id = job('a2');
-- The next one starts in whatever way one ends.
SELECT complete('a1');
SELECT claim(), held();
SELECT helix.fail_execution(job('a2'), 'no', p_retry_in => '1 hour');
SELECT claim(), held();
SELECT helix.cancel_execution(job('a3'));
SELECT claim(), held();
SELECT queue('a5', 'k'), queue('a6', 'k'), claim();
UPDATE helix_internal.queue SET lease_until = now() - interval '1 s', max_attempts = 1 WHERE id = job('a4');
SELECT helix_internal.expire_leases();
SELECT claim(), held();
-- After the end of its lease the execution is one of those that wait, whichever comes first.
UPDATE helix_internal.queue SET lease_until = now() - interval '1 s' WHERE id = job('a5');
SELECT helix_internal.expire_leases();
SELECT claim() IN ('a5', 'a6') AS one, claim() AS none;
-- The released one is cancelled before a claim: the leases' task finds the next.
SELECT helix.cancel_execution(id) FROM helix_internal.queue WHERE concurrency_key = 'k' AND user_id = :ada AND running;
SELECT queue('a7', 'k'), queue('a8', 'k'), claim(1) IS NOT NULL AS one;
SELECT claim();
SELECT helix.cancel_execution(id) FROM helix_internal.queue WHERE concurrency_key = 'k' AND user_id = :ada AND running;
SELECT helix.cancel_execution(id) FROM helix_internal.queue WHERE user_id = :ada AND held_key IS NULL
   AND concurrency_key = 'k' AND ready_at <= now() AND NOT running;
SELECT helix_internal.expire_leases();
SELECT claim(1) IS NOT NULL AS one;
DELETE FROM helix_internal.queue;

-- A higher priority goes first; rescheduled and paused ones let others pass.
SELECT queue('c1', 'k'), claim();
SELECT queue('c2', 'k'), queue('c3', 'k'), queue('c4', 'k', priority => 9), queue('c5', 'k'), claim(), held();
SELECT helix.reschedule_execution(job('c4'), now() + interval '1 hour');
SELECT complete('c1');
SELECT claim(), held();
SELECT helix.pause_queue('email-compose', :ada), complete('c2'), helix.resume_queue('email-compose', :ada);
SELECT helix_internal.expire_leases();
SELECT claim(), held();
DELETE FROM helix_internal.queue;

-- A skip at the claim makes room for the next.
SELECT queue('d1', 'k'), claim();
SELECT queue('d' || i, 'k') FROM generate_series(2, 4) i;
SELECT claim(), held();
CREATE FUNCTION off(who uuid) RETURNS boolean LANGUAGE sql AS $$
    SELECT (helix.set_operation_preference(who, 'email-compose', p_enabled => false)).enabled $$;
BEGIN;
ALTER TABLE helix.user_operation_preferences DISABLE TRIGGER stop_operation;
SELECT off(:ada);
ALTER TABLE helix.user_operation_preferences ENABLE TRIGGER stop_operation;
COMMIT;
SELECT complete('d1');
SELECT claim(), claim(), claim();
SELECT count(*) FROM helix_internal.queue;
DELETE FROM helix.user_operation_preferences WHERE user_id = :ada;

-- Several of a key, and none of a user beyond theirs.
SET helix.max_running_per_key = 2;
SELECT queue('e' || i, 'k') FROM generate_series(1, 4) i;
SELECT claim(), claim();
SELECT complete('e1'), complete('e2');
SELECT claim();
DELETE FROM helix_internal.queue;
RESET helix.max_running_per_key;
SET helix.max_running_per_user = 2;
SELECT queue('f' || i, CASE WHEN i > 4 THEN 'k' END) FROM generate_series(1, 6) i;
SELECT queue('g1', NULL, :bob);
SELECT claim(), held();
SELECT complete('f1');
SELECT claim(), claim();
SELECT complete('f2');
SELECT complete('f3');
SELECT claim(), claim();
SELECT complete('f4');
SELECT claim();
SELECT complete('f5');
SELECT claim();
-- Without the limit all of them go on.
SELECT queue('f' || i, NULL) FROM generate_series(7, 9) i;
SELECT claim(), held();
RESET helix.max_running_per_user;
SELECT helix_internal.expire_leases();
SELECT claim();
DELETE FROM helix_internal.queue;

-- Thousands of a key cost the claims of others nothing.
SELECT count(queue('h' || i, 'k')) FROM generate_series(1, 2500) i;
SELECT claim(), claim();
SELECT count(held_key), count(turn) FROM helix_internal.queue;
SELECT queue('i1', NULL, :bob), claim();
DELETE FROM helix_internal.queue;

-- A retried execution keeps its key.
SELECT queue('j1', 'k'), claim();
SELECT helix.cancel_execution(job('j1'));
SELECT count(helix.retry_execution(id)) FROM helix.schedule_executions WHERE payload = '"j1"';
SELECT execution_status, concurrency_key FROM helix.schedule_executions WHERE payload = '"j1"' ORDER BY id;
-- Refused: 22023 and 22001.
SELECT queue('k', '');
SELECT queue('k', repeat('k', 201));
SET helix.max_running_per_key = 0;
SET helix.max_running_per_user = -1;
INSERT INTO helix.schedule_executions (user_id, schedule_id, concurrency_key) VALUES (:ada, gen_random_uuid(), 'k');
DROP FUNCTION queue, claim, job, complete, held, off;
DELETE FROM helix_internal.queue;
