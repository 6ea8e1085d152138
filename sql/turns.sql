-- Whose turn it is: fair between users within a priority and an operation, and found without reading what others wait for.
DELETE FROM helix_internal.queue;
-- queue(who, count, …): queues executions for a user, and names them in their payload: a1, a2, …
CREATE SEQUENCE a;
CREATE SEQUENCE b;
CREATE SEQUENCE c;
CREATE FUNCTION queue(who text, many integer, operation text DEFAULT 'email-compose', priority integer DEFAULT 5,
    later interval DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(helix.enqueue_execution(NULL, p_payload => to_jsonb(who || nextval(who)), p_priority => priority,
        p_run_at => now() + later, p_operation_id => operation, p_user_id => CASE who
            WHEN 'a' THEN uuid 'a11ce000-0000-0000-0000-000000000031'
            WHEN 'b' THEN uuid 'b0b00000-0000-0000-0000-000000000031'
            ELSE uuid 'ca501000-0000-0000-0000-000000000031' END)) FROM generate_series(1, many) $$;
-- claim(limit, …): the names in the order in which they were claimed; they end.
CREATE FUNCTION claim(most integer, VARIADIC operations text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    WITH claimed AS MATERIALIZED (
        SELECT c.*, row_number() OVER () AS number FROM helix.claim_executions('w', most, p_operations => operations) c),
    ended AS MATERIALIZED (
        SELECT number, payload, helix.complete_execution(execution_id, 'success', p_fencing_token => fencing_token)::text
          FROM claimed)
    SELECT string_agg(payload #>> '{}', ' ' ORDER BY number) FROM ended $$;

-- Who has nothing waiting comes before the second of everybody else, whenever they come.
SELECT queue('a', 5), queue('b', 1), queue('c', 2);
SELECT claim(2);
SELECT queue('b', 1);
SELECT claim(10);
-- In one transaction, and in many.
BEGIN;
SELECT queue('a', 1), queue('a', 1), queue('b', 2);
COMMIT;
SELECT queue('a', 1), queue('c', 1);
SELECT claim(1), claim(1), claim(1), claim(1), claim(1), claim(1), claim(1);
-- A higher priority goes first, and has turns of its own.
SELECT queue('a', 2), queue('b', 1), queue('a', 2, priority => 6), queue('c', 1, priority => 6);
SELECT claim(10);
-- What becomes due later gets its turn then.
SELECT queue('a', 3, later => '0.2 s'), queue('b', 1, later => '0.3 s'), claim(10);
SELECT pg_sleep(0.4);
SELECT queue('c', 1);
SELECT claim(10);

-- Workers of one operation are far behind those of another: a newcomer does not wait for all that was queued before.
SELECT queue('a', 4, 'task-breakdown');
SELECT count(queue('c', 1)), count(claim(1, 'email-compose')) FROM generate_series(1, 40);
SELECT queue('b', 1, 'task-breakdown');
SELECT claim(10, 'task-breakdown');
-- Several operations: by turns, whichever they are of. An unknown one, a null, and one twice do not matter.
SELECT queue('a', 3, 'email-compose'), queue('b', 2, 'task-breakdown'), queue('c', 2, 'email-classify');
SELECT claim(2, 'task-breakdown', NULL, 'email-compose', 'nothing', 'email-compose');
SELECT claim(10, 'task-breakdown', NULL, 'email-compose', 'nothing', 'email-compose');
SELECT claim(10, 'nothing'), claim(10, VARIADIC '{}'), claim(10);

-- Among 20,000 executions of others a claim of one operation reads what it takes.
SET helix.max_queued_per_user = 0;
SELECT queue('a', 20000);
SELECT queue('b', 3, 'task-breakdown'), claim(1, 'task-breakdown');
CREATE FUNCTION entries_read() RETURNS numeric LANGUAGE sql AS $$
    SELECT pg_stat_force_next_flush();
    SELECT pg_stat_clear_snapshot();
    SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relid = 'helix_internal.queue'::regclass $$;
SELECT entries_read() AS before \gset
SELECT entries_read() AS before \gset
SELECT claim(1, 'task-breakdown', 'email-classify'), claim(1, 'email-classify'), claim(1, 'task-breakdown')
  FROM pg_stat_force_next_flush();
SELECT entries_read() - :before BETWEEN 4 AND 60 AS reads_little;
RESET helix.max_queued_per_user;

-- The last of a user leaves the queue: their next one comes behind what they still have.
DELETE FROM helix_internal.queue;
ALTER SEQUENCE a RESTART;
ALTER SEQUENCE b RESTART;
SELECT queue('a', 3);
SELECT helix.cancel_execution(id) FROM helix_internal.queue WHERE payload = '"a3"';
SELECT queue('a', 1), queue('b', 3);
SELECT claim(10);

-- A transaction with an old snapshot cannot wait for what arrives.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM helix.claim_executions('w', p_operations => '{nothing}');
SELECT * FROM helix.claim_executions('w', p_wait => '1 s');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM helix.claim_executions('w', p_wait => '1 s');
ROLLBACK;

DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
DROP FUNCTION queue, claim, entries_read;
DROP SEQUENCE a, b, c;
