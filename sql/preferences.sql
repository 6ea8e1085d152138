-- Preferences: defaults, partial changes, the bulk form, straight upserts, the log, every refusal, and who may see what.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
\set ada '''ada00000-0000-0000-0000-000000000001'''
\set bob '''b0b00000-0000-0000-0000-0000000000b1'''

-- Nothing stored: the defaults.
SELECT * FROM helix.get_operation_preferences(:ada);
SELECT operation_id, preferred_model, enabled, default_parameters, cost_budget_monthly
  FROM helix.get_operation_preference(:ada, 'email-compose');
SELECT * FROM helix.get_theme_preferences(:ada);
SELECT count(*) AS stored FROM helix.user_operation_preferences;

-- One at a time; null keeps.
CREATE FUNCTION shown(p helix.user_operation_preferences) RETURNS text LANGUAGE sql AS
    $$ SELECT concat_ws(' | ', p.operation_id, coalesce(p.preferred_model, '-'), p.enabled, p.default_parameters,
        coalesce(p.cost_budget_monthly::text, '-')) $$;
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', 'openai', false, '{"tone": "warm", "n": null}', 12.50));
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', p_enabled => true));
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', 'claude-sonnet-4-5'));
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', p_default_parameters => '{}', p_cost_budget_monthly => 0));
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', p_cost_budget_monthly => 999999999.999999999999));
SELECT shown(helix.set_operation_preference(:ada, 'task-breakdown'));
SELECT shown(helix.get_operation_preference(:ada, 'email-compose')), shown(helix.get_operation_preference(:bob, 'email-compose'));
SELECT p.operation_id, p.id IS NOT NULL AS stored, p.user_id = :ada AS mine FROM helix.get_operation_preferences(:ada) p
 WHERE p.id IS NOT NULL OR p.operation_id = 'task-prioritize';
SELECT pg_typeof(p), p.id = (SELECT id FROM helix.user_operation_preferences WHERE operation_id = 'email-compose') AS same
  FROM helix.get_operation_preference(:ada, 'email-compose') p;

-- The bulk form: what is left out keeps, null is the default, numbers are exact.
SELECT shown(p) FROM helix.bulk_update_operation_preferences(:ada, '[
    {"operation_id": "email-compose", "enabled": false},
    {"operation_id": "email-classify", "preferred_model": "gemini", "cost_budget_monthly": 0.1234567890123456789},
    {"operation_id": "task-breakdown", "default_parameters": {"depth": {"max": 3}}}]') p;
SELECT shown(p) FROM helix.bulk_update_operation_preferences(:ada, '[
    {"operation_id": "email-compose", "enabled": null, "preferred_model": null},
    {"operation_id": "email-classify", "cost_budget_monthly": null},
    {"operation_id": "task-breakdown", "default_parameters": null},
    {"operation_id": "calendar-prep"}]') p;
SELECT count(*) FROM helix.bulk_update_operation_preferences(:ada, '[]');
SELECT shown(p) FROM helix.get_operation_preferences(:ada) p;

-- Ten updates are one statement, with one row of the log each.
SELECT helix.reset_preferences(:ada);
SELECT count(*) AS stored FROM helix.get_operation_preferences(:ada) p WHERE p.id IS NOT NULL;
INSERT INTO helix.operations (operation_id, name) VALUES ('tenth', 'The tenth');
CREATE TABLE statements (operation text, level text, rows_of integer);
CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.statements VALUES (TG_OP, TG_LEVEL, 1); RETURN NULL; END $$;
CREATE TRIGGER statements AFTER INSERT OR UPDATE ON helix.user_operation_preferences
    FOR EACH STATEMENT EXECUTE FUNCTION count_statement();
CREATE TRIGGER row_count AFTER INSERT OR UPDATE ON helix.user_operation_preferences FOR EACH ROW EXECUTE FUNCTION count_statement();
SELECT count(*)
  FROM helix.bulk_update_operation_preferences(:ada,
      (SELECT jsonb_agg(jsonb_build_object('operation_id', operation_id, 'enabled', false)) FROM helix.operations));
SELECT count(*)
  FROM helix.bulk_update_operation_preferences(:ada,
      (SELECT jsonb_agg(jsonb_build_object('operation_id', operation_id, 'cost_budget_monthly', 1)) FROM helix.operations));
-- An upsert is a statement that inserts and updates: its statement triggers fire once for each of the two.
SELECT operation, level, sum(rows_of) FROM statements GROUP BY 1, 2 ORDER BY 1, 2;
SELECT change_details ->> 'action' AS action, count(*), count(DISTINCT changed_at) AS times FROM helix.preference_audit_log
 WHERE user_id = :ada AND changed_at > (
    SELECT max(changed_at) FROM helix.preference_audit_log WHERE change_details ->> 'action' = 'delete') GROUP BY 1 ORDER BY 1;
DROP TRIGGER statements ON helix.user_operation_preferences;
DROP TRIGGER row_count ON helix.user_operation_preferences;
SELECT helix.reset_preferences(:ada);

-- Refusals change nothing.
CREATE FUNCTION bulk(updates text) RETURNS text LANGUAGE sql AS
    $$ SELECT failure(format('SELECT * FROM helix.bulk_update_operation_preferences(%L, '
    '%L)', 'ada00000-0000-0000-0000-000000000001', updates)) $$;
SELECT bulk('{}');
SELECT bulk('null');
SELECT bulk('"x"');
SELECT bulk('[1]');
SELECT bulk('[[]]');
SELECT bulk('[{"enabled": true}]');
SELECT bulk('[{"operation_id": null}]');
SELECT bulk('[{"operation_id": 1}]');
SELECT bulk('[{"operation_id": "email-compose"}, {"operation_id": "nothing"}]');
SELECT bulk('[{"operation_id": "email-compose"}, {"operation_id": "email-compose", "enabled": true}]');
SELECT bulk('[{"operation_id": "email-compose", "model": "openai"}]');
SELECT bulk('[{"operation_id": "email-compose", "preferred_model": "gpt-none"}]');
SELECT bulk('[{"operation_id": "email-compose", "preferred_model": ""}]');
SELECT bulk('[{"operation_id": "email-compose", "preferred_model": 1}]');
SELECT bulk('[{"operation_id": "email-compose"}, {"operation_id": "email-classify", "enabled": "yes"}]');
SELECT bulk('[{"operation_id": "email-compose", "default_parameters": [1]}]');
SELECT bulk('[{"operation_id": "email-compose", "default_parameters": "x"}]');
SELECT bulk('[{"operation_id": "email-compose", "cost_budget_monthly": "5"}]');
SELECT bulk('[{"operation_id": "email-classify", "cost_budget_monthly": 5}, {"operation_id": "email-compose", '
    '"cost_budget_monthly": -0.01}]');
SELECT bulk('[{"operation_id": "email-compose", "cost_budget_monthly": 1e9}]');
SELECT failure($$SELECT helix.bulk_update_operation_preferences('ada00000-0000-0000-0000-000000000001', NULL)$$);
SELECT failure($$SELECT helix.bulk_update_operation_preferences(NULL, '[]')$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', NULL)$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'nothing')$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'email-compose', 'gpt-none')$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'email-compose',
    p_default_parameters => '[]')$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'email-compose',
    p_cost_budget_monthly => 'NaN')$$);
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'email-compose',
    p_cost_budget_monthly => 'Infinity')$$);
SELECT failure($$SELECT helix.get_operation_preference('ada00000-0000-0000-0000-000000000001', 'nothing')$$);
SELECT failure($$SELECT helix.get_operation_preference('ada00000-0000-0000-0000-000000000001', NULL)$$);
SELECT failure($$SELECT helix.get_operation_preferences(NULL)$$);
SELECT failure($$SELECT helix.get_theme_preferences(NULL)$$);
SELECT failure($$SELECT helix.reset_preferences(NULL)$$);
SELECT failure($$SELECT helix.set_theme_preferences(NULL)$$);
SELECT failure(format('SELECT helix.set_theme_preferences(%L, p_%s => %L)', 'ada00000-0000-0000-0000-000000000001', field, value))
  FROM (VALUES ('color_scheme', 'blue'), ('color_scheme', ''), ('color_scheme', 'light,dark'), ('accent_color', 'red'),
      ('accent_color', '#12345'),
               ('accent_color', '#12345G'), ('accent_color', '#1234567'), ('email_list_view', 'rows'), ('calendar_view', 'year'),
               ('tasks_sort_by', 'Priority')) v (field, value);
SELECT count(*) AS stored FROM helix.user_operation_preferences;
SELECT count(*) AS stored FROM helix.ui_theme_preferences;

-- The theme: partial, too; what set_theme_preferences() stores of itself is what the table's defaults are.
SELECT color_scheme, accent_color, compact_mode, email_list_view, calendar_view, tasks_sort_by, sidebar_collapsed
  FROM helix.set_theme_preferences(:ada, 'dark', '#a1B2c3', true, 'grid', 'agenda', 'alphabetical', false, false, false, false,
      true);
SELECT color_scheme, accent_color, calendar_view, notify_on_cost_limit_exceeded
  FROM helix.set_theme_preferences(:ada, p_calendar_view => 'day');
SELECT to_jsonb(t) - '{created_at,updated_at}'::text[] AS theme FROM helix.get_theme_preferences(:ada) t;
SELECT user_id IS NOT NULL AS stored FROM helix.set_theme_preferences(:bob);
INSERT INTO helix.ui_theme_preferences (user_id) VALUES ('b0b00000-0000-0000-0000-0000000000b2');
SELECT count(DISTINCT to_jsonb(t) - '{user_id,created_at,updated_at}'::text[]) AS defaults FROM (
    SELECT * FROM helix.ui_theme_preferences WHERE user_id <> :ada UNION ALL SELECT *
        FROM helix.get_theme_preferences('b0b00000-0000-0000-0000-0000000000b3')) t;

-- The log: who, what, before and after; a change that changes nothing is none, and leaves updated_at.
DELETE FROM helix.preference_audit_log;
CREATE VIEW log AS SELECT preference_type AS type, change_details ->> 'action' AS action, change_details -> 'old' AS old,
    change_details -> 'new' AS new
  FROM helix.preference_audit_log ORDER BY id;
SELECT helix.set_operation_preference(:ada, 'email-compose', 'openai', p_cost_budget_monthly => 1) IS NOT NULL AS set;
UPDATE helix.user_operation_preferences SET created_at = '2020-01-01', updated_at = '2020-01-01', id = gen_random_uuid()
 WHERE user_id = :ada;
SELECT updated_at > '2025-01-01' AS own_time, created_at > '2025-01-01' AS own_creation, updated_at AS seen, id AS kept
  FROM helix.user_operation_preferences WHERE user_id = :ada \gset own_
SELECT :'own_own_time', :'own_own_creation';
SELECT helix.set_operation_preference(:ada, 'email-compose', 'openai') IS NOT NULL AS set_the_same;
SELECT updated_at = :'own_seen' AS unchanged, id = :'own_kept' AS same_id FROM helix.user_operation_preferences
 WHERE user_id = :ada;
UPDATE helix.user_operation_preferences SET cost_budget_monthly = NULL WHERE user_id = :ada;
SELECT updated_at > :'own_seen' AS changed, created_at < updated_at AS later FROM helix.user_operation_preferences
 WHERE user_id = :ada;
UPDATE helix.ui_theme_preferences SET compact_mode = compact_mode WHERE user_id = :ada;
SELECT helix.reset_preferences(:ada);
SELECT type, action, old, new FROM log;
SELECT bool_and(changed_by = CURRENT_USER), bool_and(changed_at <= clock_timestamp()) FROM helix.preference_audit_log;

-- A model may leave the prices: what was chosen stays until it is chosen anew.
INSERT INTO helix.model_prices VALUES ('acme', 'anvil-1', '2026-01-01', 1, 1, 1);
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', 'anvil-1'));
SELECT shown(helix.set_operation_preference(:ada, 'email-classify', 'acme'));
DELETE FROM helix.model_prices WHERE provider = 'acme';
SELECT shown(helix.set_operation_preference(:ada, 'email-compose', p_enabled => false));
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'email-compose', 'anvil-1')$$);

-- An operation that goes takes its preferences out of sight; they come back with it.
INSERT INTO helix.operations (operation_id, name) VALUES ('passing', 'Passing'), ('email-compose', 'Ours');
SELECT shown(helix.set_operation_preference(:ada, 'passing', p_enabled => false));
DELETE FROM helix.operations WHERE operation_id = 'passing';
SELECT count(*) AS seen FROM helix.get_operation_preferences(:ada) p WHERE p.operation_id = 'passing';
SELECT failure($$SELECT helix.set_operation_preference('ada00000-0000-0000-0000-000000000001', 'passing')$$);
SELECT failure($$UPDATE helix.user_operation_preferences SET operation_id = 'nothing' WHERE operation_id = 'email-compose'$$);
UPDATE helix.user_operation_preferences SET enabled = true WHERE operation_id = 'passing';
INSERT INTO helix.operations (operation_id, name) VALUES ('passing', 'Back');
SELECT shown(helix.get_operation_preference(:ada, 'passing'));
DELETE FROM helix.operations WHERE operation_id = 'passing';
SELECT helix.reset_preferences(:ada), helix.reset_preferences(:bob);

-- As PostgREST does it: upserts straight on the tables by signed-in users.
CREATE ROLE regress_helix_prefs_user;
CREATE ROLE regress_helix_prefs_service;
SELECT helix.grant_api_access('regress_helix_prefs_user', 'regress_helix_prefs_service');
DELETE FROM helix.preference_audit_log;
SET ROLE regress_helix_prefs_user;
SET request.jwt.claims = '{"sub": "ada00000-0000-0000-0000-000000000001"}';
INSERT INTO helix.user_operation_preferences (user_id, operation_id, preferred_model, enabled, updated_at, created_at)
    VALUES (:ada, 'email-compose', 'deepseek', true, '2020-01-01', '2020-01-01'),
    (:ada, 'task-prioritize', NULL, false, '2020-01-01', '2020-01-01')
    ON CONFLICT (user_id, operation_id) DO UPDATE SET preferred_model = EXCLUDED.preferred_model, enabled = EXCLUDED.enabled,
    updated_at = EXCLUDED.updated_at
    RETURNING operation_id, preferred_model, updated_at = now() AS own_time, created_at = now() AS own_creation;
INSERT INTO helix.user_operation_preferences (user_id, operation_id, preferred_model, enabled, updated_at)
    VALUES (:ada, 'email-compose', 'gemini', true, '2020-01-01')
    ON CONFLICT (user_id, operation_id) DO UPDATE SET user_id = EXCLUDED.user_id, operation_id = EXCLUDED.operation_id,
        preferred_model = EXCLUDED.preferred_model, enabled = EXCLUDED.enabled, updated_at = EXCLUDED.updated_at
    RETURNING operation_id, preferred_model, updated_at = now() AS own_time;
INSERT INTO helix.ui_theme_preferences (user_id, accent_color) VALUES (:ada, '#000000')
    ON CONFLICT (user_id) DO UPDATE SET accent_color = EXCLUDED.accent_color RETURNING accent_color, color_scheme;
SELECT public.failure($$INSERT INTO helix.user_operation_preferences (user_id, operation_id, preferred_model)
    VALUES ('ada00000-0000-0000-0000-000000000001', 'email-respond', 'gpt-none')$$);
SELECT public.failure($$INSERT INTO helix.user_operation_preferences (user_id, operation_id, cost_budget_monthly)
    VALUES ('ada00000-0000-0000-0000-000000000001', 'email-respond', -1)$$);
SELECT public.failure($$INSERT INTO helix.user_operation_preferences (user_id, operation_id)
    VALUES ('ada00000-0000-0000-0000-000000000001', 'nothing')$$);
SELECT public.failure($$UPDATE helix.user_operation_preferences SET default_parameters = '[]'$$);
SELECT public.failure($$UPDATE helix.ui_theme_preferences SET tasks_sort_by = 'mood'$$);
SELECT split_part(public.failure($$UPDATE helix.ui_theme_preferences SET tasks_sort_by = NULL$$), ' | ', 1);
-- Not another user's, by any way.
SELECT split_part(public.failure($$INSERT INTO helix.user_operation_preferences (user_id, operation_id)
    VALUES ('b0b00000-0000-0000-0000-0000000000b1', 'email-respond')$$), ' | ', 1);
SELECT split_part(public.failure($$UPDATE helix.user_operation_preferences SET user_id = 'b0b00000-0000-0000-0000-0000000000b1'$$),
    ' | ', 1);
SELECT split_part(public.failure($$INSERT INTO helix.ui_theme_preferences (user_id)
    VALUES ('b0b00000-0000-0000-0000-0000000000b1')$$), ' | ', 1);
SELECT public.failure($$SELECT helix.set_operation_preference('b0b00000-0000-0000-0000-0000000000b1', 'email-respond')$$);
SELECT split_part(public.failure($$SELECT helix.bulk_update_operation_preferences('b0b00000-0000-0000-0000-0000000000b1', '[]')$$),
    ' | ', 1);
SELECT split_part(public.failure($$SELECT * FROM helix.get_operation_preferences('b0b00000-0000-0000-0000-0000000000b1')$$), ' | ',
    1);
SELECT split_part(public.failure($$SELECT helix.get_operation_preference('b0b00000-0000-0000-0000-0000000000b1',
    'email-respond')$$), ' | ', 1);
SELECT split_part(public.failure($$SELECT * FROM helix.get_theme_preferences('b0b00000-0000-0000-0000-0000000000b1')$$), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.set_theme_preferences('b0b00000-0000-0000-0000-0000000000b1')$$), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.reset_preferences('b0b00000-0000-0000-0000-0000000000b1')$$), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.cache_read('op_prefs:b0b00000-0000-0000-0000-0000000000b1')$$), ' | ', 1);
-- The log is read, never written.
SELECT preference_type, change_details ->> 'action' AS action, changed_by FROM helix.preference_audit_log ORDER BY id;
SELECT split_part(public.failure($$INSERT INTO helix.preference_audit_log (user_id, preference_type, change_details, changed_by)
    VALUES ('ada00000-0000-0000-0000-000000000001', 'theme', '{}', 'me')$$), ' | ', 1);
SELECT split_part(public.failure($$UPDATE helix.preference_audit_log SET change_details = '{}'$$), ' | ', 1);
SELECT split_part(public.failure($$DELETE FROM helix.preference_audit_log$$), ' | ', 1);
SELECT split_part(public.failure($$TRUNCATE helix.user_operation_preferences$$), ' | ', 1);
SET request.jwt.claims = '{"sub": "b0b00000-0000-0000-0000-0000000000b1"}';
SELECT (SELECT count(*) FROM helix.user_operation_preferences) AS prefs,
       (SELECT count(*) FROM helix.ui_theme_preferences) AS themes,
       (SELECT count(*) FROM helix.preference_audit_log) AS log;
DELETE FROM helix.user_operation_preferences;
SET request.jwt.claims = '{"role": "authenticated"}';
SELECT (SELECT count(*) FROM helix.user_operation_preferences) AS prefs, (SELECT count(*) FROM helix.preference_audit_log) AS log;
RESET request.jwt.claims;
SET ROLE regress_helix_prefs_service;
SELECT shown FROM (SELECT public.shown(p) FROM helix.user_operation_preferences p) s ORDER BY 1;
SELECT public.shown(helix.set_operation_preference(:bob, 'email-respond', p_enabled => false));
SELECT split_part(public.failure($$DELETE FROM helix.preference_audit_log$$), ' | ', 1);
RESET ROLE;
SELECT changed_by FROM helix.preference_audit_log WHERE user_id = :bob;

-- The cache's families compute what the functions give; times are in UTC for everyone.
SET timezone = 'Asia/Tokyo';
SELECT jsonb_array_length(helix.cache_read('op_prefs:ada00000-0000-0000-0000-000000000001')) = (SELECT count(*)
    FROM helix.operations) AS all_of_them;
SELECT helix.cache_read('op_pref:ada00000-0000-0000-0000-000000000001:email-compose') ->> 'preferred_model' AS model,
       helix.cache_read('op_pref:ada00000-0000-0000-0000-000000000001:email-compose') ->> 'updated_at' LIKE '%+00:00' AS in_utc;
SELECT helix.cache_read('theme_prefs:ada00000-0000-0000-0000-000000000001') ->> 'accent_color' AS accent;
SELECT failure($$SELECT helix.cache_read('op_pref:ada00000-0000-0000-0000-000000000001:nothing')$$);
SELECT failure($$SELECT helix.cache_read('op_prefs:ada00000-0000-0000-0000-000000000001:x')$$);

-- What DBAs look for.
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'user_operation_preferences' AND indexname = 'idx_op_prefs_user';
SELECT failure('SELECT helix_internal.check_preference()');
SELECT failure('SELECT helix_internal.log_preference()');
SELECT failure($$INSERT INTO helix.user_operation_preferences (user_id, operation_id, preferred_model, created_at)
    VALUES ('ada00000-0000-0000-0000-000000000009', 'email-compose', '', '2020-01-01')$$) ~ '^23514';
SELECT helix.reset_preferences(:ada), helix.reset_preferences(:bob),
    helix.reset_preferences('b0b00000-0000-0000-0000-0000000000b2');
DELETE FROM helix.operations WHERE operation_id = 'tenth';
DROP FUNCTION bulk;
-- A trigger that takes a row away is an error, not a crash.
CREATE FUNCTION take_away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER take_away BEFORE INSERT OR UPDATE ON helix.ui_theme_preferences FOR EACH ROW EXECUTE FUNCTION take_away();
SELECT failure($$SELECT helix.set_theme_preferences('b0b00000-0000-0000-0000-0000000000b1', 'dark')$$);
DROP TRIGGER take_away ON helix.ui_theme_preferences;
DROP FUNCTION take_away;

DROP VIEW log;
DROP TABLE statements;
DROP FUNCTION count_statement, shown;
DROP OWNED BY regress_helix_prefs_user, regress_helix_prefs_service;
DROP ROLE regress_helix_prefs_user, regress_helix_prefs_service;
