-- Batches: operations with dependencies, run as executions of the queue. Counters and status are counted when they are read,
-- so they are always what the rows say.
CREATE TABLE helix_internal.operation_batches (
    id              uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id         uuid        NOT NULL,
    name            text        NOT NULL CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
    description     text        NOT NULL DEFAULT '',
    batch_type      text        NOT NULL CHECK (batch_type IN ('parallel', 'sequential', 'conditional')),
    priority        smallint    NOT NULL CHECK (priority BETWEEN 1 AND 10),
    max_concurrency integer     CHECK (max_concurrency >= 1),
    max_cost_usd    numeric     CHECK (max_cost_usd >= 0 AND max_cost_usd < 'Infinity'),
    run_as          name        NOT NULL,
    cancelled_at    timestamptz,
    cancel_reason   text,
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    started_at      timestamptz,
    client_status   text        CHECK (client_status IN
        ('draft', 'queued', 'running', 'completed', 'partial_failure', 'failed', 'cancelled')),
    completed_at    timestamptz,
    cost_estimates  numeric[],
    on_complete     text,
    on_complete_execution_id uuid
);
CREATE INDEX idx_batches_user ON helix_internal.operation_batches (user_id, created_at DESC);
CREATE INDEX operation_batches_created_at ON helix_internal.operation_batches USING brin (created_at)
    WITH (autosummarize = on);
COMMENT ON TABLE helix_internal.operation_batches IS
    'Batches, written by create_batch(), start_batch() and cancel_batch(), or by the clients that drive them. Those that have '
    'ended are kept for helix.execution_retention.';
COMMENT ON COLUMN helix_internal.operation_batches.client_status IS
    'What the client that drives the batch says of it; null: helix runs it. So is completed_at.';

CREATE TABLE helix_internal.batch_operations (
    id             uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    batch_id       uuid        NOT NULL REFERENCES helix_internal.operation_batches (id) ON DELETE CASCADE,
    user_id        uuid        NOT NULL,
    operation_id   text        NOT NULL,
    name           text,
    parameters     jsonb       NOT NULL DEFAULT '{}',
    sequence_order integer     NOT NULL,
    depends_on     uuid[],
    unblocked      boolean     NOT NULL,
    ended          text        CHECK (ended IN ('completed', 'failed', 'skipped')),
    result         jsonb,
    error_message  text,
    cost_actual    numeric,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    executed_at    timestamptz,
    client_running boolean     NOT NULL DEFAULT false,
    cost_estimates numeric[]
) WITH (fillfactor = 70);
-- Clients that drive a batch may give several operations the same place.
CREATE INDEX idx_batch_ops_order ON helix_internal.batch_operations (batch_id, sequence_order);
-- Finds what depends on an operation. An entry of a B-tree would not hold the ids of 999 others.
CREATE INDEX idx_batch_ops_depends ON helix_internal.batch_operations USING gin (depends_on) WITH (fastupdate = off)
    WHERE depends_on IS NOT NULL;
COMMENT ON TABLE helix_internal.batch_operations IS 'The operations of batches, and how each has ended (null: not yet)';
COMMENT ON COLUMN helix_internal.batch_operations.unblocked IS 'Whether everything that it depends on has ended';

ALTER TABLE helix_internal.operation_batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.operation_batches FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.operation_batches USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.batch_operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.batch_operations FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.batch_operations USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

CREATE VIEW helix.batch_operations WITH (security_invoker = true) AS
    SELECT o.id, o.user_id, o.batch_id, o.operation_id, o.name, o.parameters, o.sequence_order, o.depends_on,
           COALESCE(o.ended, CASE WHEN q.running OR o.client_running THEN 'running' ELSE 'pending' END) AS status,
           o.result, o.error_message, o.cost_estimates[1] AS cost_estimated_low, o.cost_estimates[2] AS cost_estimated_mid,
           o.cost_estimates[3] AS cost_estimated_high, o.cost_actual, q.id AS execution_id, o.created_at, o.executed_at, q.progress
      FROM helix_internal.batch_operations o
      LEFT JOIN helix_internal.queue q ON o.ended IS NULL AND q.batch_id = o.batch_id AND q.batch_operation_id = o.id;
COMMENT ON VIEW helix.batch_operations IS
    'The operations of the batches that the caller may see. The column status is pending, running, completed, failed or skipped, '
    'with the reason in error_message. The ids in depends_on are of operations of the same batch. Costs are in USD. Clients '
    'insert and update those of batches that they drive themselves.';

CREATE VIEW helix.operation_batches WITH (security_invoker = true) AS
    SELECT b.id, b.user_id, b.name, b.description, b.batch_type, b.priority,
           CASE WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
                WHEN b.client_status IS NOT NULL THEN b.client_status
                WHEN b.started_at IS NULL THEN 'draft'
                WHEN c.unfinished > 0 THEN CASE WHEN c.begun THEN 'running' ELSE 'queued' END
                WHEN c.completed = c.total THEN 'completed'
                WHEN c.completed = 0 THEN 'failed'
                ELSE 'partial_failure' END AS status,
           c.total AS total_operations, c.completed AS completed_operations, c.failed AS failed_operations,
           c.skipped AS skipped_operations, b.max_concurrency, b.max_cost_usd,
           b.cost_estimates[1] AS total_cost_estimated_low, b.cost_estimates[2] AS total_cost_estimated_mid,
           b.cost_estimates[3] AS total_cost_estimated_high, c.cost AS total_cost_actual,
           b.cancelled_at, b.cancel_reason, b.created_at, b.started_at,
           CASE WHEN b.client_status IS NOT NULL THEN b.completed_at
                WHEN c.unfinished = 0 THEN c.last_executed_at END AS completed_at,
           b.on_complete, b.on_complete_execution_id
      FROM helix_internal.operation_batches b,
           LATERAL (SELECT pg_catalog.count(*)::integer AS total,
                           (pg_catalog.count(*) FILTER (WHERE o.ended = 'completed'))::integer AS completed,
                           (pg_catalog.count(*) FILTER (WHERE o.ended = 'failed'))::integer AS failed,
                           (pg_catalog.count(*) FILTER (WHERE o.ended = 'skipped'))::integer AS skipped,
                           (pg_catalog.count(*) FILTER (WHERE o.ended IS NULL))::integer AS unfinished,
                           pg_catalog.bool_or(o.ended IS NOT NULL)
                               OR EXISTS (SELECT FROM helix_internal.queue q WHERE q.batch_id = b.id AND q.running) AS begun,
                           COALESCE(pg_catalog.trim_scale(pg_catalog.sum(o.cost_actual)), 0) AS cost,
                           pg_catalog.max(o.executed_at) AS last_executed_at
                      FROM helix_internal.batch_operations o WHERE o.batch_id = b.id) c;
COMMENT ON VIEW helix.operation_batches IS
    'The batches that the caller may see. The column status is draft, queued, running, completed (all of it), partial_failure, '
    'failed (none completed) or cancelled. Counters are counted from the operations as you read. Costs are in USD. A batch that '
    'is inserted here is one that its client drives. Its status and times are what the client says, and helix queues nothing.';

CREATE FUNCTION helix_internal.write_client_batch() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_write_client_batch';
COMMENT ON FUNCTION helix_internal.write_client_batch() IS
    'Runs instead of writing into the view: a batch that its client drives. What the view counts is taken and ignored. Errors: '
    '42501 another user''s; 55000 helix runs the batch, or the status cannot become that; 23514 a word or number out of its range; '
    '0A000 a column that cannot change.';
CREATE TRIGGER write_client_batch INSTEAD OF INSERT OR UPDATE ON helix.operation_batches
    FOR EACH ROW EXECUTE FUNCTION helix_internal.write_client_batch();
CREATE FUNCTION helix_internal.write_client_operation() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_write_client_operation';
COMMENT ON FUNCTION helix_internal.write_client_operation() IS
    'Runs instead of writing into the view: an operation of a batch that its client drives. Errors: P0002 unknown batch; 42501 '
    'another user''s; 55000 helix runs the batch, it has ended, or the status cannot become that; 42704 unknown operation; 22023 '
    'too many operations or dependencies; 23514 a word or number out of its range; 0A000 a column that cannot change.';
CREATE TRIGGER write_client_operation INSTEAD OF INSERT OR UPDATE ON helix.batch_operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.write_client_operation();

CREATE FUNCTION helix_internal.batch_stop_reason(p_batch_id uuid) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (SELECT CASE WHEN b.cancelled_at IS NOT NULL THEN COALESCE('cancelled: ' || b.cancel_reason, 'cancelled')
                        WHEN c.cost >= b.max_cost_usd
                            THEN pg_catalog.format('the batch''s cost limit is %s USD, spent: %s USD', b.max_cost_usd, c.cost) END
              FROM helix_internal.operation_batches b,
                   LATERAL (SELECT COALESCE(pg_catalog.sum(o.cost_actual), 0) AS cost FROM helix_internal.batch_operations o
                             WHERE o.batch_id = b.id AND b.max_cost_usd IS NOT NULL) c
             WHERE b.id = p_batch_id);
COMMENT ON FUNCTION helix_internal.batch_stop_reason(uuid) IS 'Why no further operation of a batch may run. Null where one may.';

CREATE FUNCTION helix.create_batch(
    p_user_id uuid, p_name text, p_batch_type text, p_operations jsonb, p_description text DEFAULT '',
    p_priority integer DEFAULT 5, p_max_concurrency integer DEFAULT NULL, p_max_cost_usd numeric DEFAULT NULL,
    p_start boolean DEFAULT false, p_on_complete text DEFAULT NULL)
    RETURNS uuid LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_create_batch';
COMMENT ON FUNCTION helix.create_batch(uuid, text, text, jsonb, text, integer, integer, numeric, boolean, text) IS
    'Makes a batch and returns its id. p_batch_type is parallel (at most p_max_concurrency at once), sequential (in order, one at '
    'a time) or conditional. In a conditional batch, what depends on a failed or skipped operation is skipped. p_operations is an '
    'array of 1 to 1,000 objects, with 10,000 dependencies at most: {"operation_id": …, "name": …, "parameters": {…}, '
    '"depends_on": [names or positions from 1]}. Once p_max_cost_usd is spent, nothing further starts. Once all of it has '
    'ended, an execution of the operation p_on_complete is queued, with the batch''s id, status and counts as payload. Errors: '
    '22004 null; 22001 a text that is too long; 22023 a bad value, dependency or circle; 42704 unknown operation; 42501 another '
    'user''s id.';

CREATE FUNCTION helix.start_batch(p_batch_id uuid) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_start_batch';
COMMENT ON FUNCTION helix.start_batch(uuid) IS
    'Queues the operations of a draft. Errors: 55000 started or cancelled already, P0002 unknown batch, 42501 another user''s.';

CREATE FUNCTION helix.add_to_batch(p_batch_id uuid, p_operations jsonb) RETURNS uuid[]
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_add_to_batch';
COMMENT ON FUNCTION helix.add_to_batch(uuid, jsonb) IS
    'Adds operations to a draft or a batch that has not ended, and returns their ids. p_operations is as in create_batch(). The '
    'positions go on behind those that the batch has, and depends_on may name both. Errors: 55000 it has ended or was cancelled, '
    'P0002 unknown batch, and those of create_batch().';

CREATE FUNCTION helix.retry_batch(p_batch_id uuid) RETURNS integer
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_retry_batch';
COMMENT ON FUNCTION helix.retry_batch(uuid) IS
    'Queues the failed operations of a batch once more, and what was skipped since it depends on them. Returns how many. What they '
    'have cost stays. When the batch ends, its on_complete is queued anew. Errors: 55000 it is a draft, was cancelled, or has '
    'reached its cost limit; P0002 unknown batch; 42501 another user''s.';

CREATE FUNCTION helix.cancel_batch(p_batch_id uuid, p_reason text DEFAULT NULL) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cancel_batch';
COMMENT ON FUNCTION helix.cancel_batch(uuid, text) IS
    'Skips what has not ended. A worker that runs an operation fails to complete it. False where the batch has ended already. An '
    'operation that is being claimed at that very moment may run to its end; a second call ends it. Errors: P0002 unknown batch, '
    '42501 another user''s.';

CREATE FUNCTION helix.get_batch_status(p_batch_id uuid)
    RETURNS TABLE (batch_id uuid, status text, total_operations integer, completed_operations integer, failed_operations integer,
                   skipped_operations integer, running_operations integer, pending_operations integer, progress_percent numeric,
                   total_cost_actual numeric, total_cost_estimated numeric)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT b.id, b.status, b.total_operations, b.completed_operations, b.failed_operations, b.skipped_operations,
           c.running, b.total_operations - b.completed_operations - b.failed_operations - b.skipped_operations - c.running,
           pg_catalog.trim_scale(pg_catalog.round(
               100.0 * (b.completed_operations + b.failed_operations + b.skipped_operations) / GREATEST(b.total_operations, 1), 2)),
           b.total_cost_actual, pg_catalog.trim_scale(b.total_cost_actual + c.to_come::double precision::numeric)
      FROM helix.operation_batches b,
           LATERAL (SELECT (pg_catalog.count(*) FILTER (WHERE o.status = 'running'))::integer AS running,
                           COALESCE(pg_catalog.sum(a.average) FILTER (WHERE o.status IN ('running', 'pending')), 0) AS to_come
                      FROM helix.batch_operations o
                      LEFT JOIN (SELECT x.operation_id,
                                        pg_catalog.sum(x.total_cost_usd) / NULLIF(pg_catalog.sum(x.total_executions), 0) AS average
                                   FROM helix.operation_execution_analytics x
                                  WHERE x.user_id = b.user_id AND x.period_start >= pg_catalog.now() - interval '30 days'
                                  GROUP BY 1) a ON a.operation_id = o.operation_id
                     WHERE o.batch_id = b.id) c
     WHERE b.id = p_batch_id;
END;
COMMENT ON FUNCTION helix.get_batch_status(uuid) IS
    'One row, or none where the caller may not see the batch. In USD, total_cost_estimated is what is spent so far and an '
    'estimate of what is to come. The estimate is the user''s average of each operation in the last 30 days.';

CREATE FUNCTION helix_internal.check_batch_exists(p_batch_id uuid) RETURNS void
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_batch_exists';
COMMENT ON FUNCTION helix_internal.check_batch_exists(uuid) IS
    'Raises P0002 where there is no such batch, and 42501 where it is another user''s';
CREATE FUNCTION helix.increment_batch_completed(p_batch_id uuid) RETURNS void
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN helix_internal.check_batch_exists(p_batch_id);
COMMENT ON FUNCTION helix.increment_batch_completed(uuid) IS
    'For older clients. Counters are counted from the operations, so there is nothing to increment. P0002 unknown batch.';
CREATE FUNCTION helix.increment_batch_failed(p_batch_id uuid) RETURNS void
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN helix_internal.check_batch_exists(p_batch_id);
COMMENT ON FUNCTION helix.increment_batch_failed(uuid) IS
    'For older clients. Counters are counted from the operations, so there is nothing to increment. P0002 unknown batch.';

SELECT pg_catalog.pg_extension_config_dump('helix_internal.operation_batches', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.batch_operations', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.operation_batches'),
    ('authenticated', 'SELECT ON helix_internal.batch_operations'),
    ('authenticated', 'SELECT, INSERT, UPDATE ON helix.operation_batches'),
    ('authenticated', 'SELECT, INSERT, UPDATE ON helix.batch_operations'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.check_batch_exists(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.create_batch(uuid, text, text, jsonb, text, integer, integer, numeric, '
                      'boolean, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.start_batch(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.add_to_batch(uuid, jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.retry_batch(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.cancel_batch(uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_batch_status(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.increment_batch_completed(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.increment_batch_failed(uuid)');
