-- Schedules and their registration with pg_cron. A cron job is an enabled schedule of type cron, so schedules and the registry
-- cannot differ.
CREATE FUNCTION helix.next_run(p_expression text, p_timezone text DEFAULT 'UTC', p_after timestamptz DEFAULT pg_catalog.now())
    RETURNS timestamptz LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_next_run';
COMMENT ON FUNCTION helix.next_run(text, text, timestamptz) IS
    'When a cron expression, as pg_cron reads it, first runs after a time. It goes by the clock of a time zone, which is a name '
    'of pg_timezone_names in any case of letters. Null for dates that never come. Where clocks go forward, a fixed time in the '
    'gap runs at its end. Where they go back, it runs once. Errors: 22023 on a bad expression or an unknown zone, 22008 on a '
    'p_after before 1970 or after 9999.';

CREATE TABLE helix_internal.operation_schedules (
    id                 uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id            uuid        NOT NULL,
    operation_id       text        NOT NULL REFERENCES helix.operations (operation_id) ON UPDATE CASCADE,
    schedule_type      text        NOT NULL DEFAULT 'cron' CHECK (schedule_type IN ('cron', 'webhook', 'manual')),
    cron_expression    text,
    webhook_url        text,
    webhook_secret_ref text,
    enabled            boolean     NOT NULL DEFAULT true,
    timezone           text        NOT NULL DEFAULT 'UTC',
    parameters         jsonb       NOT NULL DEFAULT '{}',
    max_cost_per_month numeric     CHECK (max_cost_per_month >= 0 AND max_cost_per_month < 'Infinity'),
    job_name           text        NOT NULL CHECK (pg_catalog.length(job_name) BETWEEN 1 AND 200),
    pg_cron_name       text        NOT NULL UNIQUE GENERATED ALWAYS AS
        (CASE WHEN pg_catalog.starts_with(job_name, 'helix_') THEN job_name ELSE 'helix_' || job_name END) STORED,
    missed_runs        text        NOT NULL DEFAULT 'one' CHECK (missed_runs IN ('none', 'one', 'all')),
    overlap            text        NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue', 'allow')),
    max_attempts       integer     NOT NULL DEFAULT 5 CHECK (max_attempts BETWEEN 1 AND 100),
    webhook_scheme     text        NOT NULL DEFAULT 'hmac-sha256-hex' REFERENCES helix.webhook_schemes (name) ON UPDATE CASCADE,
    webhook_max_age    interval    NOT NULL DEFAULT '5 minutes' CHECK (webhook_max_age > '0' AND webhook_max_age <= '1 day'),
    webhook_max_ahead  interval    NOT NULL DEFAULT '1 minute' CHECK (webhook_max_ahead >= '0' AND webhook_max_ahead <= '1 day'),
    webhook_rate_limit integer     DEFAULT 600 CHECK (webhook_rate_limit BETWEEN 1 AND 1000000),
    previous_secret_ref   text,
    previous_secret_until timestamptz,
    by_name            boolean     NOT NULL DEFAULT false,
    run_as             name        NOT NULL DEFAULT CURRENT_USER,
    next_scheduled_at  timestamptz,
    pg_cron_expression text,
    created_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (schedule_type <> 'cron' OR cron_expression IS NOT NULL),
    CHECK (pg_catalog.octet_length(pg_cron_name) < 64)
);
CREATE INDEX idx_schedules_due ON helix_internal.operation_schedules (next_scheduled_at) WHERE enabled;
CREATE INDEX idx_cron_registry_user ON helix_internal.operation_schedules (user_id, created_at DESC);
CREATE INDEX idx_cron_registry_operation ON helix_internal.operation_schedules (operation_id);
COMMENT ON TABLE helix_internal.operation_schedules IS
    'What runs by itself: by cron, by a webhook, or when somebody asks for it. A change registers or unregisters the pg_cron job.';
COMMENT ON COLUMN helix_internal.operation_schedules.run_as IS
    'The role that handlers run as. Of the roles that made and changed the schedule it is the one with fewer rights.';
COMMENT ON COLUMN helix_internal.operation_schedules.previous_secret_ref IS
    'The secret before the last rotation. It also verifies until previous_secret_until.';
COMMENT ON COLUMN helix_internal.operation_schedules.by_name IS
    'Whether register_cron_job() made it: then unregister_cron_job() deletes it';
COMMENT ON COLUMN helix_internal.operation_schedules.pg_cron_expression IS
    'The expression that pg_cron is told, which knows one time zone. It runs at least as often as cron_expression asks for.';

ALTER TABLE helix_internal.operation_schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.operation_schedules FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.operation_schedules USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

-- These counts have a table of their own: retention must not wait for rows of schedules, which users may lock.
CREATE TABLE helix_internal.forgotten_executions (
    schedule_id       uuid        PRIMARY KEY,
    executions        bigint      NOT NULL,
    latest_created_at timestamptz NOT NULL
);
COMMENT ON TABLE helix_internal.forgotten_executions IS
    'How many executions of a schedule retention has removed, and when the latest of them was created';
ALTER TABLE helix_internal.forgotten_executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.forgotten_executions FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_schedules ON helix_internal.forgotten_executions USING (EXISTS (
    SELECT FROM helix_internal.operation_schedules s WHERE s.id = schedule_id));

CREATE FUNCTION helix_internal.check_schedule() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_schedule';
COMMENT ON FUNCTION helix_internal.check_schedule() IS
    'Runs before a schedule is inserted or updated. Reads its expression and zone, and finds its next time.';
CREATE FUNCTION helix_internal.register_schedule() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_register_schedule';
COMMENT ON FUNCTION helix_internal.register_schedule() IS 'Runs after a schedule has changed. Its pg_cron job follows.';
CREATE TRIGGER apply_defaults BEFORE INSERT OR UPDATE OF id, schedule_type, enabled, timezone, parameters, missed_runs, overlap,
    max_attempts, webhook_scheme, webhook_max_age, webhook_max_ahead
    ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.apply_defaults();
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE OF operation_id, cron_expression, webhook_url, webhook_secret_ref, timezone,
    parameters, max_cost_per_month, job_name, webhook_scheme
    ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('operation_id text 200', 'cron_expression text 200',
        'webhook_url text 2000', 'webhook_secret_ref text 500', 'timezone text 64', 'parameters json', 'max_cost_per_month amount',
        'job_name text 63', 'webhook_scheme text 63');
CREATE TRIGGER check_caller BEFORE INSERT OR UPDATE OF user_id ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_caller();
CREATE TRIGGER check_schedule BEFORE INSERT OR UPDATE OF id, user_id, operation_id, schedule_type, cron_expression, enabled,
    timezone, parameters, max_cost_per_month, job_name, missed_runs, overlap, max_attempts, webhook_url, webhook_secret_ref,
    webhook_scheme, webhook_max_age, webhook_max_ahead, webhook_rate_limit, created_at, updated_at
    ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_schedule();
CREATE TRIGGER register_schedule AFTER INSERT OR DELETE OR UPDATE OF schedule_type, cron_expression, enabled, timezone, job_name,
    missed_runs, overlap
    ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.register_schedule();

CREATE VIEW helix.operation_schedules WITH (security_invoker = true) AS
    SELECT s.id, s.user_id, s.operation_id, s.schedule_type, s.cron_expression, s.webhook_url, s.webhook_secret_ref, s.enabled,
           s.timezone, s.parameters, s.max_cost_per_month, s.job_name, s.missed_runs, s.overlap, s.max_attempts,
           s.webhook_scheme, s.webhook_max_age, s.webhook_max_ahead, s.webhook_rate_limit, s.previous_secret_ref,
           s.previous_secret_until,
           GREATEST((SELECT pg_catalog.max(q.created_at) FROM helix_internal.queue q WHERE q.schedule_id = s.id),
                    (SELECT e.created_at FROM helix_internal.schedule_executions e
                      WHERE e.schedule_id = s.id ORDER BY e.created_at DESC LIMIT 1),
                    (SELECT f.latest_created_at FROM helix_internal.forgotten_executions f
                      WHERE f.schedule_id = s.id)) AS last_execution_at,
           CASE WHEN s.enabled AND s.schedule_type = 'cron' THEN s.next_scheduled_at END AS next_execution_at,
           COALESCE((SELECT f.executions FROM helix_internal.forgotten_executions f WHERE f.schedule_id = s.id), 0)
               + (SELECT pg_catalog.count(*) FROM helix_internal.queue q WHERE q.schedule_id = s.id)
               + (SELECT pg_catalog.count(*) FROM helix_internal.schedule_executions e
                   WHERE e.schedule_id = s.id) AS execution_count,
           (SELECT q.id FROM helix_internal.queue q
             WHERE q.schedule_id = s.id AND q.running ORDER BY q.run_at LIMIT 1) AS running_execution_id,
           s.created_at, s.updated_at
      FROM helix_internal.operation_schedules s;
COMMENT ON VIEW helix.operation_schedules IS
    'The schedules that the caller may see and change. Inserting, changing or deleting one registers or unregisters its pg_cron '
    'job. The column schedule_type is cron, webhook or manual; max_cost_per_month is in USD. Of the runs missed while the server '
    'was down, missed_runs queues none, one or all (at most 100). The column overlap says whether cron runs skip, queue (one at a '
    'time) or allow each other. A webhook_scheme is a row of helix.webhook_schemes. A signed time may be from now by '
    'webhook_max_age in the past and webhook_max_ahead in the future. The webhook_rate_limit is calls in a minute, null for any '
    'number. Only rotate_webhook_secret() sets previous_secret_ref and previous_secret_until. The database itself keeps '
    'last_execution_at, next_execution_at, execution_count, running_execution_id, created_at and updated_at, whatever a client '
    'sends. Null in a column that must have a value stands for its default.';
ALTER VIEW helix.operation_schedules ALTER COLUMN id SET DEFAULT pg_catalog.gen_random_uuid();

CREATE VIEW helix.cron_job_registry WITH (security_invoker = true) AS
    SELECT s.id, s.user_id, s.job_name, s.cron_expression AS schedule_expression, s.operation_id,
           COALESCE((SELECT e.created_at FROM helix_internal.schedule_executions e
                      WHERE e.schedule_id = s.id ORDER BY e.created_at DESC LIMIT 1),
                    (SELECT f.latest_created_at FROM helix_internal.forgotten_executions f
                      WHERE f.schedule_id = s.id)) AS last_executed_at,
           s.next_scheduled_at, s.timezone, s.created_at, s.updated_at
      FROM helix_internal.operation_schedules s
     WHERE s.schedule_type = 'cron' AND s.enabled;
COMMENT ON VIEW helix.cron_job_registry IS
    'The jobs registered with pg_cron: the enabled schedules of type cron. The worker repairs cron.job where it differs.';

CREATE TABLE helix_internal.cron_job_repairs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name    text        NOT NULL,
    found       text        NOT NULL CHECK (found IN ('missing', 'changed', 'switched off', 'not ours')),
    repaired_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE helix_internal.cron_job_repairs IS
    'Where cron.job was not what the schedules say. The latest 1,000 repairs are kept.';
CREATE VIEW helix.cron_job_repairs WITH (security_invoker = true) AS
    SELECT r.job_name, r.found, r.repaired_at FROM helix_internal.cron_job_repairs r;
COMMENT ON VIEW helix.cron_job_repairs IS
    'What the worker found in cron.job and repaired, the latest 1,000. Jobs were missing, changed, switched off, or not ours: of '
    'a schedule that is gone.';

CREATE FUNCTION helix.register_cron_job(
    p_job_name text, p_schedule text, p_operation_id text, p_user_id uuid, p_timezone text DEFAULT NULL)
    RETURNS helix.cron_job_registry LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_register_cron_job';
COMMENT ON FUNCTION helix.register_cron_job(text, text, text, uuid, text) IS
    'Registers a job or changes it, in pg_cron too, and returns its row of helix.cron_job_registry. In pg_cron its name is '
    'p_job_name where that begins with helix_, else helix_<p_job_name>. The name helix_<uuid of a schedule> is that schedule. '
    'p_timezone null: UTC for a new job, no change for another. Errors: 22023 a bad expression or zone; 42704 unknown operation; '
    '42710 the name is another user''s or not helix''s; 55000 no pg_cron in this database; 42501 another user''s id.';

CREATE FUNCTION helix.unregister_cron_job(p_job_name text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_unregister_cron_job';
COMMENT ON FUNCTION helix.unregister_cron_job(text) IS
    'Removes a job from the registry and from pg_cron. Returns whether there was one. Its schedule stays and is disabled; one '
    'that register_cron_job() made is deleted. 42501 another user''s job.';

CREATE FUNCTION helix.check_cron_job_exists(p_job_name text) RETURNS boolean
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_cron_job_exists';
COMMENT ON FUNCTION helix.check_cron_job_exists(text) IS
    'Whether a job that the caller may see is in the registry and pg_cron runs it';

CREATE FUNCTION helix.cron_status(
    OUT pg_cron boolean, OUT jobs integer, OUT failing_jobs integer, OUT last_succeeded_at timestamptz,
    OUT last_failed_at timestamptz, OUT last_failure text)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cron_status';
COMMENT ON FUNCTION helix.cron_status() IS
    'One row: whether pg_cron is in this database, how many jobs helix has there, and how many failed when they ran last. It also '
    'says when one last succeeded and failed, and why. All is read from the latest 200 runs in cron.job_run_details. Null where '
    'pg_cron keeps none; a run that could not connect has no time.';

CREATE FUNCTION helix_internal.run_job(p_job_name text, p_now timestamptz DEFAULT pg_catalog.clock_timestamp())
    RETURNS integer LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_run_job';
COMMENT ON FUNCTION helix_internal.run_job(text, timestamptz) IS
    'What pg_cron calls. Queues the executions of a job that are due, and finds its next time. Returns how many it has queued.';

CREATE FUNCTION helix_internal.reconcile_cron() RETURNS integer
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_reconcile_cron';
COMMENT ON FUNCTION helix_internal.reconcile_cron() IS
    'Does what the worker does every 10 s. Makes cron.job what the schedules say, and runs what was missed. Returns how many jobs '
    'it has repaired.';

CREATE FUNCTION helix_internal.month_cost(p_schedule_id uuid) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    RETURN (SELECT COALESCE(pg_catalog.trim_scale(pg_catalog.sum(c.usd)), 0)
              FROM (SELECT e.cost_actual
                      FROM helix_internal.schedule_executions e
                     WHERE e.schedule_id = p_schedule_id
                       AND e.created_at >= pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC')
                     UNION ALL
                    SELECT q.earlier_cost_usd
                      FROM helix_internal.queue q
                     WHERE q.schedule_id = p_schedule_id AND q.earlier_cost_usd IS NOT NULL
                       AND q.created_at >= pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC')) c (usd));
COMMENT ON FUNCTION helix_internal.month_cost(uuid) IS
    'USD that all attempts of a schedule''s executions have cost. Those created in this UTC month count. Never null.';

CREATE FUNCTION helix.get_schedule_month_cost(p_user_id uuid, p_operation_id text) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    RETURN (SELECT COALESCE(pg_catalog.sum(helix_internal.month_cost(s.id)), 0)
              FROM helix_internal.operation_schedules s
             WHERE (SELECT helix_internal.authorized_user(p_user_id)) IS NOT NULL
               AND s.user_id = (SELECT helix_internal.authorized_user(p_user_id)) AND s.operation_id = p_operation_id);
COMMENT ON FUNCTION helix.get_schedule_month_cost(uuid, text) IS
    'USD that the executions of a user''s schedules of an operation have cost, with every attempt. Those created in this UTC month '
    'count. Never null. 42501 another user''s id.';

SELECT pg_catalog.pg_extension_config_dump('helix_internal.operation_schedules', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.forgotten_executions', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT, DELETE ON helix_internal.operation_schedules'),
    ('authenticated', 'SELECT ON helix_internal.forgotten_executions'),
    ('authenticated', 'INSERT (id, user_id, operation_id, schedule_type, cron_expression, webhook_url, webhook_secret_ref, '
                      'enabled, timezone, parameters, max_cost_per_month, missed_runs, overlap, max_attempts, '
                      'webhook_scheme, webhook_max_age, webhook_max_ahead, webhook_rate_limit, created_at, updated_at), '
                      'UPDATE (id, user_id, operation_id, schedule_type, cron_expression, webhook_url, webhook_secret_ref, '
                      'enabled, timezone, parameters, max_cost_per_month, missed_runs, overlap, max_attempts, '
                      'webhook_scheme, webhook_max_age, webhook_max_ahead, webhook_rate_limit, created_at, updated_at) '
                      'ON helix_internal.operation_schedules'),
    ('authenticated', 'SELECT, INSERT, UPDATE, DELETE ON helix.operation_schedules'),
    ('authenticated', 'SELECT ON helix.cron_job_registry'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.next_run(text, text, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.register_cron_job(text, text, text, uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.unregister_cron_job(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.check_cron_job_exists(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_schedule_month_cost(uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.month_cost(uuid)'),
    ('service', 'EXECUTE ON FUNCTION helix.cron_status()'),
    ('service', 'SELECT ON helix_internal.cron_job_repairs'),
    ('service', 'SELECT ON helix.cron_job_repairs');
