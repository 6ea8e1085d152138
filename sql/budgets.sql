-- Budgets: periods, limits of users, operations, preferences and groups, reservations, settlement, estimates, and every refusal.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET helix.date_ahead = 400;
-- refusal(statement): what it raises, with every field; what differs from run to run is hidden.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(regexp_replace(concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, '')),
        '\m[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f-]{17}\M', 'ID', 'g'), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00',
            'TIME', 'g');
END $$;
\set alice '''b0d9e700-0000-0000-0000-00000000000a'''
\set bob   '''b0d9e700-0000-0000-0000-00000000000b'''
\set carol '''b0d9e700-0000-0000-0000-00000000000c'''
\set dave  '''b0d9e700-0000-0000-0000-00000000000d'''
\set eve   '''b0d9e700-0000-0000-0000-00000000000e'''
\set grace '''b0d9e700-0000-0000-0000-000000000010'''

-- Periods by the calendar of a zone: days of 23 and 25 hours, weeks from Monday, months of any length, midnights that do not exist.
SELECT z.period, z.zone, z.at AT TIME ZONE 'UTC' AS at_utc, p.period_start, p.period_end, p.resets_at AS resets_at_utc
  FROM (VALUES ('day', 'UTC', '2026-03-29 23:59:59+00'::timestamptz),
               ('day', 'Europe/Berlin', '2026-03-28 22:59:59+00'), ('day', 'Europe/Berlin', '2026-03-28 23:00:00+00'),
               ('day', 'Europe/Berlin', '2026-03-29 22:00:00+00'), ('day', 'Europe/Berlin', '2026-10-25 00:30:00+00'),
               ('day', 'Europe/Berlin', '2026-10-25 22:59:59+00'), ('day', 'America/Los_Angeles', '2026-01-01 07:59:59+00'),
               ('day', 'Pacific/Kiritimati', '2026-01-01 10:00:00+00'), ('day', 'Asia/Kathmandu', '2026-01-01 18:15:00+00'),
               ('day', 'Africa/Cairo', '2026-04-23 21:59:59+00'), ('day', 'Africa/Cairo', '2026-04-23 22:00:00+00'),
               ('week', 'UTC', '2026-11-22 23:59:59+00'), ('week', 'UTC', '2026-11-23 00:00:00+00'),
               ('week', 'Europe/Berlin', '2026-03-29 21:59:59+00'), ('week', 'America/New_York', '2027-01-04 04:59:59+00'),
               ('month', 'UTC', '2028-02-29 12:00:00+00'), ('month', 'Europe/Berlin', '2026-10-31 22:59:59+00'),
               ('month', 'Europe/Berlin', '2026-10-31 23:00:00+00'), ('month', 'Asia/Tokyo', '2026-12-31 15:00:00+00')) z
               (period, zone, at),
       LATERAL helix_internal.budget_period(z.period, z.zone, z.at) p;

-- Nothing is limited: reserving costs nothing but the reservation.
SELECT helix.get_remaining_budget(:alice, 'email-compose') AS no_limit,
    helix.is_within_budget(:alice, 'email-compose', 999999999) AS fits;
SELECT helix.reserve_budget(:alice, 'email-compose', 3, '1 hour') AS unlimited \gset
SELECT count(*) FROM helix.budget_status(:alice);

-- A limit that comes later counts what is reserved already.
SELECT helix.set_cost_budget(:alice, 10);
SELECT helix.get_remaining_budget(:alice, 'email-compose');
SELECT scope, period, time_zone, hard, warn_percent, limit_usd, spent_usd, reserved_usd, remaining_usd, percent_used, level,
       period_start = date_trunc('month', now())::date AS starts, period_end + 1 = resets_at::date AS ends,
       resets_at = date_trunc('month', now()) + interval '1 month' AS resets
  FROM helix.budget_status(:alice);
-- Spent: what occurred in the period, folded or not, whatever its date; what occurred before it does not count.
SELECT helix.record_operation_execution(:alice, 'email-compose', d, true, 1, c, 'openai', p_occurred_at => at) > 0 AS recorded
  FROM (VALUES (NULL::date, date_trunc('month', now()) - interval '1 us', 100), (NULL, date_trunc('month', now()), 1.25),
               ((date_trunc('month', now()) + interval '1 month')::date, NULL, 0.25),
                   ((date_trunc('month', now()) - interval '1 month')::date, now(), 0.25)) v (d, at, c);
SELECT spent_usd, reserved_usd, remaining_usd, percent_used FROM helix.budget_status(:alice);
SELECT helix.fold() > 0 AS folded;
SELECT helix.record_operation_execution(:alice, 'task-breakdown', NULL, true, 1, 0.0000000001, 'openai') > 0 AS recorded;
SELECT spent_usd, reserved_usd, remaining_usd, percent_used, level FROM helix.budget_status(:alice);
SELECT month = to_char(now(), 'YYYY-MM') AS this_month, monthly_budget_usd, spent_amount_usd, alert_threshold_percent
  FROM helix.cost_budgets WHERE user_id = :alice;

-- Exactly what is left fits, with a warning; anything more does not.
SELECT helix.is_within_budget(:alice, 'email-compose', 5.2499999999) AS fits,
    helix.is_within_budget(:alice, 'email-compose', 5.25) AS too_much;
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 5.25)', :alice, 'email-compose'));
SET client_min_messages = error;
SELECT helix.reserve_budget(:alice, 'email-compose', 5.2499999999) AS rest \gset
RESET client_min_messages;
SELECT remaining_usd, percent_used, level FROM helix.budget_status(:alice);
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 0.000001)', :alice, 'email-compose'));
\set VERBOSITY terse
SELECT helix.reserve_budget(:alice, 'email-compose', 0) IS NOT NULL AS nothing_fits_always;
\set VERBOSITY default
-- A refusal has changed nothing. Releasing gives back, once.
SELECT count(*), sum(amount_usd) FROM helix_internal.budget_reservations WHERE user_id = :alice;
SELECT helix.release_reservation(:'rest'), helix.release_reservation(:'rest') AS again;
SELECT helix.get_remaining_budget(:alice, 'email-compose');

-- Settling: the exact cost takes the place of the estimate. Twice, or for another: said, and nothing is lost.
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, true, 1, 0.75, 'openai', p_reservation_id => :'unlimited')
    > 0 AS recorded;
SELECT spent_usd, reserved_usd FROM helix.budget_status(:alice);
SELECT refusal(format('SELECT helix.record_operation_execution(%L, %L, NULL, true, 1, 1, %L, p_reservation_id => %L)', :alice,
    'task-breakdown', 'openai', helix.reserve_budget(:alice, 'email-compose', 1)));
SELECT refusal(format('SELECT helix.record_operation_execution(%L, %L, NULL, true, 1, 1, %L, p_reservation_id => %L)', :bob,
    'email-compose', 'openai', r.id))
  FROM helix_internal.budget_reservations r WHERE r.amount_usd = 1;
SELECT spent_usd, reserved_usd FROM helix.budget_status(:alice);
\set VERBOSITY terse
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, true, 1, 0.25, 'openai', p_reservation_id => :'unlimited')
    > 0 AS recorded;
-- The bulk forms settle too; a request id seen before settles and records nothing.
SELECT helix.reserve_budget(:alice, 'email-compose', 0.1) AS one \gset
SELECT helix.reserve_budget(:alice, 'email-compose', 0.2) AS two \gset
SELECT helix.reserve_budget(:alice, 'email-compose', 0.3) AS three \gset
SELECT
    cardinality(helix.record_operation_executions(jsonb_build_array(jsonb_build_object('user_id', :alice, 'operation_id',
        'email-compose', 'success', true,
    'cost_usd', 0.01, 'request_id', 'settled', 'reservation_id', :'one'))));
SELECT cardinality(helix.record_operation_executions(ARRAY[:alice]::uuid[], '{email-compose}', NULL, '{t}', NULL, '{0.02}',
    '{openai}', p_reservation_id => ARRAY[:'two']::uuid[]));
SELECT
    cardinality(helix.record_operation_executions(jsonb_build_array(jsonb_build_object('user_id', :alice, 'operation_id',
        'email-compose', 'success', true,
    'cost_usd', 0.01, 'request_id', 'settled', 'reservation_id', :'three'))));
SELECT count(*), sum(amount_usd) FROM helix_internal.budget_reservations WHERE user_id = :alice AND amount_usd > 0;
SELECT spent_usd FROM helix.budget_status(:alice);
\set VERBOSITY default
-- Recording without a reservation is never refused: the budget is negative then.
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, true, 1, 20, 'openai') > 0 AS recorded;
SELECT helix.get_remaining_budget(:alice, 'email-compose'), helix.is_within_budget(:alice, 'email-compose', 0) AS fits;
SELECT level, percent_used FROM helix.budget_status(:alice);
-- The worker tells once for each level.
SELECT helix_internal.warn_of_budgets() > 0 AS told;
SELECT helix_internal.warn_of_budgets() AS told_again;
SELECT level, limit_usd, spent_usd, reserved_usd FROM helix.budget_warnings WHERE user_id = :alice;
-- First from warn_percent on, and again at the limit.
SELECT helix.set_cost_budget(:grace, 10);
SELECT helix.record_operation_execution(:grace, 'email-compose', NULL, true, 1, 8, 'openai') > 0 AS recorded;
SELECT helix_internal.warn_of_budgets() AS told;
SELECT helix.record_operation_execution(:grace, 'email-compose', NULL, true, 1, 2, 'openai') > 0 AS recorded;
SELECT helix_internal.warn_of_budgets() AS told;
SELECT level, limit_usd, spent_usd, reserved_usd FROM helix.budget_warnings WHERE user_id = :grace ORDER BY id;

-- Expired at this instant: it does not count, whether or not it is gone.
SELECT helix.set_cost_budget(:bob, 1);
SELECT helix.reserve_budget(:bob, 'email-compose', 0.5) AS expiring \gset
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 0.6)', :bob, 'email-compose'));
UPDATE helix_internal.budget_reservations SET expires_at = clock_timestamp() WHERE id = :'expiring';
SELECT helix.get_remaining_budget(:bob, 'email-compose');
SELECT helix_internal.expire_reservations() >= 0 AS expired;
SELECT count(*) FROM helix_internal.budget_reservations WHERE id = :'expiring';

-- Each operation, all operations, a preference: the tightest counts; soft ones warn.
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd) VALUES (:carol, 'email-compose', 'day', 2);
INSERT INTO helix.budgets (user_id, period, limit_usd, hard, warn_percent) VALUES (:carol, 'week', 1, false, 50);
INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly) VALUES (:carol, 'task-breakdown', 0.3);
SELECT operation, helix.get_remaining_budget(:carol, operation)
  FROM unnest('{email-compose,task-breakdown,calendar-prep}'::text[]) operation;
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 0.31)', :carol, 'task-breakdown'));
\set VERBOSITY terse
SELECT helix.reserve_budget(:carol, 'calendar-prep', 0.49) IS NOT NULL AS quiet;
SELECT helix.reserve_budget(:carol, 'calendar-prep', 0.01) IS NOT NULL AS warned;
SELECT helix.reserve_budget(:carol, 'calendar-prep', 0.51) IS NOT NULL AS passed;
\set VERBOSITY default
SELECT scope, operation_id, period, hard, limit_usd, reserved_usd, remaining_usd, level FROM helix.budget_status(:carol);
UPDATE helix.budgets SET enabled = false WHERE user_id = :carol AND period = 'day';
SELECT helix.get_remaining_budget(:carol, 'email-compose') AS no_hard_limit_left;

-- Groups: what anyone in it or below it spends. A member of several counts once.
INSERT INTO helix.budget_groups (id, name, parent_id) VALUES
    ('b0d9e700-0000-0000-0000-000000000001', 'tenant', NULL),
    ('b0d9e700-0000-0000-0000-000000000002', 'team', 'b0d9e700-0000-0000-0000-000000000001');
INSERT INTO helix.budget_group_members VALUES
    ('b0d9e700-0000-0000-0000-000000000001', :dave), ('b0d9e700-0000-0000-0000-000000000002', :dave),
    ('b0d9e700-0000-0000-0000-000000000002', :eve);
INSERT INTO helix.budgets (group_id, period, limit_usd) VALUES
    ('b0d9e700-0000-0000-0000-000000000001', 'month', 10), ('b0d9e700-0000-0000-0000-000000000002', 'month', 4);
SELECT helix.record_operation_execution(:dave, 'email-compose', NULL, true, 1, 1, 'openai') > 0 AS recorded;
SELECT helix.reserve_budget(:eve, 'calendar-prep', 2) IS NOT NULL AS reserved;
SELECT scope, group_name, limit_usd, spent_usd, reserved_usd, remaining_usd FROM helix.budget_status(:dave);
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 1.5)', :dave, 'email-compose'));
DELETE FROM helix.budget_group_members WHERE user_id = :dave AND group_id = 'b0d9e700-0000-0000-0000-000000000002';
SELECT helix.get_remaining_budget(:dave, 'email-compose') AS dave, helix.get_remaining_budget(:eve, 'email-compose') AS eve;
SELECT refusal($$UPDATE helix.budget_groups SET parent_id = 'b0d9e700-0000-0000-0000-000000000002' WHERE name = 'tenant'$$);
SELECT refusal($$UPDATE helix.budget_groups SET parent_id = id WHERE name = 'tenant'$$);
UPDATE helix.budget_groups SET parent_id = NULL WHERE name = 'team';
SELECT helix.get_remaining_budget(:dave, 'email-compose') AS dave, helix.get_remaining_budget(:eve, 'email-compose') AS eve;

-- Bad input changes nothing.
SELECT refusal(s) FROM unnest(ARRAY[
    $$SELECT helix.reserve_budget(NULL, 'email-compose', 1)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', NULL, 1)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'no-such', 1)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', NULL)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', -0.1)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 1e9)$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 'NaN')$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 'Infinity')$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 1, '0.9 s')$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 1, '31 days')$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', 1, NULL)$$,
    $$SELECT helix.release_reservation(NULL)$$,
    $$SELECT helix.get_remaining_budget(NULL, 'email-compose')$$,
    $$SELECT helix.is_within_budget('b0d9e700-0000-0000-0000-00000000000a', 'email-compose', -1)$$,
    $$SELECT helix.set_cost_budget('b0d9e700-0000-0000-0000-00000000000a', -1)$$,
    $$SELECT helix.update_cost_budget('b0d9e700-0000-0000-0000-00000000000a', -1)$$,
    $$SELECT helix.update_cost_budget('b0d9e700-0000-0000-0000-00000000000a', NULL)$$,
    $$INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone)
    VALUES ('b0d9e700-0000-0000-0000-00000000000a', 'day', 1, 'Mars/Base')$$,
    $$INSERT INTO helix.budgets (period, limit_usd) VALUES ('day', 1)$$]) s;
SELECT limit_usd FROM helix.budget_status(:alice);
-- Older clients report what was spent with update_cost_budget(). It changes nothing, and makes no limit of the sum.
SELECT helix.update_cost_budget(:alice, 0.002);
SELECT limit_usd FROM helix.budget_status(:alice);
SELECT helix.set_cost_budget(:alice, NULL);
SELECT helix.update_cost_budget(:alice, 0.002);
SELECT count(*) FROM helix.budget_status(:alice);

-- A signed-in user: his own budgets, nobody else's, and no group's.
CREATE ROLE regress_budget_user;
CREATE ROLE regress_budget_service;
SELECT helix.grant_api_access('regress_budget_user', 'regress_budget_service');
SET ROLE regress_budget_user;
SET request.jwt.claims = '{"sub": "b0d9e700-0000-0000-0000-00000000000e"}';
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES (:eve, 'day', 3);
SELECT public.refusal($$INSERT INTO helix.budgets (user_id, period, limit_usd)
    VALUES ('b0d9e700-0000-0000-0000-00000000000e', 'day', 4)$$) AS second_limit;
SELECT scope, limit_usd, spent_usd, reserved_usd FROM helix.budget_status(:eve);
SELECT count(*) AS own FROM helix.budgets;
SELECT count(*) AS memberships FROM helix.budget_group_members;
\set VERBOSITY terse
SELECT helix.reserve_budget(:eve, 'email-compose', 0.5) IS NOT NULL AS reserved;
\set VERBOSITY default
SELECT count(*) AS months FROM helix.cost_budgets;
SELECT basis FROM helix.estimate_operation_cost(:eve, 'email-compose');
RESET ROLE;
SELECT r.id AS bobs FROM (SELECT helix.reserve_budget(:bob, 'email-compose', 0.1) AS id) r \gset
SET ROLE regress_budget_user;
SELECT split_part(public.refusal(s), ' | ', 1) FROM unnest(ARRAY[
    $$INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('b0d9e700-0000-0000-0000-00000000000b', 'day', 3)$$,
    $$INSERT INTO helix.budgets (group_id, period, limit_usd) VALUES ('b0d9e700-0000-0000-0000-000000000001', 'day', 3)$$,
    $$INSERT INTO helix.budget_groups (name) VALUES ('mine')$$,
    $$DELETE FROM helix.budget_group_members$$,
    $$SELECT helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000b', 'email-compose', 1)$$,
    $$SELECT helix.budget_status('b0d9e700-0000-0000-0000-00000000000b')$$,
    $$SELECT helix.get_remaining_budget('b0d9e700-0000-0000-0000-00000000000b', 'email-compose')$$,
    $$SELECT helix.is_within_budget('b0d9e700-0000-0000-0000-00000000000b', 'email-compose', 1)$$,
    $$SELECT helix.set_cost_budget('b0d9e700-0000-0000-0000-00000000000b', 1)$$,
    $$SELECT helix.update_cost_budget('b0d9e700-0000-0000-0000-00000000000b', 1)$$,
    $$SELECT * FROM helix.estimate_operation_cost('b0d9e700-0000-0000-0000-00000000000b', 'email-compose')$$]) s;
SELECT split_part(public.refusal(format('SELECT helix.release_reservation(%L)', :'bobs')), ' | ', 1);
UPDATE helix.budgets SET limit_usd = 1000000;
RESET request.jwt.claims;
SELECT count(*) AS nobodys FROM helix.budgets;
RESET ROLE;
SELECT count(*) AS raised FROM helix.budgets WHERE limit_usd = 1000000;
SET ROLE regress_budget_service;
SELECT count(*) > 4 AS everybodys, count(group_id) AS groups FROM helix.budgets;
RESET ROLE;
SELECT count(*) FROM helix_internal.budget_reservations WHERE id = :'bobs';

-- Estimates: prices until there is enough history, then exact percentiles of the user's own executions.
INSERT INTO helix.model_prices VALUES ('regress-lab', 'regress-model', '2020-01-01', 2, 1, 8),
    ('regress-lab', 'regress-dear', '2020-01-01', 4, 1, 16),
    ('regress-lab', 'regress-model', '2999-01-01', 1000, 1, 1000);
UPDATE helix.operations SET default_input_tokens = 1500, default_output_tokens = 600 WHERE operation_id = 'email-compose'
    RETURNING default_input_tokens, default_output_tokens;
SELECT m, e.* FROM unnest('{regress-model,regress-lab,no-such-model}'::text[]) m,
    helix.estimate_operation_cost(:bob, 'email-compose', m) e;
SELECT count(helix.record_operation_execution(:bob, 'email-compose', NULL, true, 1, n * 0.01, 'regress-lab'))
  FROM generate_series(1, 19) n;
SELECT basis, samples FROM helix.estimate_operation_cost(:bob, 'email-compose');
SELECT helix.record_operation_execution(:bob, 'email-compose', NULL, true, 1, 0.2, 'regress-lab') > 0 AS recorded;
SELECT * FROM helix.estimate_operation_cost(:bob, 'email-compose');
SELECT basis FROM helix.estimate_operation_cost(:bob, 'calendar-prep', 'regress-lab');

-- The queue: reserves when it hands out, settles when it ends; what does not fit is skipped.
DELETE FROM helix_internal.queue;
SELECT helix.set_cost_budget(:bob, 0.01); -- spent
SELECT helix.enqueue_execution(NULL, p_user_id => :bob, p_operation_id => 'email-compose') AS poor \gset
SELECT helix.enqueue_execution(NULL, p_user_id => :alice, p_operation_id => 'calendar-prep') AS free \gset
SELECT helix.enqueue_execution(NULL, p_user_id => :dave, p_operation_id => 'email-compose', p_priority => 1) AS member \gset
SELECT count(*) FROM helix.claim_executions('w', 10);
SELECT execution_status, regexp_replace(regexp_replace(error_message, 'Budget \S+ ', 'Budget ID '), 'at \d.*', 'at TIME')
  FROM helix.schedule_executions WHERE id = :'poor';
SELECT r.user_id, r.amount_usd = (SELECT mid FROM helix.estimate_operation_cost(:dave, 'email-compose')) AS estimate,
       r.expires_at = q.lease_until AS until_the_lease_ends
  FROM helix_internal.queue q LEFT JOIN helix_internal.budget_reservations r ON r.id = q.id WHERE q.running ORDER BY 1;
SELECT helix.heartbeat_execution(:'member', 1, '1 hour') AS held_until \gset
SELECT expires_at = :'held_until' AS held FROM helix_internal.budget_reservations WHERE id = :'member';
SELECT helix.fail_execution(:'member', 'no', 1, 0.5, p_retry_in => '0');
SELECT count(*) AS left_after_failure FROM helix_internal.budget_reservations WHERE id = :'member';
SELECT attempt FROM helix.claim_executions('w', 10);
SELECT count(*) AS held FROM helix_internal.budget_reservations WHERE id = :'member';
-- The lease runs out: it counts no longer; the next claim reserves anew.
UPDATE helix_internal.queue SET lease_until = clock_timestamp() WHERE id = :'member';
UPDATE helix_internal.budget_reservations SET expires_at = clock_timestamp() WHERE id = :'member';
SELECT helix_internal.expire_leases() <= 1 AS expired;
SELECT attempt FROM helix.claim_executions('w', 10);
SELECT count(*) AS held FROM helix_internal.budget_reservations WHERE id = :'member' AND expires_at > now() + interval '4 minutes';
-- Nobody else gives up or spends what is set aside for an execution.
SELECT refusal(format('SELECT helix.release_reservation(%L)', :'member'));
SELECT refusal(format($$SELECT helix.record_operation_execution(%L, 'email-compose', NULL, true, 1, 1, 'openai',
    p_reservation_id => %L)$$, :dave, :'member'));
-- A heartbeat that comes too late reserves anew, where there is room: another one has taken it here, until it is released.
UPDATE helix_internal.budget_reservations SET expires_at = clock_timestamp(), amount_usd = 0.001 WHERE id = :'member';
SELECT remaining_usd AS room FROM helix.budget_status(:dave) ORDER BY 1 LIMIT 1 \gset
SET client_min_messages = error;
SELECT helix.reserve_budget(:dave, 'email-compose', :room) AS taken \gset
RESET client_min_messages;
SELECT lease_until FROM helix_internal.queue WHERE id = :'member' \gset
SELECT refusal(format('SELECT helix.heartbeat_execution(%L, 3)', :'member'));
SELECT lease_until = :'lease_until' AS lease_as_it_was FROM helix_internal.queue WHERE id = :'member';
SELECT helix.release_reservation(:'taken');
SELECT helix.heartbeat_execution(:'member', 3, '1 hour') AS held_until \gset
SELECT expires_at = :'held_until' AS held, amount_usd > 0.001 AS estimated_anew FROM helix_internal.budget_reservations
 WHERE id = :'member';
DELETE FROM helix_internal.budget_reservations WHERE id = :'member';
SELECT helix.heartbeat_execution(:'member', 3, '1 hour') IS NOT NULL AS held;
SELECT count(*) AS reserved_anew FROM helix_internal.budget_reservations WHERE id = :'member';
SELECT helix.complete_execution(:'member', 'success', NULL, 0.25, 1, 3);
SELECT helix.complete_execution(:'free', 'success', NULL, 1, 1, 1);
SELECT count(*) AS left FROM helix_internal.budget_reservations WHERE id = :'member';
SELECT spent_usd, reserved_usd FROM helix.budget_status(:dave);
SELECT helix.enqueue_execution(NULL, p_user_id => :dave, p_operation_id => 'email-compose') AS cancelled \gset
SELECT count(*) FROM helix.claim_executions('w', 10);
SELECT helix.cancel_execution(:'cancelled');
SELECT count(*) AS left FROM helix_internal.budget_reservations WHERE id = :'cancelled';

-- What is recorded now counts in what is now the day of every zone, whatever its date.
CREATE TEMP TABLE zones AS
    SELECT zone, gen_random_uuid() AS user_id, (now() AT TIME ZONE zone)::date AS today
      FROM unnest('{Etc/GMT+12,America/New_York,UTC,Europe/Berlin,Asia/Kathmandu,Etc/GMT-14}'::text[]) zone;
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone) SELECT user_id, 'day', 1.5, zone FROM zones;
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd, time_zone) SELECT user_id, 'email-compose', 'day', 1.5, zone
    FROM zones;
SELECT count(helix.record_operation_execution(user_id, 'email-compose', NULL, true, 1, 1, 'openai')) FROM zones;
SELECT z.zone, s.operation_id, s.spent_usd FROM zones z, helix.budget_status(z.user_id) s ORDER BY 1, 2;
SELECT count(helix.record_operation_execution(user_id, 'email-compose', today + n, true, 1, 0.25, 'openai'))
  FROM zones, unnest('{-2,0,2}'::integer[]) n;
SELECT z.zone, s.operation_id, s.spent_usd FROM zones z, helix.budget_status(z.user_id) s ORDER BY 1, 2;
SELECT helix.record_operation_execution(z.user_id, 'email-compose', NULL, true, 1, 5, 'openai') > 0 AS recorded FROM zones z
 WHERE zone = 'Etc/GMT-14';
SELECT refusal(format('SELECT helix.reserve_budget(%L, %L, 0.01)', user_id, 'email-compose')) ~ 'spent 6.75' AS refused FROM zones
 WHERE zone = 'Etc/GMT-14';

-- When a cost counts: what was reserved when it was reserved, what exceeds that when it is recorded, the rest when it occurred.
-- So no date and no time that a caller gives lets anything pass a hard limit.
\set frank '''b0d9e700-0000-0000-0000-00000000000f'''
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd)
    VALUES (:frank, NULL, 'day', 1), (:frank, 'email-compose', 'day', 1);
INSERT INTO helix.budget_group_members VALUES ('b0d9e700-0000-0000-0000-000000000001', :frank);
INSERT INTO helix.budgets (group_id, period, limit_usd) VALUES ('b0d9e700-0000-0000-0000-000000000001', 'day', 100);
CREATE FUNCTION pg_temp.spend(p_date date, p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helix.record_operation_execution('b0d9e700-0000-0000-0000-00000000000f', 'email-compose', p_date, true, 1, 0.7,
        'openai', p_occurred_at => p_at,
        p_reservation_id => helix.reserve_budget('b0d9e700-0000-0000-0000-00000000000f', 'email-compose', 0.7));
    RETURN 'spent';
EXCEPTION WHEN SQLSTATE 'HX001' THEN
    RETURN 'refused';
END $$;
SELECT pg_temp.spend(current_date + 1, NULL), pg_temp.spend(current_date + 1, NULL),
       pg_temp.spend(NULL, now() + interval '4 hours'),
       pg_temp.spend(NULL, now() - interval '3 days'), pg_temp.spend(current_date - 1, now() - interval '40 days');
CREATE FUNCTION pg_temp.used() RETURNS TABLE (scope text, period text, spent_usd numeric, reserved_usd numeric) LANGUAGE sql AS $$
    SELECT s.scope, s.period, trim_scale(s.spent_usd), trim_scale(s.reserved_usd)
      FROM helix.budget_status('b0d9e700-0000-0000-0000-00000000000f') s WHERE s.period = 'day' ORDER BY 1 $$;
SELECT * FROM pg_temp.used();
-- One of yesterday counts yesterday while it is open, and up to its amount once it is settled.
SET client_min_messages = error;
SELECT helix.reserve_budget(:frank, 'email-compose', 0.3) AS yesterdays \gset
RESET client_min_messages;
SELECT * FROM pg_temp.used();
UPDATE helix_internal.budget_reservations SET created_at = created_at - interval '1 day' WHERE id = :'yesterdays';
SELECT * FROM pg_temp.used();
SELECT helix.get_remaining_budget(:frank, 'email-compose') AS remaining,
    helix.is_within_budget(:frank, 'email-compose', 0.3) AS fits;
SELECT helix.record_operation_execution(:frank, 'email-compose', current_date + 300, true, 1, 0.5, 'openai',
    p_occurred_at => now() - interval '2 days', p_reservation_id => :'yesterdays') > 0 AS recorded;
SELECT * FROM pg_temp.used();
SELECT d AS days_ago, s.usd
  FROM generate_series(0, 2) d, helix_internal.spending_of(:frank, 'email-compose', current_date - d, current_date - d + 1) s;
-- Without a reservation: when it occurred. Folded or not, summed up or not.
SELECT helix.record_operation_execution(:frank, 'email-compose', NULL, true, 1, 0.05, 'openai',
    p_occurred_at => now() - interval '1 day') > 0 AS recorded;
SELECT helix.record_operation_execution(:frank, 'email-compose', current_date - 9, true, 1, 0.01, 'openai') > 0 AS recorded;
SELECT * FROM pg_temp.used();
SELECT helix.fold() > 0 AS folded;
SELECT * FROM pg_temp.used();
SELECT refusal(format($$SELECT helix.record_operation_execution(%L, 'email-compose', NULL, true, 1, 1, 'openai',
    p_occurred_at => now() + interval '25 hours')$$, :frank)) ~ '^22008 . occurred_at is too far in the future' AS refused;
SELECT total_cost_usd FROM helix.cost_trends WHERE user_id = :frank ORDER BY date;
-- An execution of the queue that was claimed yesterday.
SELECT helix.enqueue_execution(NULL, p_user_id => :frank, p_operation_id => 'email-compose') AS claimed \gset
UPDATE helix.budgets SET limit_usd = 10 WHERE user_id = :frank;
SELECT execution_id = :'claimed' AS it FROM helix.claim_executions('w', 10);
UPDATE helix_internal.budget_reservations SET created_at = created_at - interval '1 day', amount_usd = 0.2 WHERE id = :'claimed';
SELECT helix.complete_execution(:'claimed', 'success', NULL, 0.25, 1, 1);
SELECT * FROM pg_temp.used();
SELECT count(*) AS left FROM helix_internal.budget_reservations WHERE id = :'claimed';
-- Rows that count alike become one once their quarter of an hour is over; those of 40 days ago go.
INSERT INTO helix_internal.moved_costs (user_id, operation_id, usd, counts_at, occurred_at, recorded_at)
SELECT :bob, 'email-compose', usd, date_bin('15 min', now() - age, '2000-01-01'), current_date - 9,
    date_bin('15 min', now() - least(age, '2 h'), '2000-01-01')
  FROM (VALUES (1, interval '2 h'), (2, '2 h'), (4, '3 h')) m (usd, age);
INSERT INTO helix_internal.moved_costs
    VALUES (:bob, 'email-compose', 8, now() - interval '41 d', now() - interval '42 d', now() - interval '41 d');
SELECT helix_internal.tidy_moved_costs() >= 2 AS tidied;
SELECT usd, merged FROM helix_internal.moved_costs WHERE user_id = :bob ORDER BY usd;

-- Leave nothing behind.
DELETE FROM helix_internal.moved_costs WHERE user_id = :bob;
DELETE FROM helix.budgets;
DELETE FROM helix.budget_groups;
DELETE FROM helix.user_operation_preferences;
DELETE FROM helix.model_prices WHERE provider = 'regress-lab';
DELETE FROM helix_internal.budget_reservations;
DROP OWNED BY regress_budget_user, regress_budget_service;
DROP ROLE regress_budget_user, regress_budget_service;

-- Zones: names of pg_timezone_names alone, whatever the session says of abbreviations; in any case, stored as spelled there.
SET timezone_abbreviations = 'Australia';
SELECT zone,
    refusal(format($$INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone)
        VALUES ('b0d9e700-0000-0000-0000-00000000002a', 'day', 1, %L)$$, zone))
  FROM unnest('{SAT,ACST,CEST,+02:00,-2,UTC+2,utc-2,FOO3,<+02>-02,EST5EDT4\,M3.2.0}'::text[]
       || '{"",right/Europe/Berlin,../zoneinfo/UTC,Mars/Base}'::text[]) zone;
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone)
    SELECT '2b0d9e70-0000-0000-0000-000000000000', period, 5, zone
      FROM (VALUES ('day', 'europe/BERLIN'), ('week', 'est5edt'), ('month', 'utc')) z (period, zone) RETURNING period, time_zone;
SELECT refusal($$UPDATE helix.budgets SET time_zone = 'SAT' WHERE user_id = '2b0d9e70-0000-0000-0000-000000000000'$$);
UPDATE helix.budgets SET time_zone = 'asia/tokyo' WHERE user_id = '2b0d9e70-0000-0000-0000-000000000000' AND period = 'month'
    RETURNING time_zone;
-- A name that is an abbreviation too is the zone with its summer time.
SELECT zone, starts_at FROM unnest('{CET,Etc/GMT-1,EST}'::text[]) zone,
    helix_internal.budget_period('day', zone, '2026-07-01 12:00+00');
RESET timezone_abbreviations;
SELECT zone, starts_at FROM unnest('{CET,Etc/GMT-1,EST}'::text[]) zone,
    helix_internal.budget_period('day', zone, '2026-07-01 12:00+00');

-- A dump may bring a name that this server does not know: UTC counts for it, and everything goes on, for its user and all others.
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone, created_at)
    SELECT ('2b0d9e70-0000-0000-0000-00000000000' || n)::uuid, 'day', 5, zone, '2020-01-01'
      FROM (VALUES (1, 'Mars/Base'), (2, 'SAT'), (3, 'UTC')) z (n, zone);
INSERT INTO helix.budget_groups (id, name) VALUES ('2b0d9e70-0000-0000-0000-0000000000aa', 'of Mars');
INSERT INTO helix.budget_group_members SELECT '2b0d9e70-0000-0000-0000-0000000000aa',
    ('2b0d9e70-0000-0000-0000-00000000000' || n)::uuid FROM generate_series(1, 3) n;
INSERT INTO helix.budgets (group_id, period, limit_usd, time_zone, created_at)
    VALUES ('2b0d9e70-0000-0000-0000-0000000000aa', 'month', 7, 'Mars/Base', '2020-01-01');
SELECT n, s.scope, s.time_zone, s.resets_at = date_trunc('day', now(), 'UTC') + CASE s.scope
    WHEN 'user' THEN interval '1 day' END AS by_utc
  FROM generate_series(1, 3) n, helix.budget_status(('2b0d9e70-0000-0000-0000-00000000000' || n)::uuid) s ORDER BY 1,
    s.scope COLLATE "C";
SELECT n, helix.reserve_budget(('2b0d9e70-0000-0000-0000-00000000000' || n)::uuid, 'email-compose', 1) IS NOT NULL AS reserved
  FROM generate_series(1, 3) n;
SELECT refusal($$SELECT helix.reserve_budget('2b0d9e70-0000-0000-0000-000000000001', 'email-compose', 4.5)$$) ~ '^HX001'
    AS its_wall_stands;
SELECT count(helix.record_operation_execution(('2b0d9e70-0000-0000-0000-00000000000' || n)::uuid, 'email-compose', NULL, true, 1,
    4.5, 'openai')) FROM generate_series(1, 3) n;
SELECT helix_internal.warn_of_budgets() >= 3 AS warned;
SELECT user_id, level FROM helix.budget_warnings
 WHERE user_id >= '2b0d9e70-0000-0000-0000-000000000001' AND user_id < '2b0d9e71-0000-0000-0000-000000000000' ORDER BY 1;
SELECT user_id, time_zone FROM helix.cost_budgets WHERE user_id = '2b0d9e70-0000-0000-0000-000000000000';
UPDATE helix.budgets SET limit_usd = 6 WHERE time_zone = 'Mars/Base' AND user_id IS NOT NULL RETURNING limit_usd, time_zone;
SELECT refusal($$UPDATE helix.budgets SET time_zone = 'Mars/Other' WHERE time_zone = 'Mars/Base'$$);

-- A budget of 0 lets nothing through that the queue hands out, not even what is likely to cost nothing; a reservation of 0 fits.
INSERT INTO helix.operations (operation_id, name, default_input_tokens, default_output_tokens)
    VALUES ('free', 'Costs nothing', 0, 0);
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('2b0d9e70-0000-0000-0000-000000000010', 'day', 0);
INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly)
    VALUES ('2b0d9e70-0000-0000-0000-000000000011', 'free', 0);
INSERT INTO helix.budgets (user_id, period, limit_usd, hard) VALUES ('2b0d9e70-0000-0000-0000-000000000012', 'day', 0, false);
SELECT mid FROM helix.estimate_operation_cost('2b0d9e70-0000-0000-0000-000000000010', 'free');
SELECT count(helix.enqueue_execution(NULL, p_user_id => ('2b0d9e70-0000-0000-0000-00000000001' || n)::uuid,
    p_operation_id => 'free')) FROM generate_series(0, 3) n;
SELECT user_id FROM helix.claim_executions('w', 10, p_operations => '{free}') ORDER BY 1;
SELECT user_id, execution_status, regexp_replace(error_message, '^(.*Budget )[0-9a-f-]{36}(.*); resets .*',
    '\1ID\2') AS error_message
  FROM helix.schedule_executions WHERE operation_id = 'free' ORDER BY 1;
SET client_min_messages = error;
SELECT helix.reserve_budget('2b0d9e70-0000-0000-0000-000000000010', 'free', 0) IS NOT NULL AS nothing_fits,
       refusal($$SELECT helix.reserve_budget('2b0d9e70-0000-0000-0000-000000000010', 'free', 1e-40)$$) ~ '^HX001'
       AS anything_does_not;
RESET client_min_messages;
SELECT helix.cancel_execution(id) FROM helix_internal.queue WHERE operation_id = 'free';
DROP FUNCTION refusal(text);

SET jit = off; -- as the functions that use it have it
-- Groups have a history: a group gets what users spent while they were in it, by when it happened, also where it arrives late.
\set gus '''b0d9e700-0000-0000-0000-000000000101'''
\set hal '''b0d9e700-0000-0000-0000-000000000102'''
INSERT INTO helix.budget_groups (id, name, parent_id) VALUES ('b0d9e700-0000-0000-0000-0000000001a0', 'all', NULL),
    ('b0d9e700-0000-0000-0000-0000000001aa', 'A', 'b0d9e700-0000-0000-0000-0000000001a0'),
    ('b0d9e700-0000-0000-0000-0000000001ab', 'B', 'b0d9e700-0000-0000-0000-0000000001a0');
INSERT INTO helix.budgets (group_id, period, limit_usd)
    SELECT id, 'month', 100 FROM helix.budget_groups WHERE name IN ('all', 'A', 'B');
CREATE FUNCTION pg_temp.spent() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s+%s', g.name, trim_scale(u.spent_usd), trim_scale(u.reserved_usd)), ', ' ORDER BY g.name)
      FROM helix.budget_groups g, helix_internal.budget_period('month', 'UTC', now()) p,
           helix_internal.use_of(NULL, NULL, g.id, NULL, NULL, p.starts_at, p.resets_at, clock_timestamp()) u
     WHERE g.name IN ('all', 'A', 'B') $$;
CREATE FUNCTION pg_temp.spend(p_user uuid, p_usd numeric, p_at timestamptz DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helix.record_operation_execution(p_user, 'email-compose', NULL, true, 1, p_usd, 'openai', p_occurred_at => p_at);
    RETURN pg_temp.spent();
END $$;
SELECT pg_temp.spend(:gus, 1) AS before_any_group;
INSERT INTO helix.budget_group_members (group_id, user_id) VALUES ('b0d9e700-0000-0000-0000-0000000001aa', :gus);
SELECT pg_temp.spend(:gus, 8) AS in_a;
SELECT helix.reserve_budget(:gus, 'email-compose', 2) AS reserved \gset
SELECT clock_timestamp() AS in_a \gset
UPDATE helix.budget_group_members SET group_id = 'b0d9e700-0000-0000-0000-0000000001ab' WHERE user_id = :gus;
SELECT pg_temp.spent() AS moved;
SELECT pg_temp.spend(:gus, 4) AS in_b;
SELECT pg_temp.spend(:gus, 16, :'in_a') AS late, helix_internal.tidy_moved_costs() IS NOT NULL AS tidied;
-- What was reserved in A counts there, also once it is settled. What exceeds it was spent in B.
SELECT helix.record_operation_execution(:gus, 'email-compose', NULL, true, 1, 2.5, 'openai', p_reservation_id => :'reserved') > 0
    AS settled, pg_temp.spent();
SELECT pg_temp.spent() AS settled;
DELETE FROM helix.budget_group_members WHERE user_id = :gus;
SELECT pg_temp.spend(:gus, 32) AS in_no_group;
SELECT helix.fold() > 0 AS folded, pg_temp.spent();
SELECT helix_internal.close_levels(now() + interval '1 day') > now() AS closed, pg_temp.spent();
-- Who is in both counts once for what is above them. An earlier joined_at brings what was spent since.
INSERT INTO helix.budget_group_members VALUES ('b0d9e700-0000-0000-0000-0000000001aa', :gus),
    ('b0d9e700-0000-0000-0000-0000000001ab', :gus);
SELECT pg_temp.spend(:gus, 64) AS in_both;
SELECT pg_temp.spend(:hal, 0.5) AS not_yet;
INSERT INTO helix.budget_group_members VALUES ('b0d9e700-0000-0000-0000-0000000001ab', :hal, now() - interval '1 hour');
SELECT pg_temp.spent() AS since_an_hour;
UPDATE helix.budget_group_members SET joined_at = now() WHERE user_id = :hal;
SELECT pg_temp.spent() AS since_now;
-- A group that goes takes its history along.
DELETE FROM helix.budgets WHERE group_id IS NOT NULL;
DELETE FROM helix.budget_groups WHERE name IN ('A', 'B', 'all');
SELECT count(*) FROM helix_internal.past_memberships WHERE user_id IN (:gus, :hal);

-- By Tokyo's clock: what happened yesterday at 19:00 and arrives today counts yesterday, in every level.
\set ivo '''b0d9e700-0000-0000-0000-000000000103'''
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone) VALUES (:ivo, 'day', 10, 'Asia/Tokyo');
CREATE FUNCTION pg_temp.days() RETURNS TABLE (spent numeric, today numeric, yesterday numeric) LANGUAGE sql AS $$
    SELECT s.spent_usd, t.usd, y.usd
      FROM helix.budget_status('b0d9e700-0000-0000-0000-000000000103') s,
           LATERAL (SELECT s.resets_at - interval '1 day' AS start) p,
           helix_internal.spending_of('b0d9e700-0000-0000-0000-000000000103', NULL, p.start, s.resets_at) t,
           helix_internal.spending_of('b0d9e700-0000-0000-0000-000000000103', NULL, p.start - interval '1 day', p.start) y $$;
SELECT date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo' AS today \gset
SELECT count(helix.record_operation_execution(:ivo, 'email-compose', NULL, true, 1, e.usd, 'openai',
    p_occurred_at => :'today'::timestamptz + e.at))
  FROM (VALUES (1.25, interval '-5 hours'), (2, '-1 microsecond'), (4, '0')) e (usd, at);
SELECT * FROM pg_temp.days();
SELECT helix.fold() > 0 AS folded;
SELECT * FROM pg_temp.days();
SELECT helix_internal.close_levels(now() + interval '1 day') > now() AS closed;
SELECT * FROM pg_temp.days();
