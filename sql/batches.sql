-- Batches: operations with dependencies, from the draft to the last of them.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE ROLE regress_batch_user;
CREATE ROLE regress_batch_service;
SELECT helix.grant_api_access('regress_batch_user', 'regress_batch_service');
\set alice '''a11ce000-0000-0000-0000-000000000001'''
\set bob '''b0b00000-0000-0000-0000-000000000002'''

-- Ids differ from run to run.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(public.failure(statement), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g')
$$;
CREATE FUNCTION refused_operations(operations text) RETURNS text LANGUAGE sql AS $$
    SELECT refusal(format('SELECT helix.create_batch(%L, %L, %L, %L)', 'a11ce000-0000-0000-0000-000000000001', 'b', 'parallel',
        operations))
$$;
CREATE FUNCTION refused_batch(name text, type text, rest text) RETURNS text LANGUAGE sql AS $$
    SELECT refusal(format('SELECT helix.create_batch(%L, %L, %L, %L, %s)', 'a11ce000-0000-0000-0000-000000000001', name, type,
                          '[{"operation_id": "email-compose"}]', rest))
$$;
-- One operation of a batch, by its name, claimed and ended.
CREATE FUNCTION claim(number integer) RETURNS SETOF text LANGUAGE sql AS $$
    WITH claimed AS MATERIALIZED (SELECT execution_id, payload FROM helix.claim_executions('w', number))
    SELECT name FROM (
        SELECT o.name FROM claimed c JOIN helix_internal.queue q ON q.id = c.execution_id
          JOIN helix_internal.batch_operations o ON o.id = q.batch_operation_id) c ORDER BY 1
$$;
CREATE FUNCTION finish(batch uuid, operation text, as_what text, cost numeric DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    SELECT helix.complete_execution(o.execution_id, as_what, jsonb_build_object('of', operation), cost,
                                    p_error => CASE WHEN as_what = 'failed' THEN 'it broke' END)
      FROM helix.batch_operations o WHERE o.batch_id = batch AND o.name = operation
$$;
CREATE VIEW operations AS
    SELECT batch_id, sequence_order AS n, name, status, result, error_message AS error, cost_actual AS cost,
           (SELECT array_agg(d.name ORDER BY d.sequence_order) FROM helix.batch_operations d
               WHERE d.id = ANY (o.depends_on)) AS needs,
           execution_id IS NOT NULL AS queued, executed_at IS NOT NULL AS executed
      FROM helix.batch_operations o;
CREATE VIEW batches AS
    SELECT id, name, status, total_operations AS total, completed_operations AS completed, failed_operations AS failed,
           skipped_operations AS skipped, total_cost_actual AS cost, started_at IS NOT NULL AS started,
           completed_at IS NOT NULL AS over, cancel_reason
      FROM helix.operation_batches;

-- A draft: dependencies by name and by position, parameters, limits.
SELECT helix.create_batch(:alice, 'Monday mail', 'conditional', '[
    {"operation_id": "email-classify", "name": "sort", "parameters": {"folder": "inbox"}},
    {"operation_id": "email-respond", "name": "answer", "depends_on": ["sort"]},
    {"operation_id": "calendar-prep", "name": "prepare", "depends_on": [1, "sort"]},
    {"operation_id": "email-compose", "name": "sum up", "depends_on": ["answer", 3], "parameters": null},
    {"operation_id": "task-breakdown", "name": "plan", "depends_on": null}]',
    'all of it', 7, 3, 5) AS monday \gset
SELECT name, description, batch_type, priority, max_concurrency, max_cost_usd, status FROM helix.operation_batches
 WHERE id = :'monday';
SELECT n, name, status, needs, queued FROM operations WHERE batch_id = :'monday' ORDER BY n;
SELECT parameters FROM helix.batch_operations WHERE batch_id = :'monday' ORDER BY sequence_order;
SELECT * FROM claim(10);

-- Started: what depends on nothing can be claimed. It goes from queued to running to its end.
SELECT helix.start_batch(:'monday');
SELECT status, started, over FROM batches WHERE id = :'monday';
SELECT * FROM claim(10);
SELECT triggered_by, priority, operation_id, payload FROM helix.schedule_executions
 WHERE batch_id = :'monday' AND execution_status = 'running' ORDER BY operation_id;
SELECT status, total_operations, running_operations, pending_operations, progress_percent FROM helix.get_batch_status(:'monday');
SELECT finish(:'monday', 'sort', 'success', 0.25);
SELECT * FROM claim(10);
SELECT finish(:'monday', 'answer', 'failed', 0.1);
SELECT n, name, status, error, cost, executed FROM operations WHERE batch_id = :'monday' ORDER BY n;
SELECT status, completed_operations, failed_operations, skipped_operations, running_operations, pending_operations,
       progress_percent,
       total_cost_actual FROM helix.get_batch_status(:'monday');
SELECT finish(:'monday', 'prepare', 'success'), finish(:'monday', 'plan', 'success', 0.000000001);
SELECT name, status, total, completed, failed, skipped, cost, started, over, cancel_reason FROM batches WHERE id = :'monday';
SELECT status, progress_percent, total_cost_actual = total_cost_estimated AS as_estimated FROM helix.get_batch_status(:'monday');
SELECT name, result FROM operations WHERE batch_id = :'monday' ORDER BY n;
SELECT execution_status, count(*) FROM helix.schedule_executions WHERE batch_id = :'monday' GROUP BY 1 ORDER BY 1;
SELECT helix.cancel_batch(:'monday') AS cancelled;

-- Sequential: in order, one at a time, whatever becomes of each.
SELECT helix.create_batch(:alice, 'one by one', 'sequential', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}, {"operation_id": "email-compose", "name": "c"}]', p_start => true) AS sequence
    \gset
SELECT * FROM claim(10);
SELECT * FROM claim(10);
SELECT finish(:'sequence', 'a', 'failed');
SELECT * FROM claim(10);
SELECT finish(:'sequence', 'b', 'skipped');
SELECT * FROM claim(10);
SELECT finish(:'sequence', 'c', 'failed');
SELECT name, status, total, completed, failed, skipped, cost, started, over, cancel_reason FROM batches WHERE id = :'sequence';

-- Parallel, two at once; a failure holds nothing up; a retry keeps its place.
SELECT helix.create_batch(:alice, 'two at once', 'parallel', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}, {"operation_id": "email-compose", "name": "c"},
    {"operation_id": "email-compose", "name": "d", "depends_on": ["a", "b"]}]', p_max_concurrency => 2,
        p_start => true) AS parallel \gset
SELECT * FROM claim(10);
SELECT helix.fail_execution(execution_id, 'again', p_retry_in => '0') FROM helix.batch_operations
 WHERE batch_id = :'parallel' AND name = 'a';
SELECT * FROM claim(10);
SELECT finish(:'parallel', 'a', 'failed');
SELECT * FROM claim(10);
SELECT finish(:'parallel', 'b', 'success'), finish(:'parallel', 'c', 'success');
SELECT * FROM claim(10);
SELECT finish(:'parallel', 'd', 'success');
SELECT name, status, total, completed, failed, skipped, cost, started, over, cancel_reason FROM batches WHERE id = :'parallel';

-- What needs two operations waits for both.
SELECT helix.create_batch(:alice, 'both', 'parallel', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}, {"operation_id": "email-compose", "name": "c", "depends_on": ["a", "b"]}]',
        p_start => true) AS both \gset
SELECT * FROM claim(10);
SELECT finish(:'both', 'b', 'success');
SELECT * FROM claim(10);
SELECT finish(:'both', 'a', 'success');
SELECT * FROM claim(10);
SELECT finish(:'both', 'c', 'success');

-- A cost limit stops what has not begun. What runs goes on.
SELECT helix.create_batch(:alice, 'cheap', 'parallel', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}, {"operation_id": "email-compose", "name": "c"},
    {"operation_id": "email-compose", "name": "d"}]', p_max_cost_usd => 1, p_start => true) AS cheap \gset
SELECT * FROM claim(2);
SELECT finish(:'cheap', 'a', 'success', 1);
SELECT name, status, error FROM operations WHERE batch_id = :'cheap' ORDER BY n;
SELECT finish(:'cheap', 'b', 'success', 0.5);
SELECT name, status, total, completed, failed, skipped, cost, started, over, cancel_reason FROM batches WHERE id = :'cheap';
SELECT helix.create_batch(:alice, 'free', 'parallel', '[{"operation_id": "email-compose"}]', p_max_cost_usd => 0,
    p_start => true) AS free \gset
SELECT status, skipped FROM batches WHERE id = :'free';

-- All attempts of a part count.
SELECT helix.create_batch(:alice, 'again', 'parallel', '[{"operation_id": "email-compose", "name": "a"}]',
    p_start => true) AS again \gset
SELECT * FROM claim(1);
SELECT helix.fail_execution(execution_id, 'first', p_cost_actual => 1, p_retry_in => '0') FROM helix.batch_operations
 WHERE batch_id = :'again';
SELECT * FROM claim(1);
SELECT helix.fail_execution(execution_id, 'second', p_cost_actual => 0.5, p_retry_in => '0') FROM helix.batch_operations
 WHERE batch_id = :'again';
SELECT cost FROM operations WHERE batch_id = :'again';
SELECT * FROM claim(1);
SELECT finish(:'again', 'a', 'success', 1.5);
SELECT name, status, cost FROM operations WHERE batch_id = :'again';
SELECT name, status, cost FROM batches WHERE id = :'again';
-- A failure that passes the limit stops what comes after: the last attempt, and one that would be tried again.
SELECT helix.create_batch(:alice, 'over', 'sequential', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}, {"operation_id": "email-compose", "name": "c"}]', p_max_cost_usd => 1,
        p_start => true) AS over \gset
SELECT * FROM claim(10);
SELECT finish(:'over', 'a', 'failed', 1.25);
SELECT name, status, error, cost FROM operations WHERE batch_id = :'over' ORDER BY n;
SELECT * FROM claim(10);
SELECT name, status, completed, failed, skipped, cost, over FROM batches WHERE id = :'over';
SELECT helix.create_batch(:alice, 'over again', 'sequential', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b"}]', p_max_cost_usd => 1, p_start => true) AS over_again \gset
SELECT * FROM claim(10);
SELECT helix.fail_execution(execution_id, 'too dear', p_cost_actual => 1.25, p_retry_in => '0') FROM helix.batch_operations
 WHERE batch_id = :'over_again' AND name = 'a';
SELECT name, status, error, cost FROM operations WHERE batch_id = :'over_again' ORDER BY n;
SELECT * FROM claim(10);
SELECT name, status, completed, failed, skipped, cost, over FROM batches WHERE id = :'over_again';

-- Cancelling: a draft, a running batch, one operation.
SELECT helix.create_batch(:alice, 'never', 'parallel', '[{"operation_id": "email-compose", "name": "a"}]') AS never \gset
SELECT helix.cancel_batch(:'never', 'not wanted') AS cancelled, helix.cancel_batch(:'never') AS again;
SELECT name, status, error FROM operations WHERE batch_id = :'never';
SELECT refusal(format('SELECT helix.start_batch(%L)', :'never'));
SELECT helix.create_batch(:alice, 'half', 'conditional', '[{"operation_id": "email-compose", "name": "a"},
    {"operation_id": "email-compose", "name": "b", "depends_on": ["a"]}, {"operation_id": "email-compose", "name": "c"},
    {"operation_id": "email-compose", "name": "d", "depends_on": ["b"]},
    {"operation_id": "email-compose", "name": "e", "depends_on": ["c"]}]', p_start => true) AS half \gset
SELECT * FROM claim(10);
SELECT execution_id AS running FROM helix.batch_operations WHERE batch_id = :'half' AND name = 'a' \gset
SELECT helix.cancel_execution(execution_id, 'no need') FROM helix.batch_operations WHERE batch_id = :'half' AND name = 'b';
SELECT name, status, error FROM operations WHERE batch_id = :'half' ORDER BY n;
SELECT refusal(format('SELECT helix.start_batch(%L)', :'half'));
SELECT helix.cancel_batch(:'half', 'enough') AS cancelled;
SELECT name, status, error FROM operations WHERE batch_id = :'half' ORDER BY n;
SELECT name, status, total, completed, failed, skipped, cost, started, over, cancel_reason FROM batches WHERE id = :'half';
SELECT refusal(format('SELECT helix.complete_execution(%L, %L)', :'running', 'success'));
SELECT count(*) AS left_in_the_queue FROM helix_internal.queue;

-- What older clients call does no harm.
SELECT helix.increment_batch_completed(:'half'), helix.increment_batch_failed(:'half');
SELECT completed, failed FROM batches WHERE id = :'half';

-- Refused: the operations.
SELECT refused_operations('{}');
SELECT refused_operations('"text"');
SELECT refused_operations('not json');
SELECT refused_operations('[]');
SELECT refused_operations((SELECT jsonb_agg(jsonb_build_object('operation_id', 'email-compose'))
    FROM generate_series(1, 1001))::text);
SELECT refused_operations('[{"operation_id": "email-compose"}, "email-compose"]');
SELECT refused_operations('[{"operation_id": "email-compose"}, null]');
SELECT refused_operations('[{}]');
SELECT refused_operations('[{"operation_id": 5}]');
SELECT refused_operations('[{"operation_id": "no-such-operation"}]');
SELECT refused_operations('[{"operation_id": "email-compose", "model": "x"}]');
SELECT refused_operations('[{"operation_id": "email-compose", "name": 5}]');
SELECT refused_operations('[{"operation_id": "email-compose", "name": ""}]');
SELECT refused_operations(format('[{"operation_id": "email-compose", "name": "%s"}]', repeat('é', 201)));
SELECT refused_operations(format('[{"operation_id": "email-compose", "name": "%s"}]', repeat('é', 200)));
SELECT refused_operations('[{"operation_id": "email-compose", "parameters": [1]}]');
SELECT refused_operations('[{"operation_id": "email-compose", "name": "a"}, {"operation_id": "email-compose", "name": "a"}]');
SELECT refused_operations('[{"operation_id": "email-compose", "depends_on": "a"}]');
SELECT refused_operations('[{"operation_id": "email-compose", "depends_on": ["a"]}]');
SELECT refused_operations('[{"operation_id": "email-compose", "depends_on": [0]}]');
SELECT refused_operations('[{"operation_id": "email-compose", "depends_on": [2]}]');
SELECT refused_operations('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "depends_on": [1.5]}]');
SELECT refused_operations('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "depends_on": [1e9]}]');
SELECT refused_operations('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "depends_on": [null]}]');
SELECT refused_operations('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "depends_on": [[1]]}]');
SELECT refused_operations('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "depends_on": [2]}]');
SELECT refused_operations('[{"operation_id": "email-compose", "name": "a", "depends_on": ["c"]}, {"operation_id": "email-compose", '
    '"name": "b", "depends_on": [1]},
    {"operation_id": "email-compose", "name": "c", "depends_on": [2]}, {"operation_id": "email-compose"}]');

-- Refused: the batch.
SELECT refused_batch('b', 'serial', $$''$$);
SELECT refused_batch('', 'parallel', $$''$$);
SELECT refused_batch(repeat('é', 201), 'parallel', $$''$$);
SELECT refused_batch(repeat('é', 200), 'parallel', $$NULL, NULL$$);
SELECT refused_batch('b', 'parallel', $$'', 0$$);
SELECT refused_batch('b', 'parallel', $$'', 11$$);
SELECT refused_batch('b', 'parallel', $$'', 5, 0$$);
SELECT refused_batch('b', 'parallel', $$'', 5, 1, -0.01$$);
SELECT refused_batch('b', 'parallel', $$'', 5, 1, 'NaN'$$);
SELECT refused_batch('b', 'parallel', $$'', 5, 1, 'Infinity'$$);
SELECT refused_batch(NULL, 'parallel', $$''$$), refused_batch('b', NULL, $$''$$), refused_operations(NULL);
SELECT refusal($$SELECT helix.create_batch(NULL, 'b', 'parallel', '[]')$$);
SELECT refusal(format('SELECT helix.%s(%L)', f, '00000000-0000-0000-0000-00000000dead'))
  FROM unnest('{start_batch,cancel_batch,increment_batch_completed,increment_batch_failed}'::text[]) f;
SELECT refusal(format('SELECT helix.%s(NULL)', f))
  FROM unnest('{start_batch,cancel_batch,increment_batch_completed,increment_batch_failed}'::text[]) f;
SELECT count(*) FROM helix.get_batch_status('00000000-0000-0000-0000-00000000dead');

-- Many dependencies of one operation.
SELECT helix.create_batch(:alice, 'wide', 'parallel',
    (SELECT jsonb_agg(jsonb_build_object('operation_id', 'email-compose', 'depends_on',
    CASE WHEN i = 1000 THEN (SELECT jsonb_agg(j) FROM generate_series(1, 999) j) ELSE '[]' END) ORDER BY i)
        FROM generate_series(1, 1000) i)) AS wide \gset
SELECT cardinality(depends_on) FROM helix.batch_operations WHERE batch_id = :'wide' AND sequence_order = 1000;
SELECT helix.cancel_batch(:'wide');
-- 10,000 dependencies, and one more; that all depend on all before them is refused at once.
CREATE FUNCTION layers(p_more jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('operation_id', 'email-compose', 'depends_on', CASE WHEN i <= 100 THEN '[]' WHEN i <= 200
               THEN (SELECT jsonb_agg(j) FROM generate_series(1, 100) j) ELSE p_more END) ORDER BY i)
               FROM generate_series(1, 201) i $$;
SELECT helix.create_batch(:alice, 'layers', 'parallel', layers('[]')) AS layers \gset
SELECT helix.cancel_batch(:'layers');
SELECT sum(cardinality(o.depends_on)) FROM helix.batch_operations o JOIN helix.operation_batches b ON b.id = o.batch_id
 WHERE b.name = 'layers';
SELECT refusal($$SELECT helix.create_batch('a11ce000-0000-0000-0000-000000000001', 'layers', 'parallel', layers('[1]'))$$);
SELECT refusal($$SELECT helix.create_batch('a11ce000-0000-0000-0000-000000000001', 'all', 'parallel',
    (SELECT jsonb_agg(jsonb_build_object('operation_id',
    'email-compose', 'depends_on', (SELECT jsonb_agg(k) FROM generate_series(1, i - 1) k)) ORDER BY i)
        FROM generate_series(1, 1000) i))$$);
DROP FUNCTION layers;

-- An operation that is renamed while it is in a draft and while it runs, and one that goes: the batch ends, and its cost counts.
INSERT INTO helix.operations (operation_id, name) VALUES ('draft-name', 'A part'), ('later-name', 'Taken'), ('vanishing', 'Goes');
SELECT helix.create_batch(:alice, 'renamed', 'sequential', '[{"operation_id": "draft-name"}, {"operation_id": "draft-name"}]')
    AS renamed \gset
SELECT refusal($$DELETE FROM helix.operations WHERE operation_id = 'draft-name'$$);
SELECT refusal($$UPDATE helix.operations SET operation_id = 'later-name' WHERE operation_id = 'draft-name'$$) ~ '^23505' AS taken;
DELETE FROM helix.operations WHERE operation_id = 'later-name';
UPDATE helix.operations SET operation_id = 'queued-name' WHERE operation_id = 'draft-name';
SELECT helix.start_batch(:'renamed');
SELECT execution_id AS claimed FROM helix.claim_executions('w', 10, p_operations => '{queued-name}') \gset
UPDATE helix.operations SET operation_id = 'running-name' WHERE operation_id = 'queued-name';
SELECT operation_id, status FROM helix.batch_operations WHERE batch_id = :'renamed' ORDER BY sequence_order;
SELECT helix.complete_execution(:'claimed', 'success', p_cost_actual => 0.75);
SELECT helix.complete_execution(execution_id, 'success', p_cost_actual => 0.5)
  FROM helix.claim_executions('w', 10, p_operations => '{running-name}');
SELECT status, total_cost_actual FROM helix.operation_batches WHERE id = :'renamed';
SELECT helix.create_batch(:alice, 'of a passing one', 'sequential',
    '[{"operation_id": "vanishing"}, {"operation_id": "vanishing"}]', p_start => true) AS passing \gset
SELECT execution_id AS claimed FROM helix.claim_executions('w', 10, p_operations => '{vanishing}') \gset
ALTER TABLE helix.operations DISABLE TRIGGER follow_operation;
DELETE FROM helix.operations WHERE operation_id IN ('vanishing', 'running-name');
ALTER TABLE helix.operations ENABLE TRIGGER follow_operation;
SELECT helix.complete_execution(:'claimed', 'success', p_cost_actual => 0.25);
SELECT helix.complete_execution(execution_id, 'failed', p_cost_actual => 1)
  FROM helix.claim_executions('w', 10, p_operations => '{vanishing}');
SELECT status, total_cost_actual FROM helix.operation_batches WHERE id = :'passing';
SELECT operation_id, pg_catalog.sum(cost_usd) FROM helix.executions WHERE operation_id IN ('running-name', 'vanishing') GROUP BY 1
 ORDER BY 1;

-- Two signed-in users: each has his own.
SELECT helix.create_batch(:bob, 'of Bob', 'parallel', '[{"operation_id": "email-compose"}]') AS of_bob \gset
SET ROLE regress_batch_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000001", "role": "authenticated"}';
SELECT helix.create_batch(:alice, 'of Alice', 'parallel', '[{"operation_id": "email-compose", "name": "a"}]') AS of_alice \gset
SELECT count(*) FILTER (WHERE user_id = :alice) > 0 AS own, count(*) FILTER (WHERE user_id <> :alice) AS of_others
  FROM helix.operation_batches;
SELECT count(*) FILTER (WHERE user_id = :alice) > 0 AS own, count(*) FILTER (WHERE user_id <> :alice) AS of_others
  FROM helix.batch_operations;
SELECT count(*) FROM helix.get_batch_status(:'of_bob');
RESET ROLE;
GRANT USAGE ON SCHEMA public TO regress_batch_user, regress_batch_service;
SET ROLE regress_batch_user;
SELECT refusal(format('SELECT helix.create_batch(%L, %L, %L, %L)', :bob, 'b', 'parallel', '[{"operation_id": "email-compose"}]'));
SELECT refusal(format('SELECT helix.%s(%L)', f, :'of_bob'))
  FROM unnest('{start_batch,cancel_batch,increment_batch_completed}'::text[]) f;
SELECT refusal('INSERT INTO helix.operation_batches (name) VALUES (''x'')'), refusal('DELETE FROM helix.operation_batches');
SELECT helix.start_batch(:'of_alice');
SELECT status FROM helix.get_batch_status(:'of_alice');
SELECT helix.cancel_batch(:'of_alice');
SET request.jwt.claims = '{"sub": "b0b00000-0000-0000-0000-000000000002", "role": "authenticated"}';
SELECT name, status FROM helix.operation_batches;
SELECT refusal(format('SELECT helix.cancel_batch(%L)', :'of_alice'));
-- A server acts for both.
RESET ROLE;
RESET request.jwt.claims;
SET ROLE regress_batch_service;
SELECT helix.start_batch(:'of_bob');
SELECT helix.increment_batch_completed(:'of_bob');
SELECT count(DISTINCT user_id) FROM helix.operation_batches;
SELECT helix.cancel_batch(:'of_bob', 'by the server');
RESET ROLE;

DELETE FROM helix_internal.operation_batches;
SELECT count(*) FROM helix_internal.batch_operations;
DELETE FROM helix_internal.schedule_executions;
SELECT helix.grant_api_access('regress_batch_user', 'regress_batch_service');
DROP OWNED BY regress_batch_user, regress_batch_service;
DROP ROLE regress_batch_user, regress_batch_service;
DROP VIEW operations, batches;
DROP FUNCTION refusal, refused_operations, refused_batch, claim, finish;
