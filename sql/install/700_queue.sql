-- The execution queue. An unfinished execution is a row of helix_internal.queue. Finishing moves the row to the history.
-- helix.schedule_executions shows both.
-- Neither table has a CHECK: each statement would read its expression anew. Only C++ writes them, with fixed words and checked
-- numbers.
CREATE TABLE helix_internal.queue (
    id                  uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    schedule_id         uuid,
    batch_id            uuid,
    batch_operation_id  uuid,
    triggered_by        text        NOT NULL,
    priority            smallint    NOT NULL,
    ready_at            timestamptz NOT NULL,
    run_at              timestamptz NOT NULL,
    turn                bigint,
    running             boolean     NOT NULL DEFAULT false,
    reserved            boolean     NOT NULL DEFAULT false,
    limited             boolean     NOT NULL DEFAULT false,
    paused              boolean     NOT NULL DEFAULT false,
    attempt             integer     NOT NULL DEFAULT 0,
    max_attempts        integer     NOT NULL,
    worker              text,
    lease_until         timestamptz,
    started_at          timestamptz,
    scheduled_for       timestamptz,
    request_id          text,
    concurrency_key     text,
    held_key            text,
    last_error          text,
    earlier_cost_usd    numeric,
    run_as              name        NOT NULL,
    payload             jsonb,
    created_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    headers             jsonb,
    cost_estimates      numeric[],
    progress            jsonb
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
-- Claiming changes no indexed column, so the row stays in its page (HOT). The page is half empty for that, since a claim takes
-- many of its rows at once. That is why nothing else is indexed. An index costs each insert some 7,000 instructions, also where
-- the row is not in it. So few of them answer several questions each.
-- Turns are positive. Only who claims any operation says so: else the planner may read all for one operation.
CREATE INDEX queue_turn ON helix_internal.queue (priority, turn) WHERE turn > 0;
CREATE INDEX queue_operation ON helix_internal.queue (operation_id, priority, turn) WHERE turn IS NOT NULL;
CREATE INDEX queue_later ON helix_internal.queue (priority, ready_at) WHERE turn IS NULL AND held_key IS NULL AND NOT paused;
-- What is paused, and what waits at a limit of running executions.
CREATE INDEX queue_held ON helix_internal.queue (paused, user_id, held_key, priority DESC, ready_at)
    WHERE paused OR held_key IS NOT NULL;
-- Those that run and are counted; what such a limit may hold.
CREATE INDEX queue_limited ON helix_internal.queue (user_id, limited, concurrency_key)
    WHERE limited OR (concurrency_key IS NOT NULL AND turn IS NOT NULL);
-- A schedule's: first those whose attempts have cost something, last those that wait for others.
CREATE INDEX queue_schedule ON helix_internal.queue (schedule_id, earlier_cost_usd, ready_at, run_at)
    WHERE schedule_id IS NOT NULL;
CREATE INDEX queue_batch ON helix_internal.queue (batch_id) WHERE batch_id IS NOT NULL;
-- To count a user's executions up to helix.max_queued_per_user, and to find their last turn.
CREATE INDEX queue_user ON helix_internal.queue (user_id, priority, turn);
COMMENT ON TABLE helix_internal.queue IS
    'Executions that wait or run. ready_at is when it may run; infinity: something else has to finish first. turn is the place '
    'in the queue, given at that time; null: not yet. No claim meets what is paused. Where held_key is not null, it waits at a '
    'limit of running executions: the user''s (empty), or that of the key. limited: it is counted there while it runs. The column '
    'attempt counts the claims, and is the fencing token of the latest. Where reserved is true, the execution may hold a '
    'reservation of its user''s budgets, under its own id. The attempts that have failed so far have cost earlier_cost_usd. '
    'Handlers run as the role run_as.';

CREATE TABLE helix_internal.schedule_executions (
    id                  uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    schedule_id         uuid,
    batch_id            uuid,
    batch_operation_id  uuid,
    execution_status    text        NOT NULL,
    triggered_by        text        NOT NULL,
    priority            smallint    NOT NULL,
    attempt             integer     NOT NULL,
    worker              text,
    run_at              timestamptz NOT NULL,
    scheduled_for       timestamptz,
    request_id          text,
    payload             jsonb,
    result              jsonb,
    error_message       text,
    cost_actual         numeric, -- of all attempts, as the ledger has them
    latency_ms          integer,
    created_at          timestamptz NOT NULL,
    started_at          timestamptz,
    completed_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    cost_estimates      numeric[],
    run_as              text,
    retried_as          uuid,
    concurrency_key     text
);
CREATE INDEX idx_schedule_exec_cost ON helix_internal.schedule_executions (schedule_id, created_at DESC, cost_actual)
    WHERE schedule_id IS NOT NULL;
CREATE INDEX idx_schedule_exec_user_status ON helix_internal.schedule_executions (user_id, execution_status, created_at DESC);
CREATE INDEX schedule_executions_completed_at ON helix_internal.schedule_executions USING brin (completed_at)
    WITH (autosummarize = on);
COMMENT ON TABLE helix_internal.schedule_executions IS
    'Finished executions, and pending ones that their client runs, kept for helix.execution_retention. Of a pending one '
    'completed_at is when it was created.';

CREATE TABLE helix_internal.queue_requests (
    user_id      uuid        NOT NULL,
    request_id   text        NOT NULL,
    execution_id uuid        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX queue_requests_requested_at ON helix_internal.queue_requests USING brin (requested_at) WITH (autosummarize = on);
COMMENT ON TABLE helix_internal.queue_requests IS
    'Request ids of enqueue_execution() and what they stand for, kept for helix.execution_retention';

ALTER TABLE helix_internal.queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.queue FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.queue USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.schedule_executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.schedule_executions FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.schedule_executions USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.queue_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.queue_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.queue_requests USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

CREATE VIEW helix.schedule_executions WITH (security_invoker = true) AS
    SELECT q.id, q.user_id, q.operation_id, q.schedule_id, q.batch_id,
           CASE WHEN q.running THEN 'running' ELSE 'pending' END AS execution_status,
           NULL::jsonb AS result, q.last_error AS error_message,
           q.cost_estimates[1] AS cost_estimated_low, q.cost_estimates[2] AS cost_estimated_mid,
           q.cost_estimates[3] AS cost_estimated_high, q.earlier_cost_usd AS cost_actual, NULL::integer AS latency_ms,
           q.triggered_by, q.priority, q.attempt, q.worker,
           q.request_id, q.payload, q.run_at, q.scheduled_for, q.lease_until, q.created_at, q.started_at,
           NULL::timestamptz AS completed_at, q.earlier_cost_usd AS cost_usd, q.progress,
           NULL::uuid AS retried_as, q.headers, q.concurrency_key
      FROM helix_internal.queue q
    UNION ALL
    SELECT e.id, e.user_id, e.operation_id, e.schedule_id, e.batch_id, e.execution_status, e.result, e.error_message,
           e.cost_estimates[1], e.cost_estimates[2], e.cost_estimates[3], e.cost_actual, e.latency_ms, e.triggered_by,
           e.priority, e.attempt, e.worker, e.request_id, e.payload, e.run_at, e.scheduled_for, NULL::timestamptz,
           e.created_at, e.started_at, CASE WHEN e.execution_status <> 'pending' THEN e.completed_at END, e.cost_actual,
           NULL::jsonb, e.retried_as, NULL::jsonb, e.concurrency_key
      FROM helix_internal.schedule_executions e;
COMMENT ON VIEW helix.schedule_executions IS
    'The executions that the caller may see: pending and running ones, and finished ones (success, failed, skipped) for '
    'helix.execution_retention. Costs are in USD and of all attempts, latency is in ms and of the last one; cost_usd is '
    'cost_actual. A skipped one has its reason in error_message. Clients insert and update executions that they run themselves. '
    'Nobody claims those, and their cost is recorded once, when they end. headers: those of a webhook''s call that its scheme '
    'keeps, until the execution ends; then they are in helix.webhook_events.';
CREATE FUNCTION helix_internal.write_client_execution() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_write_client_execution';
COMMENT ON FUNCTION helix_internal.write_client_execution() IS
    'Runs instead of writing into the view: an execution of a schedule that its client runs. Errors: 42501 another user''s; P0002 '
    'unknown schedule; HX002 the schedule is running; 55000 the schedule or the operation is off, helix runs the execution, or it '
    'has ended; 0A000 a column that cannot change; and those of record_operation_execution.';
CREATE TRIGGER write_client_execution INSTEAD OF INSERT OR UPDATE ON helix.schedule_executions
    FOR EACH ROW EXECUTE FUNCTION helix_internal.write_client_execution();

-- Some functions have no SET search_path: they are called often, and look up no name by it (pg/spi.hpp sets its own).
CREATE FUNCTION helix.enqueue_execution(
    p_schedule_id uuid, p_triggered_by text DEFAULT 'manual', p_payload jsonb DEFAULT NULL, p_run_at timestamptz DEFAULT NULL,
    p_priority integer DEFAULT 5, p_request_id text DEFAULT NULL, p_user_id uuid DEFAULT NULL, p_operation_id text DEFAULT NULL,
    p_concurrency_key text DEFAULT NULL)
    RETURNS uuid LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_enqueue_execution';
COMMENT ON FUNCTION helix.enqueue_execution(uuid, text, jsonb, timestamptz, integer, text, uuid, text, text) IS
    'Queues an execution and returns its id. It is one of a schedule or, where p_schedule_id is null, of p_operation_id for '
    'p_user_id. p_triggered_by is cron, webhook or manual. Null stands for the schedule''s parameters in p_payload, and for now '
    'in p_run_at. p_priority is 1 to 10, and 10 comes first. A p_request_id seen before for that user returns the first id and '
    'queues nothing, unless that execution has failed or was skipped. Of those of the user with the same p_concurrency_key, '
    'helix.max_running_per_key run at once. Errors: 22004 a required value is null; P0002 unknown '
    'schedule; 42704 unknown operation; 55000 schedule disabled; 22001 a text that is too long; 22023 a value out of its range or '
    'beyond a limit of the user''s; 22008 a p_run_at before 1970 or after 9999; 23505 the request id stands for something else; '
    '42501 another user''s schedule or id.';

CREATE FUNCTION helix.claim_executions(
    p_worker text, p_limit integer DEFAULT 1, p_lease interval DEFAULT '5 minutes', p_operations text[] DEFAULT NULL,
    p_wait interval DEFAULT '0')
    RETURNS TABLE (execution_id uuid, user_id uuid, operation_id text, schedule_id uuid, batch_id uuid, payload jsonb,
                   triggered_by text, attempt integer, fencing_token bigint, run_at timestamptz, lease_until timestamptz,
                   headers jsonb)
    LANGUAGE c VOLATILE ROWS 10
    AS 'MODULE_PATHNAME', 'helix_claim_executions';
COMMENT ON FUNCTION helix.claim_executions(text, integer, interval, text[], interval) IS
    'Claims up to p_limit (1 to 1,000) executions that are due, the highest priority first, then each user in '
    'turn. p_operations null: of any operation. They are held for p_lease (1 s to 1 day): a worker that has not completed one by '
    'then loses it. Where none is due the call waits up to p_wait (at most 60 s) for one. Until then it holds a snapshot. Two '
    'callers never get the same execution. What is at a limit of running executions waits for another to end. Where its schedule '
    'has spent max_cost_per_month, an execution is skipped instead. The column headers has those of a webhook''s call that its '
    'scheme keeps. Errors: 22004 on null, 25001 to wait in REPEATABLE READ or SERIALIZABLE, 22023 on a value out of its range.';

CREATE FUNCTION helix.heartbeat_execution(
    p_execution_id uuid, p_fencing_token bigint, p_lease interval DEFAULT '5 minutes', p_progress jsonb DEFAULT NULL)
    RETURNS timestamptz LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_heartbeat_execution';
COMMENT ON FUNCTION helix.heartbeat_execution(uuid, bigint, interval, jsonb) IS
    'Holds a claimed execution for p_lease (1 s to 1 day) from now, and returns until when. p_progress (at most 8,192 bytes) is '
    'shown while it waits and runs; null keeps what is. Errors: 22023 a p_progress that is too large; 55000 it is finished, '
    'cancelled or claimed by another since: stop working on it; HX001 its lease ran out, and what it is likely to cost no longer '
    'fits into a hard budget; P0002 unknown execution.';

CREATE FUNCTION helix_internal.expire_leases() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_expire_leases';
COMMENT ON FUNCTION helix_internal.expire_leases() IS
    'Does what the worker does each second, for databases without one. Executions whose lease ran out are pending again, or '
    'failed after their last attempt. Returns how many.';

CREATE FUNCTION helix.complete_execution(
    p_execution_id uuid, p_status text, p_result jsonb DEFAULT NULL, p_cost_actual numeric DEFAULT NULL,
    p_latency_ms integer DEFAULT NULL, p_fencing_token bigint DEFAULT NULL, p_error text DEFAULT NULL, p_model text DEFAULT NULL,
    p_input_tokens bigint DEFAULT NULL, p_cached_input_tokens bigint DEFAULT NULL, p_output_tokens bigint DEFAULT NULL)
    RETURNS void LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_complete_execution';
COMMENT ON FUNCTION helix.complete_execution(uuid, text, jsonb, numeric, integer, bigint, text, text, bigint, bigint, bigint) IS
    'Finishes a running execution with p_status success, failed or skipped. Its cost and latency (ms) are recorded in the ledger '
    'in the same transaction. The cost is in USD; null prices the tokens of p_model. A skipped one costs nothing and is not '
    'recorded. With p_fencing_token only the claim that got it may complete. Users complete what they have started by '
    'create_execution_with_lock() or as a row of helix.schedule_executions; service roles complete any. Errors: 55000 not running, '
    'finished already, or claimed by another since; P0002 unknown execution; 42501 a user''s call for what they do not run '
    'themselves; 22023 another status, or a skipped one with a cost; and those of record_operation_execution.';

CREATE FUNCTION helix.fail_execution(
    p_execution_id uuid, p_error text, p_fencing_token bigint DEFAULT NULL, p_cost_actual numeric DEFAULT NULL,
    p_latency_ms integer DEFAULT NULL, p_retry_in interval DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_fail_execution';
COMMENT ON FUNCTION helix.fail_execution(uuid, text, bigint, numeric, integer, interval) IS
    'Reports that an attempt failed, and records it in the ledger. While attempts are left the execution is pending again after '
    'p_retry_in. Where that is null, the pause is 5 s and doubles with each attempt up to 1 h, less a random part up to half. '
    'After the last attempt the execution is failed. Returns pending or failed. A p_error above 16,384 bytes is cut and ends with '
    'its length. Errors are those of complete_execution.';

CREATE FUNCTION helix.cancel_execution(p_execution_id uuid, p_reason text DEFAULT NULL)
    RETURNS boolean LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cancel_execution';
COMMENT ON FUNCTION helix.cancel_execution(uuid, text) IS
    'Ends a pending or running execution as skipped. A worker that has it fails to complete it. False where it is finished '
    'already. Errors: P0002 unknown execution, 42501 another user''s.';

CREATE FUNCTION helix.reschedule_execution(
    p_execution_id uuid, p_run_at timestamptz DEFAULT NULL, p_priority integer DEFAULT NULL, p_max_attempts integer DEFAULT NULL)
    RETURNS void LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_reschedule_execution';
COMMENT ON FUNCTION helix.reschedule_execution(uuid, timestamptz, integer, integer) IS
    'Gives a pending execution another time, priority (1 to 10) or number of attempts (1 to 100, those used included). Null '
    'keeps what is. Errors: 55000 not pending, P0002 unknown execution, 42501 another user''s, 22008 a p_run_at before 1970 or '
    'after 9999, 22023 a number out of its range, or no attempt would be left.';

CREATE FUNCTION helix.retry_execution(p_execution_id uuid) RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_retry_execution';
COMMENT ON FUNCTION helix.retry_execution(uuid) IS
    'Queues an execution that has failed or was skipped once more, with its payload, and returns the new one''s id. Its request id '
    'stands for the new one. Errors: 55000 it has not ended, has succeeded, was retried already, or belongs to a batch; P0002 '
    'unknown execution; 42501 another user''s; and those of enqueue_execution.';

CREATE FUNCTION helix.create_execution_with_lock(p_schedule_id uuid, p_user_id uuid, p_triggered_by text)
    RETURNS uuid LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_create_execution_with_lock';
COMMENT ON FUNCTION helix.create_execution_with_lock(uuid, uuid, text) IS
    'Starts an execution of a schedule at once and returns its id. The caller holds it for 1 hour, and heartbeat_execution '
    'prolongs that. Errors: HX002 an execution of the schedule is running, 55000 it is disabled or its user has switched the '
    'operation off, P0002 unknown schedule, 42501 another user''s, 22023 another trigger word.';

CREATE FUNCTION helix_internal.stop_operation() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_stop_operation';
COMMENT ON FUNCTION helix_internal.stop_operation() IS
    'Runs after a preference is written that switches an operation off. What waits of it ends as skipped.';
CREATE TRIGGER stop_operation AFTER INSERT OR UPDATE OF user_id, operation_id, enabled ON helix.user_operation_preferences
    FOR EACH ROW WHEN (NOT NEW.enabled) EXECUTE FUNCTION helix_internal.stop_operation();

CREATE FUNCTION helix.schedule_is_running(p_schedule_id uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM helix_internal.queue q WHERE q.schedule_id = p_schedule_id AND q.running);
COMMENT ON FUNCTION helix.schedule_is_running(uuid) IS 'Whether an execution of the schedule is running now';

SELECT pg_catalog.pg_extension_config_dump('helix_internal.queue', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.schedule_executions', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.queue_requests', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.queue'),
    ('authenticated', 'SELECT ON helix_internal.schedule_executions'),
    ('authenticated', 'SELECT, INSERT, UPDATE ON helix.schedule_executions'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.enqueue_execution(uuid, text, jsonb, timestamptz, integer, text, uuid, text, '
                      'text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.cancel_execution(uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.retry_execution(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.reschedule_execution(uuid, timestamptz, integer, integer)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.schedule_is_running(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.create_execution_with_lock(uuid, uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.complete_execution(uuid, text, jsonb, numeric, integer, bigint, text, text, '
                      'bigint, bigint, bigint)'),
    ('service', 'EXECUTE ON FUNCTION helix.claim_executions(text, integer, interval, text[], interval)'),
    ('service', 'EXECUTE ON FUNCTION helix.heartbeat_execution(uuid, bigint, interval, jsonb)'),
    ('service', 'EXECUTE ON FUNCTION helix.fail_execution(uuid, text, bigint, numeric, integer, interval)');
