-- Schedules, what runs of them, and their registration with pg_cron.
CREATE FUNCTION helix.next_run(p_expression text, p_timezone text DEFAULT 'UTC', p_after timestamptz DEFAULT pg_catalog.now())
    RETURNS timestamptz LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_next_run';
COMMENT ON FUNCTION helix.next_run(text, text, timestamptz) IS
    'When a cron expression (as pg_cron reads it) runs first after a time, by the clock of a time zone; null for @reboot and '
    'dates that never come. Where clocks go forward, a fixed time in the gap runs at its end; where they go back, once. '
    '22023 on a bad expression or an unknown zone.';

CREATE TABLE helix.operation_schedules (
    id                   uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id              uuid        NOT NULL,
    operation_id         text        NOT NULL REFERENCES helix.operations (operation_id) ON UPDATE CASCADE,
    schedule_type        text        NOT NULL CHECK (schedule_type IN ('cron', 'webhook', 'manual')),
    cron_expression      text,
    webhook_url          text,
    webhook_secret_ref   text,
    enabled              boolean     NOT NULL DEFAULT true,
    timezone             text        NOT NULL DEFAULT 'UTC',
    parameters           jsonb       NOT NULL DEFAULT '{}',
    max_cost_per_month   numeric     CHECK (max_cost_per_month >= 0 AND max_cost_per_month < 'Infinity'),
    missed_runs          text        NOT NULL DEFAULT 'one' CHECK (missed_runs IN ('none', 'one', 'all')),
    overlap              text        NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue', 'allow')),
    last_execution_at    timestamptz,
    next_execution_at    timestamptz,
    execution_count      bigint      NOT NULL DEFAULT 0,
    running_execution_id uuid,
    created_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (schedule_type <> 'cron' OR cron_expression IS NOT NULL)
);
COMMENT ON TABLE helix.operation_schedules IS
    'What runs by itself: by cron, by a webhook, or when asked. Inserting, changing or deleting a row registers or unregisters '
    'its pg_cron job helix_<id>.';
CREATE INDEX idx_schedules_user ON helix.operation_schedules (user_id, created_at DESC);
CREATE INDEX idx_schedules_due ON helix.operation_schedules (next_execution_at) WHERE enabled;

CREATE TABLE helix.cron_job_registry (
    id                  uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id             uuid        NOT NULL,
    job_name            text        NOT NULL UNIQUE CHECK (pg_catalog.length(job_name) BETWEEN 1 AND 200),
    schedule_expression text        NOT NULL,
    operation_id        text        NOT NULL REFERENCES helix.operations (operation_id) ON UPDATE CASCADE,
    schedule_id         uuid        UNIQUE REFERENCES helix.operation_schedules (id) ON DELETE CASCADE,
    timezone            text        NOT NULL DEFAULT 'UTC',
    missed_runs         text        NOT NULL DEFAULT 'one' CHECK (missed_runs IN ('none', 'one', 'all')),
    last_executed_at    timestamptz,
    next_scheduled_at   timestamptz,
    created_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at          timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE helix.cron_job_registry IS
    'The jobs that helix has registered with pg_cron. Written by register_cron_job(), unregister_cron_job() and the triggers of '
    'helix.operation_schedules; the worker repairs cron.job by it.';
CREATE INDEX idx_cron_registry_user ON helix.cron_job_registry (user_id, created_at DESC);
CREATE INDEX idx_cron_registry_operation ON helix.cron_job_registry (operation_id);
