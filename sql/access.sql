-- Who may do what: roles, row security, and hostile surroundings.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE ROLE regress_helix_user;
CREATE ROLE regress_helix_service;
CREATE ROLE regress_helix_anon;
CREATE ROLE regress_helix_stranger;
\set alice '''a11ce000-0000-0000-0000-000000000001'''
\set bob '''b0b00000-0000-0000-0000-000000000002'''

-- A fresh extension among Supabase's default privileges: nobody has anything until it is granted.
DROP EXTENSION helix;
SELECT count(*) AS left_over FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'helix%';
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO regress_helix_user, regress_helix_anon, regress_helix_service;
CREATE EXTENSION helix;
CREATE VIEW matrix AS
    SELECT r.role, o.object, string_agg(o.verb, ', ' ORDER BY o.verb) AS verbs
      FROM (VALUES ('public'), ('regress_helix_anon'), ('regress_helix_stranger'), ('regress_helix_user'),
          ('regress_helix_service')) r (role),
           LATERAL (
        SELECT c.oid::regclass::text, p.verb FROM pg_class c,
               unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p (verb)
         WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
           AND has_table_privilege(r.role, c.oid, p.verb)
        UNION ALL
        SELECT c.oid::regclass::text, p.verb FROM pg_class c, unnest('{USAGE,SELECT,UPDATE}'::text[]) p (verb)
         WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace)
           AND c.relkind = 'S' AND has_sequence_privilege(r.role, c.oid, p.verb)
        UNION ALL
        SELECT regexp_replace(f.oid::regprocedure::text, '\(.*(.{60})$', '(…\1'), 'EXECUTE' FROM pg_proc f
         WHERE f.pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace)
           AND has_function_privilege(r.role, f.oid, 'EXECUTE')
        UNION ALL
        SELECT 'schema ' || n.nspname, p.verb FROM pg_namespace n, unnest('{USAGE,CREATE}'::text[]) p (verb)
         WHERE n.nspname LIKE 'helix%' AND has_schema_privilege(r.role, n.oid, p.verb)) o (object, verb)
     GROUP BY 1, 2;
SELECT * FROM matrix;
SELECT helix.grant_api_access('regress_helix_user', 'regress_helix_service', 'regress_helix_anon');
SELECT failure($$SELECT helix.grant_api_access('no_such_role', 'regress_helix_service')$$);
SELECT failure($$SELECT helix.grant_api_access('regress_helix_user', 'regress_helix_user')$$);
SELECT failure($$SELECT helix.grant_api_access(NULL, 'regress_helix_user')$$);

-- What is made later has nothing but what its parent has.
SELECT helix.record_operation_execution(:bob, 'email-compose', '2026-03-01', true, 1, 50, 'openai',
    p_request_id => 'b') > 0 AS recorded;
SELECT helix.fold();
SELECT count(*) > 0 AS made FROM pg_inherits WHERE inhparent = 'helix_internal.executions'::regclass;
SELECT m.* FROM matrix m
 WHERE m.object IN (SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'helix_internal.executions'::regclass);
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM regress_helix_user, regress_helix_anon, regress_helix_service;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM regress_helix_user, regress_helix_anon, regress_helix_service;

-- A signed-in user records for himself and sees himself; folded or not makes no difference.
SET ROLE regress_helix_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000001", "role": "authenticated"}';
SELECT helix.current_user_id();
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-01', true, 1, 1, 'openai',
    p_request_id => 'a') > 0 AS recorded;
SELECT cardinality(helix.record_operation_executions('[{"user_id": "a11ce000-0000-0000-0000-000000000001", '
    '"operation_id": "email-compose", "date": "2026-03-01", "success": true, "cost_usd": 2}]'));
INSERT INTO helix.executions (user_id, operation_id, date, success, cost_usd)
    VALUES (:alice, 'email-compose', '2026-03-01', true, 3);
SELECT user_id, total_operations, total_cost_usd FROM helix.cost_trends;
SELECT user_id, total_executions FROM helix.operation_execution_analytics;
SELECT count(*) FROM helix.executions;
SELECT helix.get_total_monthly_cost(:alice, '2026-03-01');
SELECT total_operations FROM helix.get_period_summary(:alice, '2026-03-01', '2100-01-01');
-- Not for another.
SELECT public.failure($$SELECT helix.record_operation_execution('b0b00000-0000-0000-0000-000000000002', 'email-compose', NULL,
    true, 1, 1, 'openai')$$);
SELECT public.failure($$SELECT helix.record_operation_executions('[{"user_id": "b0b00000-0000-0000-0000-000000000002", '
    '"operation_id": "email-compose", "success": true, "cost_usd": 2}]')$$);
SELECT public.failure($$INSERT INTO helix.executions (user_id, operation_id, success, cost_usd)
    VALUES ('b0b00000-0000-0000-0000-000000000002', 'email-compose', true, 3)$$);
SELECT public.failure($$SELECT helix.get_total_monthly_cost('b0b00000-0000-0000-0000-000000000002', '2026-03-01')$$);
SELECT public.failure($$SELECT helix.get_operation_monthly_cost('b0b00000-0000-0000-0000-000000000002', 'email-compose',
    '2026-03-01')$$);
SELECT public.failure($$SELECT * FROM helix.get_cost_trends('b0b00000-0000-0000-0000-000000000002', 7)$$);
SELECT public.failure($$SELECT *
    FROM helix.get_period_summary('b0b00000-0000-0000-0000-000000000002', '2026-03-01', '2026-03-02')$$);
SELECT public.failure($$SELECT *
    FROM helix.get_operation_metrics('b0b00000-0000-0000-0000-000000000002', 'x', '2026-03-01', '2026-03-02')$$);
SELECT public.failure($$SELECT helix.calculate_success_rate('b0b00000-0000-0000-0000-000000000002', 'x', '2026-03-01',
    '2026-03-02')$$);
SELECT count(*) FROM helix.cost_trends WHERE user_id = :bob;
-- Nor where no row of the asker's own makes PostgreSQL look at the condition, whatever the plan.
SET request.jwt.claims = '{"sub": "ca201000-0000-0000-0000-000000000003", "role": "authenticated"}';
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT call, split_part(public.failure('SELECT * FROM helix.' || call), ' | ', 1) AS refused
  FROM (SELECT format(f, 'b0b00000-0000-0000-0000-000000000002') AS call FROM unnest(ARRAY[
            'get_total_monthly_cost(%L)', 'get_operation_monthly_cost(%L, ''x'')',
            'calculate_success_rate(%L, ''x'', ''-infinity'', ''infinity'')',
            'get_cost_trends(%L)', 'get_all_operation_metrics(%L, ''2026-03-01'', ''2026-03-02'')',
            'get_operation_metrics(%L, ''x'', ''2026-03-01'', ''2026-03-02'')',
            'get_period_summary(%L, ''2026-03-01'', ''2026-03-02'')', 'get_dashboard(%L)',
            'get_schedule_month_cost(%L, ''x'')', 'estimate_operation_cost(%L, ''email-compose'')',
            'get_remaining_budget(%L, ''email-compose'')',
            'budget_status(%L)', 'get_operation_preferences(%L)', 'get_operation_preference(%L, ''email-compose'')',
            'get_theme_preferences(%L)']) f) c;
RESET enable_indexscan;
RESET enable_bitmapscan;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000001", "role": "authenticated"}';
-- Nor by the back door.
SELECT split_part(public.failure('SELECT * FROM helix_internal.executions'), ' | ', 1);
SELECT split_part(public.failure('SELECT helix.fold()'), ' | ', 1);
SELECT split_part(public.failure('SELECT * FROM helix.verify_ledger()'), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.reprice('2026-01-01', '2027-01-01')$$), ' | ', 1);
SELECT split_part(public.failure($$INSERT INTO helix.operations (operation_id, name) VALUES ('x', 'x')$$), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.grant_api_access('regress_helix_user', 'regress_helix_anon')$$), ' | ', 1);
-- What is not folded is read past row security. One who gets into the schema still sees their own alone.
BEGIN;
RESET ROLE;
SELECT helix.record_operation_execution(:bob, 'email-compose', NULL, true, 1, 1, 'openai') > 0 AS recorded;
SELECT count(*) AS of_bob FROM helix_internal.unfolded_usage_of(:bob, :bob);
GRANT USAGE ON SCHEMA helix_internal TO regress_helix_user;
SET ROLE regress_helix_user;
SELECT count(*) AS of_others FROM helix_internal.unfolded_usage_of('00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff') u WHERE u.user_id <> :alice;
SELECT count(*) AS of_bob FROM helix_internal.unfolded_usage_of(:bob, :bob);
ROLLBACK;
-- A guessing filter of one's own sees no other user's rows either.
CREATE FUNCTION pg_temp.peek(uuid, numeric) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
    $$ BEGIN RAISE NOTICE 'saw % %', $1, $2; RETURN true; END $$;
SET client_min_messages = notice;
SELECT count(*) FROM helix.executions WHERE pg_temp.peek(user_id, cost_usd);
SET client_min_messages = warning;
DROP FUNCTION pg_temp.peek;
-- No claims: the setting; neither: nobody; claims win over the setting.
SET request.jwt.claims = '';
SET helix.user_id = 'b0b00000-0000-0000-0000-000000000002';
SELECT helix.current_user_id(), (SELECT sum(total_cost_usd) FROM helix.cost_trends) AS sees;
SET request.jwt.claims = '{"role": "anon"}';
SELECT helix.current_user_id(), (SELECT count(*) FROM helix.cost_trends) AS sees;
RESET helix.user_id;
SET request.jwt.claims = '{"sub": "auth0|12"}';
SELECT public.failure('SELECT helix.current_user_id()');
SELECT public.failure('SELECT * FROM helix.cost_trends');
SELECT public.failure($$SET helix.user_id = 'me'$$);
RESET request.jwt.claims;
RESET ROLE;

-- A service role acts for everyone; an anonymous caller for nobody.
SET ROLE regress_helix_service;
SELECT user_id, total_cost_usd FROM helix.cost_trends ORDER BY 1;
SELECT helix.record_operation_execution(:bob, 'email-compose', '2026-03-01', true, 1, 50, 'openai',
    p_request_id => 'b') IS NOT NULL AS replayed;
SELECT helix.get_total_monthly_cost(:bob, '2026-03-01');
SELECT helix.fold();
SELECT * FROM helix.verify_ledger();
SELECT unfolded_rows FROM helix.ledger_status();
SELECT what, count(*) FROM helix.import_prices('[{"provider": "service", "model": "made", "input_usd_per_mtok": 1},
    {"provider": "service", "model": "made", "usage_type": "web_search", "usd_per_million": 1}]', false) GROUP BY 1;
RESET ROLE;
SET ROLE regress_helix_anon;
SET request.jwt.claims = '{"sub": "a11ce000-0000-0000-0000-000000000001", "role": "anon"}';
SELECT split_part(public.failure('SELECT * FROM helix.cost_trends'), ' | ', 1);
SELECT split_part(public.failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose',
    NULL, true, 1, 1, 'openai')$$), ' | ', 1);
RESET request.jwt.claims;
RESET ROLE;

-- Hostile operators and functions in the caller's search path never run.
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
CREATE FUNCTION hostile.boo(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
CREATE OPERATOR hostile.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = hostile.boo);
CREATE OPERATOR hostile.< (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = hostile.boo);
CREATE OPERATOR hostile.>= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = hostile.boo);
-- For types that are exactly theirs, they come before PostgreSQL's own.
CREATE FUNCTION hostile.boo(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
CREATE FUNCTION hostile.boo(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
CREATE OPERATOR hostile.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hostile.boo);
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.boo);
CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
CREATE FUNCTION hostile.sum(numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
CREATE FUNCTION hostile.count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile code ran'; END $$;
SET search_path = hostile, pg_catalog, public;
SELECT helix.record_operation_execution(:alice, 'email-classify', '2026-03-02', true, 1, NULL, 'claude-sonnet-4-5',
    p_input_tokens => 5, p_request_id => 'hostile') > 0 AS recorded;
SELECT helix.record_operation_execution(:alice, 'email-classify', '2026-03-02', true, 1, NULL, 'claude-sonnet-4-5',
    p_input_tokens => 5, p_request_id => 'hostile') > 0 AS replayed;
INSERT INTO helix.executions (user_id, operation_id, success, cost_usd) VALUES (:alice, 'email-compose', true, 3);
INSERT INTO helix.operations (operation_id, name) VALUES ('email-compose', 'Ours');
SELECT helix.fold();
SELECT new_cost_usd FROM helix.reprice('2026-03-01', '2026-03-03');
SELECT helix_internal.maintain_partitions(), helix_internal.forget_request_ids();
SELECT total_operations FROM helix.get_period_summary(:alice, '2026-03-01', '2100-01-01');
SELECT helix.get_total_monthly_cost(:alice, '2026-03-01') > 0 AS cost;
SELECT * FROM helix.verify_ledger();
SELECT helix.grant_api_access('regress_helix_user', 'regress_helix_service', 'regress_helix_anon');
RESET search_path;
DROP SCHEMA hostile CASCADE;

-- Somebody who has taken our names first makes CREATE EXTENSION fail.
DROP VIEW matrix;
DROP EXTENSION helix;
CREATE SCHEMA helix AUTHORIZATION regress_helix_stranger;
\set SHOW_CONTEXT never
CREATE EXTENSION helix;
\set SHOW_CONTEXT errors
DROP SCHEMA helix;
CREATE EXTENSION helix;

-- Every function pins its search path, or has a body that was parsed when it was made, or is called all the time.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'helix'
 WHERE p.prokind = 'f' AND p.prosqlbody IS NULL
   AND NOT coalesce(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false) ORDER BY 1;
-- None runs with its owner's rights by declaration, and every public object is documented.
SELECT count(*) AS security_definer FROM pg_proc WHERE pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace)
    AND prosecdef;
SELECT 'function ' || p.oid::regprocedure::text AS undocumented FROM pg_proc p
 WHERE p.pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL
UNION ALL
SELECT 'relation ' || c.relname::text FROM pg_class c
 WHERE c.relnamespace = 'helix'::regnamespace AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL;
-- Row security is on and forced wherever there is a user_id.
SELECT c.relname AS unprotected FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
 WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity);
SELECT c.relname AS runs_as_owner FROM pg_class c
 WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND c.relkind = 'v'
   AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false);
DROP ROLE regress_helix_user, regress_helix_service, regress_helix_anon, regress_helix_stranger;
