-- Schedules by a clock that the test sets. pg_cron is not in this database (test/t/017_schedules.pl has it): the trigger that
-- registers is switched off where a schedule by cron has to be enabled.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET helix.max_schedules_per_user = 0;
SET helix.max_queued_per_user = 0;
\set VERBOSITY default
\set user '''5c4ed000-0000-4000-8000-000000000001'''
\set other '''5c4ed000-0000-4000-8000-000000000002'''

-- Without pg_cron: a clear error for what needs it, and nothing else is hindered.
SELECT * FROM helix.register_cron_job('nightly', '0 3 * * *', 'email-compose', :user);
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, cron_expression)
VALUES (:user, 'email-compose', 'cron', '0 3 * * *');
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, cron_expression, enabled)
VALUES (:user, :user, 'email-compose', 'cron', '0 3 * * *', false);
UPDATE helix.operation_schedules SET enabled = true WHERE id = :user;
SELECT schedule_type, enabled, next_execution_at, execution_count, job_name FROM helix.operation_schedules;
SELECT helix.check_cron_job_exists('nightly'), helix.unregister_cron_job('nightly'), helix_internal.reconcile_cron();

-- What makes no sense is refused while a schedule is still disabled.
\set columns '(user_id, operation_id, schedule_type, enabled, cron_expression, timezone)'
\set insert 'INSERT INTO helix.operation_schedules ' :columns ' VALUES'
:insert (:user, 'email-compose', 'cron', false, '60 * * * *', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '@reboot', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 0 12 * * *', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 9 * * 1#1', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 7 * * 1;drop', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 7 * * fri-mon', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 0 30 2 *', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 0 * * *', 'Mars/Base');
:insert (:user, 'email-compose', 'webhook', true, NULL, 'Mars/Base');
\set VERBOSITY terse
:insert (:user, 'email-compose', 'cron', false, NULL, 'UTC');
:insert (:user, 'no-such-operation', 'manual', true, NULL, 'UTC');
:insert (:user, 'email-compose', 'hourly', true, NULL, 'UTC');
:insert (:user, 'email-compose', NULL, true, NULL, 'UTC');
:insert (:user, 'email-compose', 'cron', NULL, '0 0 * * *', 'UTC');
:insert (:user, 'email-compose', 'cron', false, '0 0 * * *', NULL);
\set VERBOSITY default
UPDATE helix.operation_schedules SET id = :other;
DELETE FROM helix.operation_schedules;

-- The times of three days around a change of the clock, by UTC and by the zone's own clock.
CREATE FUNCTION pg_temp.runs(p_expression text, p_zone text, p_from timestamptz, p_until timestamptz)
    RETURNS SETOF timestamptz LANGUAGE sql AS $$
    WITH RECURSIVE runs AS (
        SELECT helix.next_run(p_expression, p_zone, p_from) AS at
        UNION ALL SELECT helix.next_run(p_expression, p_zone, at) FROM runs WHERE at <= p_until)
    SELECT at FROM runs WHERE at <= p_until $$;
SELECT zone, change, expression, string_agg(to_char(at, 'DD HH24:MI') || '=' || to_char(at AT TIME ZONE zone, 'HH24:MI'), ', '
       ORDER BY at) AS utc_and_local
  FROM (VALUES ('Europe/Berlin', '2024-03-31'::date), ('Europe/Berlin', '2024-10-27'), ('America/New_York', '2024-03-10'),
               ('America/New_York', '2024-11-03'), ('Australia/Lord_Howe', '2024-10-06'), ('Australia/Lord_Howe', '2024-04-07'),
               ('Asia/Kathmandu', '2024-03-31'), ('Pacific/Chatham', '2024-09-29'), ('Pacific/Chatham', '2024-04-07'))
       zones (zone, change),
       (VALUES ('30 2 * * *'), ('15 2,3 * * *'), ('0 */12 * * *'), ('45 1 * * *')) expressions (expression),
       pg_temp.runs(expression, zone, (change - 1)::timestamp AT TIME ZONE zone,
           (change + 1)::timestamp AT TIME ZONE zone + '1 day')
       AS at
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- What pg_cron is told.
ALTER TABLE helix_internal.operation_schedules DISABLE TRIGGER register_schedule;
:insert (:user, 'email-compose', 'cron', true, 'x', 'UTC');
INSERT INTO helix_internal.operation_schedules (user_id, operation_id, schedule_type, job_name, cron_expression, timezone)
SELECT :user, 'email-compose', 'cron', 'form ' || row_number() OVER (), expression, zone
  FROM (VALUES ('30 2 * * *', 'UTC'), ('30 2 $ * *', 'UTC'), ('30 seconds', 'UTC'), ('@daily', 'UTC'), ('@daily', 'Europe/Berlin'),
               ('30 2 * * *', 'Europe/Berlin'), ('30 9 * * *', 'Europe/Berlin'), ('30 2 * * *', 'Asia/Tokyo'),
               ('30 2 * * *', 'Asia/Kathmandu'), ('*/10 * * * *', 'America/New_York'), ('30 2 1 * *', 'Australia/Lord_Howe'),
               ('5 2 * * *', 'Europe/Berlin'), ('5 2 * * *', 'UTC'), ('30 2 * * *', 'europe/berlin'),
               ('30 2 * * *', 'EST5EDT')) forms (expression, zone);
SELECT cron_expression, timezone, pg_cron_expression FROM helix_internal.operation_schedules ORDER BY created_at,
    substr(job_name, 6)::int;
-- The next run is by the zone's clock, and by another zone's as soon as it has that one.
SELECT timezone, to_char(next_scheduled_at AT TIME ZONE timezone, 'HH24:MI') AS next FROM helix_internal.operation_schedules
 WHERE timezone LIKE 'Asia/%' ORDER BY 1;
UPDATE helix_internal.operation_schedules SET timezone = 'Europe/Moscow' WHERE timezone LIKE 'Asia/%';
SELECT timezone, to_char(next_scheduled_at AT TIME ZONE timezone, 'HH24:MI') AS next FROM helix_internal.operation_schedules
 WHERE timezone = 'Europe/Moscow';
DELETE FROM helix_internal.operation_schedules;

-- Prediction is firing: pg_cron alone, by what it is told and in UTC, runs every schedule when next_run() says, over both
-- changes of the clock to come. What would be late is lost, for missed_runs is none.
CREATE FUNCTION pg_temp.changes(p_zone text) RETURNS SETOF timestamptz LANGUAGE sql AS $$
    SELECT day FROM generate_series(date_trunc('day', now()) + '2 days', now() + '370 days', '1 day') day
     WHERE (day AT TIME ZONE p_zone) - (day AT TIME ZONE 'UTC')
           <> ((day + '1 day'::interval) AT TIME ZONE p_zone) - ((day + '1 day'::interval) AT TIME ZONE 'UTC')
    UNION ALL SELECT date_trunc('day', now()) + '2 days' WHERE p_zone IN ('UTC', 'Asia/Kathmandu') $$;
CREATE FUNCTION pg_temp.fired(p_name text, p_from timestamptz, p_until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    job helix_internal.operation_schedules;
    fires timestamptz;
BEGIN
    SELECT * INTO STRICT job FROM helix_internal.operation_schedules WHERE job_name = p_name;
    UPDATE helix_internal.operation_schedules SET next_scheduled_at = helix.next_run(cron_expression, timezone, p_from)
     WHERE id = job.id;
    fires := helix.next_run(job.pg_cron_expression, 'UTC', p_from);
    WHILE fires <= p_until LOOP
        PERFORM helix_internal.run_job(p_name, fires + '0.2 s');
        fires := helix.next_run(job.pg_cron_expression, 'UTC', fires);
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.part(p_low int, p_high int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN kind < 0.35 THEN a::text WHEN kind < 0.55 THEN '*' WHEN kind < 0.7 THEN least(a, b) || '-' || greatest(a, b)
                WHEN kind < 0.85 THEN least(a, b) || ',' || greatest(a, b) ELSE '*/' || greatest(b - p_low, 1) END
      FROM (SELECT random() AS kind, p_low + floor(random() * (p_high - p_low + 1))::int AS a,
                   p_low + floor(random() * (p_high - p_low + 1))::int AS b OFFSET 0) r $$;
SELECT setseed(0.42);
CREATE TEMP TABLE walked AS
SELECT 'walk ' || row_number() OVER () AS name, expression, zone, change - '6 h'::interval AS starts,
    change + '30 h'::interval AS ends
  FROM (SELECT zone, unnest(ARRAY['30 2 * * *', '59 0-4 * * *', '7 */2 * * *', '@daily', '15 2 * * sun-sat',
                            pg_temp.part(0, 59) || ' ' || pg_temp.part(0, 4) || ' * * *',
                            pg_temp.part(0, 59) || ' ' || pg_temp.part(0, 4) || ' * * ' || pg_temp.part(0, 6),
                            pg_temp.part(0, 59) || ' ' || pg_temp.part(0, 23) || ' * ' || pg_temp.part(1, 12) || ' *'])
                            AS expression
          FROM unnest(ARRAY['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Chatham',
                            'America/Santiago', 'Africa/Cairo']) zone) jobs,
       pg_temp.changes(zone) change;
INSERT INTO helix_internal.operation_schedules (user_id, operation_id, schedule_type, job_name, cron_expression, timezone,
    missed_runs, overlap)
SELECT :user, 'email-compose', 'cron', name, expression, zone, 'none', 'allow' FROM walked;
SELECT count(pg_temp.fired(name, starts, ends)) > 100 AS walked FROM walked;
WITH fired AS (
    SELECT w.name, q.scheduled_for AS at FROM walked w JOIN helix_internal.operation_schedules s ON s.job_name = w.name
      JOIN helix_internal.queue q ON q.schedule_id = s.id),
     predicted AS (SELECT w.name, r.at FROM walked w, pg_temp.runs(expression, zone, starts, ends) AS r (at))
SELECT w.expression, w.zone, s.pg_cron_expression, d.at, d.what
  FROM ((SELECT *, 'not fired' AS what FROM (TABLE predicted EXCEPT ALL TABLE fired) p)
        UNION ALL (SELECT *, 'not predicted' FROM (TABLE fired EXCEPT ALL TABLE predicted) f)) d
  JOIN walked w USING (name) JOIN helix_internal.operation_schedules s ON s.job_name = w.name;
SELECT count(*) > 1000 AS ran_often FROM helix_internal.queue;
DELETE FROM helix_internal.queue;
DELETE FROM helix_internal.operation_schedules;

-- Missed runs: three hours down, back at 12:00:30. Busy is whether an execution is unfinished by then.
CREATE FUNCTION pg_temp.back(p_missed text, p_overlap text, p_expression text, p_busy boolean, p_now timestamptz)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := gen_random_uuid();
    v_queued int;
BEGIN
    INSERT INTO helix_internal.operation_schedules
        (id, user_id, operation_id, schedule_type, job_name, cron_expression, missed_runs, overlap)
    VALUES (v_id, '5c4ed000-0000-4000-8000-000000000001', 'email-compose', 'cron', 'down', p_expression, p_missed, p_overlap);
    IF p_busy THEN
        PERFORM helix.enqueue_execution(v_id);
    END IF;
    UPDATE helix_internal.operation_schedules SET next_scheduled_at = '2026-01-05 09:10' WHERE id = v_id;
    v_queued := helix_internal.run_job('helix_down', p_now);
    IF helix_internal.run_job('down', p_now) <> 0 THEN
        RAISE 'served twice';
    END IF;
    RETURN (SELECT v_queued || ' queued: ' || coalesce(CASE WHEN count(*) > 6 THEN min(to_char(e.scheduled_for, 'HH24:MI:SS'))
        || ' to '
                       || max(to_char(e.scheduled_for, 'HH24:MI:SS')) || ', waiting '
                       || count(*) FILTER (WHERE q.ready_at = 'infinity')
                   ELSE string_agg(to_char(e.scheduled_for, 'HH24:MI') || CASE WHEN q.ready_at = 'infinity' THEN ' waits'
                       WHEN e.execution_status = 'skipped' THEN ' skipped' ELSE '' END, ', ' ORDER BY e.scheduled_for) END, '-')
                   || '; next ' || max(to_char(s.next_scheduled_at, 'HH24:MI:SS'))
              FROM helix_internal.operation_schedules s LEFT JOIN helix.schedule_executions e
                ON e.schedule_id = s.id AND e.scheduled_for IS NOT NULL LEFT JOIN helix_internal.queue q ON q.id = e.id
             WHERE s.id = v_id);
END $$;
CREATE FUNCTION pg_temp.table_of(p_expression text, p_now timestamptz, OUT missed text, OUT overlap text, OUT busy boolean,
    OUT done text)
    RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    FOREACH missed IN ARRAY ARRAY['none', 'one', 'all'] LOOP
        FOREACH overlap IN ARRAY ARRAY['skip', 'queue', 'allow'] LOOP
            FOREACH busy IN ARRAY ARRAY[false, true] LOOP
                done := pg_temp.back(missed, overlap, p_expression, busy, p_now);
                DELETE FROM helix_internal.queue;
                DELETE FROM helix_internal.schedule_executions;
                DELETE FROM helix_internal.operation_schedules;
                RETURN NEXT;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
SELECT * FROM pg_temp.table_of('10 * * * *', '2026-01-05 12:00:30'); -- none of them punctual
SELECT * FROM pg_temp.table_of('10 * * * *', '2026-01-05 12:10:30'); -- the last of them punctual
SELECT * FROM pg_temp.table_of('* * * * *', '2026-01-05 12:00:30') WHERE busy IS FALSE; -- more than 100 missed
SELECT * FROM pg_temp.table_of('30 seconds', '2026-01-05 12:00:30') WHERE missed <> 'all' AND NOT busy;

-- Executions that wait for one another: each end lets one go; all go where the schedule no longer says so. Where it is gone they
-- end.
CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE ready_at < 'infinity') || ' ready, ' || count(*) FILTER (WHERE ready_at = 'infinity')
        || ' waiting'
      FROM helix_internal.queue $$;
ALTER TABLE helix_internal.operation_schedules ENABLE TRIGGER register_schedule;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, overlap)
    VALUES (:user, :user, 'email-compose', 'manual', 'queue');
SELECT count(helix.enqueue_execution(:user)) FROM generate_series(1, 4);
SELECT pg_temp.waiting();
SELECT helix.complete_execution(execution_id, 'success') FROM helix.claim_executions('w', 10) c;
SELECT pg_temp.waiting();
UPDATE helix.operation_schedules SET missed_runs = 'all', overlap = 'skip';
SELECT pg_temp.waiting();
BEGIN;
UPDATE helix.operation_schedules SET missed_runs = 'one';
SELECT pg_temp.waiting();
ROLLBACK;
DELETE FROM helix.operation_schedules;
SELECT pg_temp.waiting();
DELETE FROM helix_internal.queue;

-- The view, as a signed-in user.
CREATE ROLE regress_schedules_user;
CREATE ROLE regress_schedules_service;
SELECT helix.grant_api_access('regress_schedules_user', 'regress_schedules_service');
SET ROLE regress_schedules_user;
SET request.jwt.claims = '{"sub": "5c4ed000-0000-4000-8000-000000000001"}';
-- The id is the database's, whatever a client sends.
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_url)
VALUES (:user, :user, 'email-compose', 'webhook', 'https://example.org') RETURNING id AS hook \gset
SELECT id <> :user AS id_is_new, job_name = 'helix_' || id AS named_by_it, enabled, timezone, parameters, missed_runs, overlap
  FROM helix.operation_schedules;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type) VALUES (:user, 'email-compose', 'manual')
    RETURNING id IS NOT NULL;
-- as PostgREST upserts: every column of the payload is set, the key too
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type)
    VALUES (:'hook', :user, 'email-classify', 'webhook')
    ON CONFLICT (id) DO UPDATE SET id = excluded.id, user_id = excluded.user_id, operation_id = excluded.operation_id,
    schedule_type = excluded.schedule_type RETURNING operation_id, webhook_url;
SELECT pg_sleep(0.01);
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'hook' RETURNING updated_at > created_at AS updated;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type) VALUES (:other, 'email-compose', 'manual');
UPDATE helix.operation_schedules SET user_id = :other WHERE id = :'hook';
UPDATE helix.operation_schedules SET id = :other WHERE id = :'hook';
UPDATE helix.operation_schedules SET job_name = 'mine' WHERE id = :'hook';
UPDATE helix.operation_schedules SET updated_at = now() WHERE id = :'hook';
UPDATE helix.operation_schedules SET execution_count = 7 WHERE id = :'hook';
UPDATE helix.operation_schedules SET next_execution_at = now() WHERE id = :'hook';
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, job_name)
    VALUES (:user, 'email-compose', 'manual', 'mine');
UPDATE helix_internal.operation_schedules SET next_scheduled_at = now();
SELECT helix_internal.run_job('helix_5c4ed000-0000-4000-8000-000000000001');
SELECT helix_internal.reconcile_cron();
SET request.jwt.claims = '{"sub": "5c4ed000-0000-4000-8000-000000000002"}';
SELECT count(*) FROM helix.operation_schedules;
UPDATE helix.operation_schedules SET enabled = true;
DELETE FROM helix.operation_schedules;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type) VALUES (:'hook', :other, 'email-compose', 'manual')
    ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, operation_id = excluded.operation_id
    RETURNING id <> :'hook' AS a_row_of_ones_own;
SET request.jwt.claims = '{}';
SELECT count(*) FROM helix.operation_schedules;
RESET request.jwt.claims;
RESET ROLE;
SELECT user_id, operation_id, schedule_type, enabled FROM helix.operation_schedules ORDER BY schedule_type, user_id;

-- What the database fills in, while an execution is pending, running and finished.
UPDATE helix.operation_schedules SET enabled = true WHERE id = :'hook';
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
    SELECT format('count %s, last %s, running %s', execution_count, last_execution_at IS NOT NULL,
               coalesce((running_execution_id = (SELECT id FROM helix_internal.queue WHERE running))::text, '-'))
      FROM helix.operation_schedules WHERE webhook_url IS NOT NULL $$;
SELECT pg_temp.state();
SELECT helix.enqueue_execution(:'hook') IS NOT NULL;
SELECT pg_temp.state();
SELECT count(*) FROM helix.claim_executions('w', 10);
SELECT pg_temp.state();
SELECT helix.complete_execution(id, 'success') FROM helix_internal.queue;
SELECT pg_temp.state();
ALTER TABLE helix_internal.operation_schedules DISABLE TRIGGER register_schedule;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, cron_expression)
    VALUES (:other, :other, 'email-compose', 'cron', '1 1 * * *');
SELECT next_execution_at = helix.next_run('1 1 * * *') AS next FROM helix.operation_schedules WHERE id = :other;
UPDATE helix.operation_schedules SET cron_expression = '2 2 * * *' WHERE id = :other;
SELECT next_execution_at = helix.next_run('2 2 * * *') AS next FROM helix.operation_schedules WHERE id = :other;
UPDATE helix.operation_schedules SET enabled = false WHERE id = :other;
SELECT next_execution_at FROM helix.operation_schedules WHERE id = :other;
SELECT helix_internal.run_job('helix_' || :other, '2100-01-01 02:02') AS queued;
ALTER TABLE helix_internal.operation_schedules ENABLE TRIGGER register_schedule;
-- An operation of one's own may take the place of the shipped one that the schedule refers to; going it may not.
BEGIN;
INSERT INTO helix.operations (operation_id, name) VALUES ('email-compose', 'Ours') RETURNING name, shipped;
DELETE FROM helix.operations WHERE operation_id = 'email-compose';
ROLLBACK;
DELETE FROM helix.operation_schedules;
DELETE FROM helix_internal.schedule_executions;
DROP OWNED BY regress_schedules_user, regress_schedules_service;
DROP ROLE regress_schedules_user, regress_schedules_service;

-- Times beyond what helix adds to are refused wherever one is given.
SELECT call, at, failure(format(call, at))
  FROM (VALUES ($$SELECT helix.next_run('* * * * *', 'UTC', %L)$$), ($$SELECT helix_internal.run_job('none', %L)$$),
               ($$SELECT helix_internal.forget_request_ids(%L)$$), ($$SELECT helix_internal.maintain_partitions(%L)$$)) c (call),
       (VALUES ('-infinity'), ('294276-12-31 23:59:59.999999+00')) t (at) ORDER BY 1, 2;
SELECT helix.next_run('0 0 1 1 *', 'UTC', '9999-12-31 23:59:59.999999+00') AS latest,
    helix.next_run('0 0 1 1 *', 'UTC', '1970-01-01 00:00+00') AS earliest;

-- Zones: names of pg_timezone_names alone; in any case, stored as spelled there.
SELECT zone, failure(format($$SELECT helix.next_run('0 9 * * '
    '*', %L)$$, zone)) = failure(format($$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, timezone)
           VALUES ('5c4ed000-0000-4000-8000-000000000009', 'email-compose', 'manual', %L)$$, zone)) AS both_alike,
       failure(format($$SELECT helix.next_run('0 9 * * *', %L)$$, zone))
  FROM unnest('{SAT,+02:00,UTC+2,FOO3,<+02>-02,EST5EDT4\,M3.2.0,"",right/Europe/Berlin,Mars/Base}'::text[]) zone;
SELECT helix.next_run('0 9 * * *', 'europe/berlin', '2026-07-01 00:00+00') AS berlin,
       helix.next_run('0 9 * * *', 'cet', '2026-07-01 00:00+00') AS cet,
       helix.next_run('0 9 * * *', 'EST5EDT', '2026-07-01 00:00+00') AS est;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, timezone)
    VALUES (:user, 'email-compose', 'manual', 'europe/BERLIN') RETURNING timezone;
-- A dump may bring a name that this server does not know: it runs by UTC, and nothing else is late.
SET helix.after_restore = run;
INSERT INTO helix_internal.operation_schedules (user_id, operation_id, schedule_type, cron_expression, timezone, created_at)
    SELECT :user, 'email-compose', 'cron', '* * * * *', zone, '2020-01-01' FROM unnest('{Mars/Base,UTC,SAT}'::text[]) zone;
RESET helix.after_restore;
UPDATE helix_internal.operation_schedules SET next_scheduled_at = now() - interval '10 s' WHERE schedule_type = 'cron';
SELECT helix_internal.reconcile_cron();
SELECT s.timezone, s.next_execution_at > now() AS goes_on, count(q.id)
  FROM helix.operation_schedules s LEFT JOIN helix_internal.queue q ON q.schedule_id = s.id
 WHERE s.schedule_type = 'cron' GROUP BY 1, 2 ORDER BY 1;
UPDATE helix.operation_schedules SET enabled = false WHERE timezone = 'Mars/Base' RETURNING enabled, timezone;
SELECT failure($$UPDATE helix.operation_schedules SET timezone = 'Mars/Other' WHERE timezone = 'Mars/Base'$$);
DELETE FROM helix.operation_schedules;
SELECT count(helix.cancel_execution(id)) FROM helix_internal.queue;
DELETE FROM helix_internal.schedule_executions;
