-- The execution queue: enqueueing, claiming, completing, failing, cancelling, and every refusal.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
-- refusal(statement): what it raises, with every field; ids that differ from run to run are hidden.
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
-- Nothing of other tests.
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
SELECT coalesce(max(id), 0) AS last_id FROM helix.executions \gset
\set alice '''a11ce000-0000-0000-0000-000000000001'''
\set bob '''b0b00000-0000-0000-0000-000000000002'''
\set one '''5c000000-0000-0000-0000-000000000001'''
\set off '''5c000000-0000-0000-0000-000000000002'''
\set queued '''5c000000-0000-0000-0000-000000000003'''
\set poor '''5c000000-0000-0000-0000-000000000004'''
INSERT INTO helix.operation_schedules
    (id, user_id, operation_id, schedule_type, job_name, enabled, overlap, max_attempts, max_cost_per_month, parameters) VALUES
    (:one, :alice, 'email-compose', 'manual', 'one', true, 'allow', 2, NULL, '{"from": "schedule"}'),
    (:off, :alice, 'email-compose', 'manual', 'off', false, 'allow', 2, NULL, '{}'),
    (:queued, :bob, 'task-breakdown', 'manual', 'queued', true, 'queue', 2, NULL, '{}'),
    (:poor, :bob, 'task-breakdown', 'manual', 'poor', true, 'allow', 2, 0.50, '{}');
-- What a worker sees; ids are not the same twice.
CREATE FUNCTION claim(worker text, number integer DEFAULT 1, operations text[] DEFAULT NULL)
    RETURNS TABLE (operation_id text, payload jsonb, triggered_by text, attempt integer, fencing_token bigint, held boolean)
    LANGUAGE sql AS $$
    SELECT operation_id, payload, triggered_by, attempt, fencing_token, lease_until BETWEEN now() + '4 min'
        AND clock_timestamp() + '5 min'
      FROM helix.claim_executions(worker, number, '5 minutes', operations) $$;
-- Plans made now are of an empty queue.
VACUUM ANALYZE helix_internal.queue;
CREATE VIEW state AS
    SELECT payload, operation_id, execution_status AS status, attempt, worker, result, error_message, cost_actual AS cost,
        latency_ms
      FROM helix.schedule_executions ORDER BY created_at, id;

-- By a schedule: its user, operation, parameters and attempts.
SELECT helix.enqueue_execution(:one) AS first \gset
SELECT helix.enqueue_execution(:one, 'webhook', '{"from": "caller"}', p_priority => 7) AS urgent \gset
SELECT id = :'first' AS first, user_id, operation_id, schedule_id, execution_status, triggered_by, priority, attempt, payload,
       run_at BETWEEN created_at AND clock_timestamp() AS due_now
  FROM helix.schedule_executions ORDER BY priority;
SELECT execution_count, running_execution_id FROM helix.operation_schedules WHERE id = :one;
-- Without one: an operation for a user.
SELECT helix.enqueue_execution(NULL, p_user_id => :alice, p_operation_id => 'calendar-prep', p_payload => '{"from": "nobody"}',
    p_priority => 10) AS top \gset
-- Not due yet.
SELECT helix.enqueue_execution(:one, p_run_at => now() + interval '1 day', p_priority => 10, p_payload => '"tomorrow"') AS tomorrow
    \gset
-- A request id seen before: the first execution, and nothing queued; it is the user's own.
SELECT helix.enqueue_execution(NULL, 'webhook', '"r"', NULL, 1, 'r-1', :alice, 'calendar-prep') AS request \gset
SELECT helix.enqueue_execution(NULL, 'webhook', '"r"', NULL, 1, 'r-1', :alice, 'calendar-prep') = :'request' AS same;
SELECT helix.enqueue_execution(NULL, 'webhook', '"b"', NULL, 1, 'r-1', :bob, 'calendar-prep') <> :'request' AS another_users;
-- The same id for something else is a conflict.
SELECT name, refusal(format($$SELECT helix.enqueue_execution(%s, p_request_id => 'r-1',
    p_user_id => 'a11ce000-0000-0000-0000-000000000001', %s)$$, arguments, rest))
  FROM (VALUES ('payload', 'NULL', $$p_payload => '"other"', p_operation_id => 'calendar-prep'$$),
               ('no payload', 'NULL', $$p_operation_id => 'calendar-prep'$$),
               ('operation', 'NULL', $$p_payload => '"r"', p_operation_id => 'email-compose'$$),
               ('schedule', $$'5c000000-0000-0000-0000-000000000001'$$, $$p_payload => '"r"'$$)) t (name, arguments, rest);
SELECT count(*) FROM helix.schedule_executions;

-- Claimed: the highest priority first, then the oldest; only what was asked for, and no more.
SELECT * FROM claim('w1', 1, ARRAY['email-compose']);
SELECT * FROM claim('w1', 2);
SELECT * FROM claim('w1', 1, '{}');
SELECT * FROM claim('w2', 1000);
SELECT * FROM claim('w2', 1000);
SELECT helix.schedule_is_running(:one) AS running, helix.schedule_is_running(:queued) AS other,
    helix.schedule_is_running(NULL) AS none;
-- The plans of an empty queue serve a full one: never more than the limit.
SELECT count(helix.cancel_execution(id)) AS cancelled FROM helix.schedule_executions WHERE payload IN ('"r"', '"b"');
SELECT count(helix.enqueue_execution(NULL, p_user_id => :bob, p_operation_id => 'calendar-prep', p_payload => to_jsonb(i)))
  FROM generate_series(1, 30) i;
SELECT payload FROM helix.claim_executions('w1', 2);
SELECT execution_status, count(*) FROM helix.schedule_executions WHERE user_id = :bob GROUP BY 1 ORDER BY 1;
SELECT count(helix.cancel_execution(id)) AS cancelled FROM helix.schedule_executions
 WHERE user_id = :bob AND execution_status <> 'skipped';

-- Completed: result, cost and latency are kept, and recorded in the ledger.
SELECT helix.heartbeat_execution(:'first', 1, '1 hour') BETWEEN now() + '59 min' AND clock_timestamp() + '1 hour' AS held;
SELECT helix.complete_execution(:'first', 'success', '{"ok": true}', 0.25, 120, 1);
SELECT helix.complete_execution(:'urgent', 'failed', NULL, 0.10, 80, p_error => 'no luck');
SELECT helix.complete_execution(:'top', 'success', p_latency_ms => 900, p_model => 'claude-sonnet-4-5', p_input_tokens => 1000,
    p_cached_input_tokens => 10000, p_output_tokens => 100);
SELECT * FROM state WHERE jsonb_typeof(payload) <> 'number';
SELECT operation_id, success, latency_ms, cost_usd, model, input_tokens, output_tokens, error FROM helix.executions
 WHERE id > :last_id ORDER BY id;
SELECT refusal(format('SELECT helix.complete_execution(%L, %L)', :'first', 'success'));
SELECT refusal(format('SELECT helix.fail_execution(%L, %L, 1)', :'first', 'no'));
SELECT refusal(format('SELECT helix.heartbeat_execution(%L, 1)', :'first'));
SELECT helix.cancel_execution(:'first') AS cancelled;

-- Failed: pending again until no attempt is left. Every attempt is recorded.
SELECT helix.enqueue_execution(:one, p_payload => '"again"') AS again \gset
SELECT refusal(format('SELECT helix.complete_execution(%L, %L)', :'again', 'success')) AS not_claimed;
SELECT refusal(format('SELECT helix.fail_execution(%L, %L)', :'again', 'no')) AS not_claimed;
SELECT * FROM claim('w1');
SELECT helix.fail_execution(:'again', 'first', 1, 0.01, 5);
SELECT run_at BETWEEN now() + '2.5 s' AND clock_timestamp() + '5 s' AS between_2_5_and_5_s, lease_until, worker, error_message
  FROM helix.schedule_executions WHERE id = :'again';
SELECT * FROM claim('w1');
SELECT * FROM helix.cancel_execution(:'again') AS cancelled;
SELECT helix.enqueue_execution(:one, p_payload => '"soon"') AS soon \gset
SELECT * FROM claim('w1');
SELECT helix.fail_execution(:'soon', 'at once', 1, p_cost_actual => 0.015, p_retry_in => '0');
SELECT * FROM claim('w2');
SELECT refusal(format('SELECT helix.complete_execution(%L, %L, p_fencing_token => 1)', :'soon', 'success')) AS late;
SELECT refusal(format('SELECT helix.fail_execution(%L, %L, 1)', :'soon', 'no')) AS late;
SELECT refusal(format('SELECT helix.heartbeat_execution(%L, 1)', :'soon')) AS late;
SELECT refusal(format('SELECT helix.heartbeat_execution(%L, 4294967298)', :'soon')) AS no_such_token;
SELECT helix.fail_execution(:'soon', 'second', 2, 0.02, 6);
-- Nor does an old token fail what may be tried again.
SELECT helix.enqueue_execution(:one, p_payload => '"thrice"') AS thrice \gset
UPDATE helix_internal.queue SET max_attempts = 3 WHERE id = :'thrice';
SELECT * FROM claim('w1');
SELECT helix.fail_execution(:'thrice', 'first', 1, p_retry_in => '0');
SELECT * FROM claim('w2');
SELECT refusal(format('SELECT helix.fail_execution(%L, %L, 1)', :'thrice', 'no')) AS late;
SELECT helix.cancel_execution(:'thrice') AS cancelled;
SELECT helix.enqueue_execution(:one, p_payload => '"idle"') AS idle \gset
SELECT * FROM claim('w1');
SELECT refusal(format('SELECT helix.complete_execution(%L, %L, p_cost_actual => 1)', :'idle', 'skipped')) AS costly;
SELECT refusal(format('SELECT helix.complete_execution(%L, %L, p_latency_ms => -1)', :'idle', 'skipped')) AS negative;
SELECT helix.complete_execution(:'idle', 'skipped', p_cost_actual => 0, p_latency_ms => 1, p_error => 'nothing to do');
SELECT * FROM state WHERE payload IN ('"again"', '"soon"', '"idle"');
-- The pause doubles up to an hour, less a random part up to half.
SELECT helix.enqueue_execution(:one, p_payload => '"pause"') AS pause \gset
SELECT * FROM claim('w1');
CREATE FUNCTION pause(p_id uuid, p_attempt integer) RETURNS interval LANGUAGE plpgsql AS $$
BEGIN
    UPDATE helix_internal.queue SET running = true, attempt = p_attempt, max_attempts = 200 WHERE id = p_id;
    PERFORM helix.fail_execution(p_id, 'no', p_attempt, 0);
    RETURN (SELECT run_at - clock_timestamp() FROM helix_internal.queue WHERE id = p_id);
END $$;
SELECT attempt, most, count(*) AS pauses, count(DISTINCT pause) > 1 AS differ, bool_and(pause <= most) AS short_enough,
       bool_and(pause > most / 2 - interval '1 s') AS long_enough
  FROM (SELECT attempt, least(interval '1 h', interval '5 s' * 2 ^ least(attempt - 1, 20)) AS most,
      pause(:'pause', attempt) AS pause
          FROM unnest('{1, 2, 3, 9, 10, 11, 50, 199}'::integer[]) attempt, generate_series(1, 20)) p
 GROUP BY 1, 2 ORDER BY 1;
SELECT helix.cancel_execution(:'pause') AS cancelled;
SELECT success, latency_ms, cost_usd, error FROM helix.executions
 WHERE id > :last_id AND (cost_usd BETWEEN 0.01 AND 0.02 OR cost_usd = 1) ORDER BY id;

-- A lease that ran out: pending again, or failed after the last attempt.
SELECT helix.enqueue_execution(:one, p_payload => '"lost"') AS lost \gset
SELECT * FROM claim('w1');
SELECT helix_internal.expire_leases() AS too_early;
UPDATE helix_internal.queue SET lease_until = now() - interval '1 s' WHERE id = :'lost';
SELECT helix_internal.expire_leases();
SELECT helix_internal.expire_leases();
SELECT * FROM claim('w2');
UPDATE helix_internal.queue SET lease_until = now() - interval '1 s' WHERE id = :'lost';
SELECT helix_internal.expire_leases();
SELECT * FROM state WHERE payload = '"lost"';

-- Cancelled: pending, running, finished.
SELECT helix.cancel_execution(:'tomorrow', 'not needed') AS cancelled;
SELECT helix.cancel_execution(:'tomorrow') AS cancelled;
SELECT helix.enqueue_execution(:one, p_payload => '"cancelled"') AS cancelled \gset
SELECT * FROM claim('w1');
SELECT helix.cancel_execution(:'cancelled') AS cancelled;
SELECT refusal(format('SELECT helix.complete_execution(%L, %L, p_cost_actual => 1, p_fencing_token => 1)', :'cancelled',
    'success'));
SELECT * FROM state WHERE payload IN ('"tomorrow"', '"cancelled"');
SELECT count(*) AS recorded FROM helix.executions WHERE id > :last_id AND cost_usd = 1;

-- One at a time.
SELECT count(helix.enqueue_execution(:queued, p_payload => to_jsonb(i))) FROM generate_series(1, 2) i;
SELECT * FROM claim('w1', 10);
SELECT * FROM claim('w2', 10);
SELECT helix.complete_execution(running_execution_id, 'success') FROM helix.operation_schedules WHERE id = :queued;
SELECT * FROM claim('w2', 10);
SELECT helix.complete_execution(running_execution_id, 'success') FROM helix.operation_schedules WHERE id = :queued;

-- Held by the caller.
SELECT helix.create_execution_with_lock(:one, :alice, 'manual') AS held \gset
SELECT execution_status, attempt, worker, payload, lease_until BETWEEN now() + '59 min' AND clock_timestamp() + '1 hour' AS held
  FROM helix.schedule_executions WHERE id = :'held';
SELECT running_execution_id = :'held' AS running FROM helix.operation_schedules WHERE id = :one;
SELECT refusal($$SELECT helix.create_execution_with_lock('5c000000-0000-0000-0000-000000000001',
    'a11ce000-0000-0000-0000-000000000001', 'manual')$$);
SELECT refusal($$SELECT helix.create_execution_with_lock('5c000000-0000-0000-0000-000000000001',
    'b0b00000-0000-0000-0000-000000000002', 'manual')$$);
SELECT refusal($$SELECT helix.create_execution_with_lock('5c000000-0000-0000-0000-000000000001',
    'a11ce000-0000-0000-0000-000000000001', 'now')$$);
SELECT refusal($$SELECT helix.create_execution_with_lock(NULL, 'a11ce000-0000-0000-0000-000000000001', 'manual')$$);
SELECT helix.fail_execution(:'held', 'held by nobody else');
SELECT helix.schedule_is_running(:one) AS running;

-- Where the schedule's month is spent, an execution is skipped and says why.
SELECT helix.enqueue_execution(:poor, p_payload => '"dear"') AS dear \gset
SELECT * FROM claim('w1');
SELECT helix.complete_execution(:'dear', 'success', p_cost_actual => 0.50);
SELECT helix.enqueue_execution(:poor, p_payload => '"too dear"') IS NOT NULL AS queued;
SELECT * FROM claim('w1');
SELECT * FROM state WHERE payload IN ('"dear"', '"too dear"');

-- Waiting for something to come.
SELECT count(*) FROM helix.claim_executions('w1', p_wait => '10 ms');

-- Refusals; they change nothing.
SELECT count(*) AS before FROM helix.schedule_executions \gset
SELECT refusal($$SELECT helix.enqueue_execution('5c000000-0000-0000-0000-000000000002')$$) AS disabled;
SELECT refusal($$SELECT helix.enqueue_execution('5c000000-0000-0000-0000-000000000009')$$) AS unknown;
SELECT refusal($$SELECT helix.enqueue_execution(NULL)$$);
SELECT refusal($$SELECT helix.enqueue_execution(NULL, p_user_id => 'a11ce000-0000-0000-0000-000000000001')$$);
SELECT refusal($$SELECT helix.enqueue_execution(NULL, p_user_id => 'a11ce000-0000-0000-0000-000000000001',
    p_operation_id => 'no-such')$$);
SELECT value AS trigger, refusal(format('SELECT helix.enqueue_execution(%L, %L)', '5c000000-0000-0000-0000-000000000001', value))
  FROM (VALUES (NULL), (''), ('Cron'), ('crontab')) t (value);
SELECT value AS priority,
    refusal(format('SELECT helix.enqueue_execution(%L, p_priority => %s)', '5c000000-0000-0000-0000-000000000001', value))
  FROM (VALUES (0), (11), (-2147483648)) t (value);
SELECT value AS run_at,
    refusal(format('SELECT helix.enqueue_execution(%L, p_run_at => %L)', '5c000000-0000-0000-0000-000000000001', value))
  FROM (VALUES ('infinity'), ('-infinity'), ('294276-12-31 23:59:59.999999+00'), ('10000-01-01 00:00+00'),
      ('1969-12-31 23:59:59.999999+00'),
               ('4714-11-24 00:00+00 BC')) t (value);
SELECT length(value),
    refusal(format('SELECT helix.enqueue_execution(%L, p_request_id => %L)', '5c000000-0000-0000-0000-000000000001', value))
  FROM (VALUES (''), (repeat('ä', 201))) t (value);
SELECT helix.cancel_execution(helix.enqueue_execution(:one, p_request_id => repeat('ä', 200))) AS longest;
SELECT value AS arguments, refusal('SELECT * FROM helix.claim_executions(' || value || ')')
  FROM (VALUES ('NULL'), ($$'w', NULL$$), ($$'w', 0$$), ($$'w', 1001$$), ($$'w', 1, NULL$$), ($$'w', 1, '999 ms'$$),
               ($$'w', 1, '1 day 1 ms'$$), ($$'w', 1, '1 month'$$), ($$'w', 1, '-1 s'$$), ($$'w', 1, '1 s', NULL, NULL$$),
               ($$'w', 1, '1 s', NULL, '61 s'$$), ($$'w', 1, '1 s', NULL, '-1 ms'$$)) t (value);
SELECT value AS arguments, refusal('SELECT helix.heartbeat_execution(' || value || ')')
  FROM (VALUES ('NULL, 1'), (quote_literal(:alice) || ', NULL'), (quote_literal(:alice) || ', 1'),
               (quote_literal(:alice) || $$, 1, '0'$$), (quote_literal(:alice) || $$, 1, '25 h'$$)) t (value);
SELECT helix.enqueue_execution(:one, p_payload => '"refused"') AS refused \gset
SELECT * FROM claim('w1');
SELECT value AS arguments, refusal(format('SELECT helix.complete_execution(%s)', replace(value, '$1', quote_literal(:'refused'))))
  FROM (VALUES ($$NULL, 'success'$$), ($$'a11ce000-0000-0000-0000-000000000001', 'success'$$), ('$1, NULL'),
               ($$$1, 'running'$$), ($$$1, 'success', p_cost_actual => -1$$), ($$$1, 'success', p_cost_actual => 'NaN'$$),
               ($$$1, 'success', p_latency_ms => -1$$), ($$$1, 'success', p_model => 'claude-sonnet-4-5', p_output_tokens => -1$$),
               ($$$1, 'success', p_fencing_token => -1$$), ($$$1, 'success', p_fencing_token => 4294967297$$)) t (value);
SELECT value AS arguments, refusal(format('SELECT helix.fail_execution(%s)', replace(value, '$1', quote_literal(:'refused'))))
  FROM (VALUES ($$NULL, 'no'$$), ('$1, NULL'), ($$$1, 'no', p_retry_in => '-1 s'$$), ($$$1, 'no', p_retry_in => '366 days'$$),
               ($$$1, 'no', p_cost_actual => -1$$)) t (value);
SELECT refusal('SELECT helix.cancel_execution(NULL)');
SELECT refusal($$SELECT helix.cancel_execution('a11ce000-0000-0000-0000-000000000001')$$);
SELECT * FROM state WHERE payload = '"refused"';
SELECT helix.cancel_execution(:'refused') AS cancelled, (SELECT count(*) FROM helix.schedule_executions) - :before AS added;
-- A request id is its user's own.
SELECT helix.enqueue_execution(:one, p_request_id => 'shared') AS alices,
    helix.enqueue_execution(:queued, p_request_id => 'shared') AS bobs \gset
SELECT :'alices' <> :'bobs' AS differ, helix.enqueue_execution(:one, p_request_id => 'shared') = :'alices' AS alices,
       helix.enqueue_execution(:queued, p_request_id => 'shared') = :'bobs' AS bobs;
SELECT helix.cancel_execution(:'alices') AS alices, helix.cancel_execution(:'bobs') AS bobs;
-- It is free again once its execution was cancelled or has failed, also for something else. It is not while attempts are left.
SELECT helix.enqueue_execution(:one, p_request_id => 'shared', p_payload => '"anew"') AS anew \gset
SELECT :'anew' <> :'alices' AS a_new_one, helix.enqueue_execution(:one, p_request_id => 'shared') = :'anew' AS same_again,
    refusal($$SELECT helix.enqueue_execution('5c000000-0000-0000-0000-000000000001', p_request_id => 'shared', p_payload => '1')$$);
SELECT * FROM claim('w1');
SELECT helix.fail_execution(:'anew', 'first', 1, p_retry_in => '0');
SELECT helix.enqueue_execution(:one, p_request_id => 'shared', p_payload => '"anew"') = :'anew' AS while_it_is_tried_again;
SELECT * FROM claim('w1');
SELECT helix.fail_execution(:'anew', 'second', 2);
SELECT helix.enqueue_execution(:one, p_request_id => 'shared', p_payload => '"third"') AS third \gset
SELECT :'third' NOT IN (:'anew', :'alices') AS a_new_one;
SELECT * FROM claim('w1');
SELECT helix.complete_execution(:'third', 'success');
SELECT helix.enqueue_execution(:one, p_request_id => 'shared', p_payload => '"third"') = :'third' AS done_once;
DELETE FROM helix_internal.schedule_executions WHERE id = :'third';
SELECT helix.cancel_execution(helix.enqueue_execution(:one, p_request_id => 'shared')) AS forgotten_so_a_new_one;

-- What is stored out of line moves with the row.
SELECT jsonb_agg(md5(n::text)) AS long FROM generate_series(1, 1000) n \gset
SELECT helix.enqueue_execution(:one, p_payload => :'long') AS long_one \gset
SELECT md5(c.payload::text) = md5(:'long') AS as_queued,
    helix.complete_execution(c.execution_id, 'success', :'long', p_fencing_token => c.fencing_token) AS done
  FROM helix.claim_executions('w', 1000) c WHERE c.execution_id = :'long_one';
SELECT execution_status, payload = :'long'::jsonb AS payload, result = :'long'::jsonb AS result,
    pg_column_size(payload) > 8000 AS out_of_line
  FROM helix.schedule_executions WHERE id = :'long_one';
-- An operation is renamed or deleted while its executions wait and run. What is open follows a new id until something is recorded.
INSERT INTO helix.operations (operation_id, name) VALUES ('before', 'Named anew');
INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly) VALUES (:alice, 'before', 50);
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd) VALUES (:alice, 'before', 'day', 20);
SELECT helix.reserve_budget(:alice, 'before', 2) AS reserved \gset
SELECT count(helix.enqueue_execution(NULL, p_user_id => :alice, p_operation_id => 'before')) FROM generate_series(1, 3);
SELECT execution_id AS claimed, fencing_token AS token FROM helix.claim_executions('w', 1, p_operations => '{before}') \gset
SELECT refusal($$DELETE FROM helix.operations WHERE operation_id = 'before'$$) ~ '^23503' AS by_its_budget;
BEGIN;
DELETE FROM helix.budgets WHERE operation_id = 'before';
SELECT refusal($$DELETE FROM helix.operations WHERE operation_id = 'before'$$);
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue WHERE operation_id = 'before';
SELECT refusal($$DELETE FROM helix.operations WHERE operation_id = 'before'$$);
SELECT helix.release_reservation(:'reserved');
DELETE FROM helix.operations WHERE operation_id = 'before';
SELECT refusal($$INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd)
    VALUES ('a11ce000-0000-0000-0000-000000000001', 'before', 'day', 1)$$) ~ '^23503' AS gone;
ROLLBACK;
UPDATE helix.operations SET operation_id = 'after' WHERE operation_id = 'before';
SELECT operation_id, running, count(*) FROM helix_internal.queue WHERE operation_id IN ('before', 'after') GROUP BY 1, 2 ORDER BY 2;
SELECT operation_id, cost_budget_monthly, change_details -> 'new' ->> 'operation_id' AS logged
  FROM helix.user_operation_preferences p
  JOIN (SELECT * FROM helix.preference_audit_log ORDER BY id DESC LIMIT 1) l USING (user_id)
  WHERE operation_id IN ('before', 'after');
SELECT scope, operation_id, reserved_usd > 2 AS both_reservations FROM helix.budget_status(:alice)
 WHERE operation_id IS NOT NULL ORDER BY 1;
SELECT helix.complete_execution(:'claimed', 'success', p_cost_actual => 3.25, p_fencing_token => :token);
SELECT helix.record_operation_execution(:alice, 'after', NULL, true, 1, 1.5, 'openai', p_reservation_id => :'reserved') > 0
    AS settled;
SELECT operation_id, spent_usd FROM helix.budget_status(:alice) WHERE operation_id IS NOT NULL ORDER BY scope COLLATE "C";
SELECT refusal($$UPDATE helix.operations SET operation_id = 'before' WHERE operation_id = 'after'$$);
-- However an operation has gone, as with a DBA's trigger switched off: what was queued ends, and its cost counts.
SELECT execution_id AS claimed, fencing_token AS token FROM helix.claim_executions('w', 1, p_operations => '{after}') \gset
DELETE FROM helix.budgets WHERE operation_id = 'after';
DELETE FROM helix.user_operation_preferences WHERE operation_id = 'after';
ALTER TABLE helix.operations DISABLE TRIGGER follow_operation;
DELETE FROM helix.operations WHERE operation_id = 'after';
ALTER TABLE helix.operations ENABLE TRIGGER follow_operation;
SELECT helix.fail_execution(:'claimed', 'broken', :token, 0.125, p_retry_in => '0');
SELECT helix.complete_execution(execution_id, 'success', p_cost_actual => 0.5, p_fencing_token => fencing_token)
  FROM helix.claim_executions('w', 10, p_operations => '{after}');
SELECT operation_id, success, cost_usd FROM helix.executions WHERE operation_id IN ('before', 'after') ORDER BY id;
SELECT refusal($$SELECT helix.enqueue_execution(NULL, p_user_id => 'a11ce000-0000-0000-0000-000000000001',
    p_operation_id => 'after')$$) ~ '^42704' AS no_new_ones;

-- The first and the last time.
SELECT helix.cancel_execution(helix.enqueue_execution(:one, p_run_at => value::timestamptz)) AS allowed
  FROM (VALUES ('1970-01-01 00:00+00'), ('9999-12-31 23:59:59.999999+00')) t (value);
-- However long an error is, the failure counts: the text is cut between two characters, and says so.
CREATE FUNCTION shown(error text) RETURNS text LANGUAGE sql AS
    $$SELECT octet_length(error) || ' bytes: ' || left(error, 12) || ' ... ' || right(error, 20)$$;
SELECT helix.enqueue_execution(:one) AS wordy \gset
SELECT helix.fail_execution(:'wordy', 'x' || repeat('é', 9501) || 'x', (claim(:'wordy')).fencing_token, 0.25, p_retry_in => '0');
SELECT shown(error_message) FROM helix.schedule_executions WHERE id = :'wordy';
SELECT helix.fail_execution(:'wordy', repeat('🙂', 4751), (claim(:'wordy')).fencing_token, 0.5);
SELECT execution_status, attempt, cost_actual, shown(error_message) FROM helix.schedule_executions WHERE id = :'wordy';
SELECT success, cost_usd, shown(error) FROM helix.executions ORDER BY id DESC LIMIT 2;
SELECT helix.enqueue_execution(:one) AS wordy \gset
SELECT helix.complete_execution(:'wordy', 'failed', NULL, 0.125, p_fencing_token => (claim(:'wordy')).fencing_token,
    p_error => repeat('y', 16385));
SELECT execution_status, cost_actual, shown(error_message) FROM helix.schedule_executions WHERE id = :'wordy';
SELECT helix.enqueue_execution(:one) AS wordy \gset
SELECT helix.cancel_execution(:'wordy', repeat('z', 19004));
SELECT shown(error_message) FROM helix.schedule_executions WHERE id = :'wordy';
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, false, 1, 0.0625, 'openai',
    p_error => e.error) > 0 AS recorded
  FROM (VALUES (repeat('w', 16384)), (repeat('w', 1000000))) e (error);
SELECT success, cost_usd, shown(error) FROM helix.executions ORDER BY id DESC LIMIT 2;
DROP FUNCTION shown;
-- C++ writes these by the order of their columns: src/queue/enqueue.cpp, src/queue/history.cpp, src/webhooks/event.cpp.
SELECT relation, string_agg(attname, ' ' ORDER BY attnum)
  FROM pg_attribute a, unnest(ARRAY['queue', 'schedule_executions', 'webhook_events']) relation
 WHERE attrelid = ('helix_internal.' || relation)::regclass AND attnum > 0 GROUP BY 1 ORDER BY 1;

-- A signed-in user: his own, and he does not work on them.
CREATE ROLE regress_helix_user;
CREATE ROLE regress_helix_service;
SELECT helix.grant_api_access('regress_helix_user', 'regress_helix_service');
GRANT USAGE ON SCHEMA public TO regress_helix_user;
SET ROLE regress_helix_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000001", "role": "authenticated"}';
SELECT helix.enqueue_execution(:one, p_payload => '"mine"') AS mine \gset
SELECT refusal($$SELECT helix.enqueue_execution('5c000000-0000-0000-0000-000000000003')$$) AS bobs;
SELECT refusal($$SELECT helix.enqueue_execution(NULL, p_user_id => 'b0b00000-0000-0000-0000-000000000002',
    p_operation_id => 'email-compose')$$) AS for_bob;
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE user_id <> :alice) AS others FROM helix.schedule_executions;
SELECT refusal($$SELECT * FROM helix.claim_executions('me')$$);
SELECT refusal(format('SELECT helix.complete_execution(%L, %L)', :'mine', 'success'));
SELECT refusal(format('SELECT helix.cancel_execution(%L)', :'dear')) AS bobs;
SELECT helix.cancel_execution(:'mine') AS cancelled;
RESET ROLE;
RESET request.jwt.claims;
DROP OWNED BY regress_helix_user, regress_helix_service;
DROP ROLE regress_helix_user, regress_helix_service;
DROP VIEW state;
DROP FUNCTION claim, pause, refusal;
