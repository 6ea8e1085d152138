-- What existing clients write with supabase-js: whole rows, nulls for what they left out, columns that the database keeps.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
\set alice '''c11e0000-0000-4000-8000-00000000000a'''
\set bob '''c11e0000-0000-4000-8000-00000000000b'''
CREATE ROLE regress_client;
CREATE ROLE regress_client_service;
SELECT helix.grant_api_access('regress_client', 'regress_client_service');
SET ROLE regress_client;
SET helix.user_id = 'c11e0000-0000-4000-8000-00000000000a';

-- Null stands for the default, in an insert, a bulk upsert and an update.
INSERT INTO helix.user_operation_preferences (user_id, operation_id, enabled, default_parameters)
    VALUES (:alice, 'email-compose', NULL, NULL), (:alice, 'email-classify', false, '{"a": 1}')
    RETURNING operation_id, enabled, default_parameters, updated_at = now() AS now;
UPDATE helix.user_operation_preferences SET enabled = NULL, default_parameters = NULL
 WHERE operation_id = 'email-classify' RETURNING enabled, default_parameters;
INSERT INTO helix.user_operation_preferences (user_id, operation_id, default_parameters)
    VALUES (:alice, 'email-compose', '{"b": 2}'), (:alice, 'email-classify', NULL)
    ON CONFLICT (user_id, operation_id) DO UPDATE SET default_parameters = excluded.default_parameters
    RETURNING operation_id, default_parameters;
INSERT INTO helix.ui_theme_preferences (user_id, color_scheme, compact_mode, tasks_sort_by) VALUES (:alice, NULL, NULL, NULL)
    RETURNING color_scheme, compact_mode, tasks_sort_by;
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone, hard, warn_percent, enabled)
    VALUES (:alice, 'day', 1, NULL, NULL, NULL, NULL) RETURNING time_zone, hard, warn_percent, enabled;
INSERT INTO helix.user_operation_preferences (user_id, operation_id) VALUES (:alice, NULL);
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES (:alice, 'day', NULL);

-- Schedules: the type is cron where nothing is said (this database has no pg_cron, so they are off).
INSERT INTO helix.operation_schedules (user_id, operation_id, cron_expression, enabled, timezone, parameters)
    VALUES (:alice, 'email-compose', '0 7 * * *', false, NULL, NULL)
    RETURNING schedule_type, timezone, parameters, missed_runs, overlap, max_attempts;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, enabled, overlap, max_attempts, created_at)
    VALUES (:alice, 'email-classify', 'manual', NULL, NULL, NULL, '2001-01-01')
    RETURNING enabled, overlap, max_attempts, created_at = now() AS made_now, updated_at = now() AS changed_now;
INSERT INTO helix.operation_schedules (user_id, operation_id) VALUES (:alice, 'email-compose');

-- The two times are the database's, whatever an update says.
UPDATE helix.operation_schedules
   SET created_at = '2001-01-03', updated_at = '2001-01-04', parameters = '{"folder": "inbox"}', timezone = NULL
 WHERE operation_id = 'email-classify'
 RETURNING created_at = '2001-01-03' AS dated, updated_at = now() AS changed_now, parameters, timezone;
UPDATE helix.operation_schedules SET max_cost_per_month = 3 WHERE operation_id = 'email-compose' RETURNING max_cost_per_month;
SELECT operation_id, parameters, execution_count, created_at > '2020-01-01' AS kept FROM helix.operation_schedules ORDER BY 1;
-- An upsert may name the two times that a client has read.
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, enabled, parameters, created_at, updated_at)
    SELECT id, user_id, operation_id, schedule_type, true, NULL, created_at, updated_at FROM helix.operation_schedules
     WHERE operation_id = 'email-classify'
    ON CONFLICT (id) DO UPDATE SET parameters = excluded.parameters, created_at = '2001-01-01', updated_at = '2001-01-01'
    RETURNING parameters, created_at > '2020-01-01' AS kept, updated_at = now() AS changed_now;
-- So may what helix counts be: next and last run, the number of executions, the running one.
UPDATE helix.operation_schedules SET next_execution_at = '2001-01-01', last_execution_at = now(), execution_count = 7,
       running_execution_id = gen_random_uuid(), created_at = '2001-01-01', updated_at = '2001-01-01'
 WHERE operation_id = 'email-classify'
 RETURNING next_execution_at, last_execution_at, execution_count, running_execution_id, created_at > '2020-01-01' AS kept,
           updated_at = now() AS changed_now;
WITH changed AS (UPDATE helix.operation_schedules SET execution_count = execution_count + 1, max_cost_per_month = 4
                  WHERE operation_id = 'email-classify' RETURNING *)
SELECT execution_count, max_cost_per_month FROM changed;
UPDATE helix.operation_schedules SET (execution_count, max_cost_per_month) = (SELECT 9, 5) WHERE operation_id = 'email-classify'
 RETURNING execution_count, max_cost_per_month;
UPDATE helix.operation_schedules SET execution_count = 9 WHERE operation_id = 'email-classify' RETURNING execution_count;
PREPARE count_run AS UPDATE helix.operation_schedules SET execution_count = $1, last_execution_at = $2 WHERE operation_id = $3;
EXECUTE count_run(3, now(), 'email-classify');
DEALLOCATE count_run;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, execution_count, next_execution_at, last_execution_at,
       running_execution_id)
    VALUES (:alice, 'task-breakdown', 'manual', 0, '2001-01-01', NULL, NULL),
           (:alice, 'task-prioritize', 'manual', 5, NULL, now(), NULL)
    RETURNING operation_id, execution_count, next_execution_at, last_execution_at, running_execution_id;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, execution_count, last_execution_at)
    SELECT id, user_id, operation_id, schedule_type, execution_count + 1, last_execution_at FROM helix.operation_schedules
     WHERE operation_id LIKE 'task-%'
    ON CONFLICT (id) DO UPDATE SET execution_count = excluded.execution_count, last_execution_at = excluded.last_execution_at
    RETURNING operation_id, execution_count, updated_at = now() AS changed_now;
UPDATE helix.operation_schedules SET execution_count = 'many';
-- The rights to columns and rows are those of the table.
UPDATE helix.operation_schedules SET job_name = 'mine';
UPDATE helix.operation_schedules SET cron_expression = 'whenever' WHERE operation_id = 'email-compose';
UPDATE helix.operation_schedules SET user_id = :bob;
SET helix.user_id = 'c11e0000-0000-4000-8000-00000000000b';
UPDATE helix.operation_schedules SET parameters = '{}' RETURNING id;
RESET ROLE;
RESET helix.user_id;
DELETE FROM helix.operation_schedules;
DELETE FROM helix.budgets;
DELETE FROM helix.user_operation_preferences WHERE user_id = :alice;
DELETE FROM helix.ui_theme_preferences WHERE user_id = :alice;

-- Numbers: rates and averages have at most 15 digits, sums no zeros at their end, and money is exact.
SELECT helix.record_operation_execution(:alice, 'email-compose', CURRENT_DATE, i < 3, 10 * i, cost, 'openai') > 0 AS recorded
  FROM (VALUES (1, 0.500), (2, 0.25), (3, 0.25), (4, 2.0000000000000000000000000000000001)) v (i, cost);
SELECT total_cost_usd, openai_cost, anthropic_cost, avg_cost_per_operation, avg_latency_ms, success_rate
  FROM helix.cost_trends WHERE user_id = :alice;
SELECT total_cost_usd, avg_cost_per_execution, max_cost_single_execution, avg_latency_ms, success_rate
  FROM helix.operation_execution_analytics WHERE user_id = :alice;
SELECT success_rate, total_cost_usd, avg_cost_per_execution, max_cost_single_execution, avg_latency_ms
  FROM helix.get_operation_metrics(:alice, 'email-compose', now() - interval '1 day', now());
SELECT success_rate, total_cost_usd, avg_cost_per_operation, avg_latency_ms
  FROM helix.get_period_summary(:alice, now() - interval '1 day', now());
SELECT helix.get_total_monthly_cost(:alice), helix.get_operation_monthly_cost(:alice, 'email-compose'),
       helix.calculate_success_rate(:alice, 'email-compose', now() - interval '1 day', now());
SELECT helix.record_operation_execution(:bob, 'email-compose', CURRENT_DATE, i < 3, 1, 0.10, 'openai') > 0 AS recorded
  FROM generate_series(1, 3) i;
SELECT total_cost_usd, success_rate, avg_cost_per_operation FROM helix.cost_trends WHERE user_id = :bob;

-- A period that runs ends before now, by any client's clock; others end a day after they began.
SELECT helix.record_operation_execution(:bob, 'email-compose', d, true, 1, 0.10, 'openai', p_occurred_at => d) > 0 AS recorded
  FROM unnest(ARRAY[CURRENT_DATE - 2, CURRENT_DATE + 1]) d;
SELECT period_start::date - CURRENT_DATE AS day, period_end <= now() AS over, period_end >= period_start AS follows,
       period_end - period_start = interval '24 hours' AS whole
  FROM helix.operation_execution_analytics WHERE user_id = :bob ORDER BY 1;

-- JSON: a time without a zone is by UTC whatever the session says, latency is rounded, a request id may be a number.
SET TimeZone = 'Asia/Tokyo';
SELECT count(*) FROM unnest(helix.record_operation_executions(jsonb_build_array(
    '{"user_id": "c11e0000-0000-4000-8000-00000000000c", "operation_id": "email-compose", "success": true, "cost_usd": 1,
      "latency_ms": 1234.56, "request_id": 1234567890123456789, "occurred_at": "2026-03-10T20:00:00"}'::jsonb,
    '{"user_id": "c11e0000-0000-4000-8000-00000000000c", "operation_id": "email-compose", "success": true, "cost_usd": 1,
      "latency_ms": "0.4", "request_id": "1234567890123456789", "occurred_at": "2026-03-11T05:00:00+09:00"}'::jsonb,
    '{"user_id": "c11e0000-0000-4000-8000-00000000000c", "operation_id": "email-compose", "success": false,
      "occurred_at": "2026-03-12 01:00:00", "error": "refused"}'::jsonb)));
SELECT current_setting('TimeZone'), '2026-03-10 20:00'::timestamptz = '2026-03-10 11:00+00' AS session_goes_on;
SELECT helix.record_operation_executions('[{"user_id": "c11e0000-0000-4000-8000-00000000000c", "operation_id": "email-compose",
    "success": true, "cost_usd": 1, "occurred_at": "whenever"}]'::jsonb);
SELECT current_setting('TimeZone'), '2026-03-10 20:00'::timestamptz = '2026-03-10 11:00+00' AS session_goes_on;
SET TimeZone = 'UTC';
SELECT date, latency_ms, request_id, cost_usd, success, occurred_at AT TIME ZONE 'UTC' AS occurred_at_utc
  FROM helix.executions WHERE user_id = 'c11e0000-0000-4000-8000-00000000000c' ORDER BY id;
SELECT helix.record_operation_execution('c11e0000-0000-4000-8000-00000000000c', 'email-compose', NULL, true, 1, NULL, 'openai');
-- Arrays: latencies as bigint or integer.
SELECT array_length(helix.record_operation_executions(ARRAY[:alice, :alice]::uuid[], ARRAY['email-compose', 'email-compose'],
    NULL, ARRAY[true, true], latencies, ARRAY[0.1, 0.1], ARRAY['openai', 'openai']), 1)
  FROM (VALUES ('{7, 2147483647}'::bigint[])) v (latencies);
SELECT array_length(helix.record_operation_executions(ARRAY[:alice]::uuid[], ARRAY['email-compose'], NULL, ARRAY[true],
    ARRAY[9], ARRAY[0.1], ARRAY['openai']), 1);
SELECT latency_ms FROM helix.executions WHERE user_id = :alice AND cost_usd = 0.1 ORDER BY id;
SELECT helix.record_operation_executions(ARRAY[:alice]::uuid[], ARRAY['email-compose'], NULL, ARRAY[true],
    ARRAY[2147483648], ARRAY[0.1], ARRAY['openai']);

SELECT helix.fold() >= 0 AS folded;
SELECT total_cost_usd, success_rate, avg_cost_per_operation FROM helix.cost_trends WHERE user_id = :alice;
DROP OWNED BY regress_client, regress_client_service;
DROP ROLE regress_client, regress_client_service;

-- A secret that is named by its item in 1Password alone needs the vault's name. With it, the item is looked for in 1Password.
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref)
    VALUES (:alice, 'email-compose', 'webhook', 'webhook-schedule-abc');
ALTER SYSTEM SET helix.onepassword_default_vault = 'a/b';
ALTER SYSTEM SET helix.onepassword_default_vault = 'Team Secrets';
SELECT pg_reload_conf(), pg_sleep(1);
\c -
SHOW helix.onepassword_default_vault;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref)
    VALUES (:alice, 'email-compose', 'webhook', 'webhook-schedule-abc') RETURNING webhook_secret_ref;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref)
    VALUES (:alice, 'email-compose', 'webhook', 'c2VjcmV0+/=');
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref)
    VALUES (:alice, 'email-compose', 'webhook', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
ALTER SYSTEM RESET helix.onepassword_default_vault;
SELECT pg_reload_conf();
