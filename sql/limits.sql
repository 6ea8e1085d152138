-- Bounds of what users store, ids, and who is refused before anything is locked. docs/limits.md lists the bounds.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
-- refusal(statement): what it raises, with every field.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
    hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;
\set ann '''11b17500-0000-4000-8000-00000000000a'''
\set ben '''11b17500-0000-4000-8000-00000000000b'''

-- Numbers: as many decimals as fit, and one more.
INSERT INTO helix.budgets (user_id, period, limit_usd, warn_percent) VALUES (:ann, 'day', ('0.' || repeat('9', 40))::numeric, 99.5)
    RETURNING scale(limit_usd);
SELECT refusal(s) FROM unnest(ARRAY[
    $$UPDATE helix.budgets SET limit_usd = ('0.' || repeat('9', 41))::numeric$$,
    $$UPDATE helix.budgets SET limit_usd = ('0.' || repeat('9', 8000))::numeric$$,
    $$UPDATE helix.budgets SET limit_usd = 1e9$$,
    $$UPDATE helix.budgets SET limit_usd = 1e130000$$,
    $$UPDATE helix.budgets SET limit_usd = -0.1$$,
    $$UPDATE helix.budgets SET limit_usd = 'NaN'$$,
    $$UPDATE helix.budgets SET warn_percent = 100.1$$,
    $$UPDATE helix.budgets SET warn_percent = -1$$,
    $$UPDATE helix.budgets SET warn_percent = ('0.' || repeat('9', 8000))::numeric$$,
    $$UPDATE helix.budgets SET time_zone = repeat('x', 65)$$,
    $$SELECT helix.reserve_budget('11b17500-0000-4000-8000-00000000000a', 'email-compose', ('0.' || repeat('9', 8000))::numeric)$$,
    $$SELECT helix.set_operation_preference('11b17500-0000-4000-8000-00000000000a', 'email-compose',
        p_cost_budget_monthly => ('0.' || repeat('9', 41))::numeric)$$,
    $$INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly)
    VALUES ('11b17500-0000-4000-8000-00000000000a', 'email-compose', ('0.' || repeat('9', 8000))::numeric)$$,
    $$SELECT helix.create_batch('11b17500-0000-4000-8000-00000000000a', 'b', 'parallel', '[{"operation_id": "email-compose"}]',
        p_max_cost_usd => 1e9)$$]) s;
-- Texts, in characters, and JSON.
SELECT refusal(s) FROM unnest(ARRAY[
    $$INSERT INTO helix.budget_groups (name) VALUES (repeat('ä', 201))$$,
    $$SELECT helix.set_operation_preference('11b17500-0000-4000-8000-00000000000a', 'email-compose',
        p_preferred_model => repeat('m', 201))$$,
    $$SELECT helix.set_operation_preference('11b17500-0000-4000-8000-00000000000a', 'email-compose',
        p_default_parameters => jsonb_build_object('a', repeat('x', 65536)))$$,
    $$SELECT helix.set_operation_preference('11b17500-0000-4000-8000-00000000000a', 'email-compose',
        p_default_parameters => (repeat('{"a":', 65) || '1' || repeat('}', 65))::jsonb)$$,
    $$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_url)
    VALUES ('11b17500-0000-4000-8000-00000000000a', 'email-compose', 'webhook', repeat('u', 2001))$$,
    $$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, max_cost_per_month)
    VALUES ('11b17500-0000-4000-8000-00000000000a', 'email-compose', 'manual', 1e9)$$,
    $$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, parameters)
    VALUES ('11b17500-0000-4000-8000-00000000000a', 'email-compose', 'manual', to_jsonb(repeat('x', 65536)))$$,
    $$INSERT INTO helix.operations (operation_id, name) VALUES ('limits', repeat('n', 201))$$,
    $$INSERT INTO helix.operations (operation_id, name, description) VALUES ('limits', 'n', repeat('d', 2001))$$,
    $$INSERT INTO helix.operations (operation_id, name) VALUES (repeat('o', 201), 'n')$$,
    $$INSERT INTO helix.model_prices VALUES ('acme', repeat('m', 201), now(), 1, 1, 1)$$,
    $$INSERT INTO helix.webhook_schemes (name, description) VALUES ('limits', repeat('d', 2001))$$,
    $$SELECT helix.create_batch('11b17500-0000-4000-8000-00000000000a', 'b', 'parallel', '[{"operation_id": "email-compose"}]',
        p_description => repeat('d', 2001))$$,
    $$SELECT helix.cancel_batch('11b17500-0000-4000-8000-00000000000a', repeat('r', 1001))$$,
    $$SELECT helix.claim_executions(repeat('w', 201))$$,
    $$SELECT helix.complete_execution('11b17500-0000-4000-8000-00000000000a', 'success', to_jsonb(repeat('r', 1048576)))$$,
    $$SELECT helix.rotate_webhook_secret('11b17500-0000-4000-8000-00000000000a', repeat('s', 501))$$,
    $$SELECT helix.revoke_webhook_secret('11b17500-0000-4000-8000-00000000000a', p_reason => repeat('r', 1001))$$]) s;
SELECT pg_column_size(default_parameters) > 60000 AS large, preferred_model
  FROM helix.set_operation_preference(:ann, 'email-compose',
    p_default_parameters => (repeat('{"a":', 64) || '"' || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i)
        || '"' || repeat('}', 64))::jsonb);

-- Rows of one user.
CREATE ROLE regress_limits_user;
CREATE ROLE regress_limits_service;
SELECT helix.grant_api_access('regress_limits_user', 'regress_limits_service');
ALTER SYSTEM SET helix.max_budgets_per_user = 2;
ALTER SYSTEM SET helix.max_groups_per_user = 1;
ALTER SYSTEM SET helix.max_preferences_per_user = 2;
ALTER SYSTEM SET helix.max_reservations_per_user = 2;
SELECT pg_reload_conf();
-- A backend reads it between two statements.
\o /dev/null
SELECT $$SELECT pg_sleep(0.02) WHERE current_setting('helix.max_reservations_per_user') <> '2'$$ FROM generate_series(1, 500) \gexec
\o
SHOW helix.max_reservations_per_user;
SET ROLE regress_limits_user;
SET request.jwt.claims = '{"sub": "11b17500-0000-4000-8000-00000000000a"}';
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES (:ann, 'week', 10);
SELECT public.refusal(s) FROM unnest(ARRAY[
    $$INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('11b17500-0000-4000-8000-00000000000a', 'month', 10)$$,
    $$INSERT INTO helix.user_operation_preferences (user_id, operation_id)
        VALUES ('11b17500-0000-4000-8000-00000000000a', 'task-breakdown'),
            ('11b17500-0000-4000-8000-00000000000a', 'email-respond')$$]) s;
SELECT count(*) FROM helix.budgets;
DELETE FROM helix.budgets;
SELECT helix.reserve_budget(:ann, 'email-compose', 1) AS one \gset
SELECT helix.reserve_budget(:ann, 'email-compose', 1) IS NOT NULL AS second;
SELECT public.refusal(format('SELECT helix.reserve_budget(%L, %L, 1)', :ann, 'email-compose'));
SELECT helix.release_reservation(:'one');
SELECT helix.reserve_budget(:ann, 'email-compose', 1) IS NOT NULL AS room_again;
RESET ROLE;
-- The extension's owner restores dumps: nothing is counted for them.
INSERT INTO helix.budgets (user_id, period, limit_usd) SELECT :ann, unnest('{day,week,month}'::text[]), 10;
INSERT INTO helix.budget_groups (id, name) VALUES ('11b17500-0000-4000-8000-000000000001', 'limits one'),
    ('11b17500-0000-4000-8000-000000000002', 'limits two');
SET ROLE regress_limits_service;
INSERT INTO helix.budget_group_members VALUES ('11b17500-0000-4000-8000-000000000001', :ann);
SELECT public.refusal($$INSERT INTO helix.budget_group_members
    VALUES ('11b17500-0000-4000-8000-000000000002', '11b17500-0000-4000-8000-00000000000a')$$);
RESET ROLE;
ALTER SYSTEM RESET helix.max_budgets_per_user;
ALTER SYSTEM RESET helix.max_groups_per_user;
ALTER SYSTEM RESET helix.max_preferences_per_user;
ALTER SYSTEM RESET helix.max_reservations_per_user;
SELECT pg_reload_conf();
\o /dev/null
SELECT $$SELECT pg_sleep(0.02) WHERE current_setting('helix.max_reservations_per_user') <> '1000'$$
  FROM generate_series(1, 500) \gexec
\o
SHOW helix.max_reservations_per_user;

-- Ids are the database's, whatever a signed-in user sends; service roles and the owner give theirs. So a preference cannot take
-- the place of a group's budget in the warnings.
DELETE FROM helix.user_operation_preferences;
DELETE FROM helix.budgets;
INSERT INTO helix.budgets (id, group_id, period, limit_usd)
    VALUES ('11b17500-0000-4000-8000-000000000009', '11b17500-0000-4000-8000-000000000001', 'month', 1);
SET ROLE regress_limits_user;
INSERT INTO helix.user_operation_preferences (id, user_id, operation_id, cost_budget_monthly) VALUES
    ('11b17500-0000-4000-8000-000000000009', :ann, 'email-compose', 0.5)
    RETURNING id <> '11b17500-0000-4000-8000-000000000009' AS own_id;
INSERT INTO helix.budgets (id, user_id, period, limit_usd) VALUES
    ('11b17500-0000-4000-8000-000000000008', :ann, 'day', 100) RETURNING id <> '11b17500-0000-4000-8000-000000000008' AS own_id;
UPDATE helix.budgets SET id = '11b17500-0000-4000-8000-000000000008'
    RETURNING id <> '11b17500-0000-4000-8000-000000000008' AS stays;
-- An upsert by id finds one's own row.
SELECT id AS day FROM helix.budgets \gset
INSERT INTO helix.budgets (id, user_id, period, limit_usd) VALUES (:'day', :ann, 'day', 90)
    ON CONFLICT (id) DO UPDATE SET id = excluded.id, user_id = excluded.user_id, period = excluded.period,
    limit_usd = excluded.limit_usd
    RETURNING id = :'day' AS same, limit_usd;
RESET ROLE;
SELECT helix.record_operation_execution(:ann, 'email-compose', NULL, true, 1, 2, 'openai') > 0 AS recorded;
SELECT helix_internal.warn_of_budgets() > 0 AS told;
SELECT group_id IS NOT NULL AS of_group, level FROM helix.budget_warnings
 WHERE user_id = :ann OR group_id = '11b17500-0000-4000-8000-000000000001' ORDER BY 1;
SET ROLE regress_limits_service;
INSERT INTO helix.budgets (id, user_id, period, limit_usd) VALUES ('11b17500-0000-4000-8000-000000000008', :ben, 'day', 100)
    RETURNING id;
RESET ROLE;

SELECT helix.record_operation_execution(:ben, 'email-compose', NULL, true, 1, 200, 'openai') > 0 AS recorded;
SELECT helix_internal.warn_of_budgets() > 0 AS told;
SELECT count(*) FROM helix.budget_warnings WHERE user_id = :ben;

-- Another user's rows are refused; test/isolation/specs/refused_before_locks.spec shows that nobody waits for it.
SET ROLE regress_limits_user;
SELECT public.refusal(s) FROM unnest(ARRAY[
    $$INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('11b17500-0000-4000-8000-00000000000b', 'week', 1)$$,
    $$INSERT INTO helix.budgets (group_id, period, limit_usd) VALUES ('11b17500-0000-4000-8000-000000000001', 'week', 1)$$,
    $$UPDATE helix.budgets SET user_id = '11b17500-0000-4000-8000-00000000000b'$$,
    $$INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly)
    VALUES ('11b17500-0000-4000-8000-00000000000b', 'email-compose', 1)$$,
    $$INSERT INTO helix.ui_theme_preferences (user_id) VALUES ('11b17500-0000-4000-8000-00000000000b')$$,
    $$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type)
        VALUES ('11b17500-0000-4000-8000-00000000000b', 'email-compose', 'manual')$$]) s;
RESET ROLE;
RESET request.jwt.claims;
SELECT refusal(s) FROM unnest(ARRAY['SELECT helix_internal.check_bounds()', 'SELECT helix_internal.check_row_count()', 'SELECT '
    'helix_internal.check_caller()']) s;

DELETE FROM helix_internal.budget_reservations WHERE user_id IN (:ann, :ben);
DELETE FROM helix.budgets WHERE user_id IN (:ann, :ben) OR group_id::text LIKE '11b17500%';
DELETE FROM helix.budget_groups WHERE id::text LIKE '11b17500%';
DELETE FROM helix.user_operation_preferences WHERE user_id = :ann;
DELETE FROM helix.budget_warnings;
DROP OWNED BY regress_limits_user, regress_limits_service;
DROP ROLE regress_limits_user, regress_limits_service;
DROP FUNCTION refusal;
