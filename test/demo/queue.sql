-- The demo's part of schedules, queue and batches. The variable worker is a shell command that runs what is queued.
\pset footer off
\set bold '\033[1m== '
\set plain '\033[0m'

\echo :bold'Schedules: every workday at 7:30 in Berlin, registered with pg_cron':plain
CREATE EXTENSION pg_cron;
SELECT job_name, schedule_expression, timezone, next_scheduled_at
  FROM helix.register_cron_job('morning', '30 7 * * mon-fri', 'analytics-summary', 'a11ce000-0000-0000-0000-000000000001',
      'Europe/Berlin');
SELECT jobname, schedule, command FROM cron.job WHERE jobname LIKE 'helix_%';

\echo :bold'An operation that the server runs itself: its handler is a function':plain
CREATE FUNCTION public.count_tables(execution uuid, payload jsonb) RETURNS jsonb
    LANGUAGE sql SET search_path = pg_catalog
    RETURN (SELECT jsonb_build_object('tables', count(*), 'cost_usd', 0) FROM pg_class
        WHERE relkind = 'r' AND relname LIKE payload ->> 'like');
INSERT INTO helix.operations (operation_id, name, handler)
    VALUES ('count-tables', 'Count tables', 'public.count_tables(uuid, jsonb)');
-- It runs as the role that queues it, which must not be a superuser.
CREATE ROLE demo_user;
CREATE ROLE demo_service;
SELECT helix.grant_api_access('demo_user', 'demo_service');
SET ROLE demo_service;
SELECT helix.enqueue_execution(NULL, 'manual', '{"like": "pg_%"}', p_user_id => 'a11ce000-0000-0000-0000-000000000001',
                               p_operation_id => 'count-tables') AS execution \gset
RESET ROLE;
DO $$ BEGIN
    FOR i IN 1 .. 100 LOOP
        EXIT WHEN (SELECT bool_and(completed_at IS NOT NULL) FROM helix.schedule_executions);
        PERFORM pg_sleep(0.1);
        COMMIT;
    END LOOP;
END $$;
SELECT operation_id, execution_status, result, error_message, cost_actual, latency_ms
  FROM helix.schedule_executions WHERE id = :'execution';

\echo :bold'A batch with dependencies, run by a worker':plain
SELECT helix.create_batch('a11ce000-0000-0000-0000-000000000001', 'morning mail', 'conditional', '[
    {"name": "sort",  "operation_id": "email-classify", "parameters": {"folder": "inbox"}},
    {"name": "reply", "operation_id": "email-respond",  "depends_on": ["sort"]},
    {"name": "plan",  "operation_id": "calendar-prep"},
    {"name": "sum",   "operation_id": "analytics-summary", "depends_on": ["reply", "plan"]}]', p_start => true) AS batch \gset
\if :{?worker}
\! eval "$DEMO_WORKER"
\else
SELECT format('SELECT count(helix.complete_execution(execution_id, ''success'', NULL, 0.0042, 20, fencing_token))
                      AS "claim %s: operations completed" FROM helix.claim_executions(''sql'', 10)', claim)
                      FROM generate_series(1, 3) claim \gexec
\endif
SELECT sequence_order, name, status, depends_on IS NOT NULL AS waited, cost_actual FROM helix.batch_operations
 WHERE batch_id = :'batch' ORDER BY sequence_order;
SELECT status, completed_operations, failed_operations, progress_percent, total_cost_actual FROM helix.get_batch_status(:'batch');
