-- helix-edge: what its role may do, and recordings of several callers in one call.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE ROLE regress_edge LOGIN NOINHERIT;
CREATE ROLE regress_edge_inherits LOGIN INHERIT;
CREATE ROLE regress_edge_super SUPERUSER NOINHERIT;
CREATE ROLE regress_edge_user;
CREATE ROLE regress_edge_other_user;
CREATE ROLE regress_edge_service;
CREATE ROLE regress_edge_anon;
\set alice '''a11ce000-0000-4000-8000-0000000000ed'''
\set bob '''b0b00000-0000-4000-8000-0000000000ed'''

-- Before grant_api_access() it may take on nobody.
SELECT helix.grant_edge_access('regress_edge');
SELECT failure($$SELECT helix.grant_edge_access(NULL)$$);
SELECT failure($$SELECT helix.grant_edge_access('regress_edge_nobody')$$);
SELECT failure($$SELECT helix.grant_edge_access('regress_edge_inherits')$$);
SELECT failure($$SELECT helix.grant_edge_access('regress_edge_super')$$);
CREATE VIEW may AS
    SELECT r.role, pg_has_role('regress_edge', r.role, 'MEMBER') AS takes_on, pg_has_role('regress_edge', r.role, 'USAGE') AS has
      FROM unnest('{regress_edge_user,regress_edge_other_user,regress_edge_service,regress_edge_anon}'::text[]) r (role);
SELECT * FROM may WHERE takes_on;
-- Its members follow each call of grant_api_access().
SELECT helix.grant_api_access('regress_edge_other_user', 'regress_edge_service', 'regress_edge_anon');
SELECT * FROM may;
SELECT helix.grant_api_access('regress_edge_user', 'regress_edge_service', 'regress_edge_anon');
SELECT * FROM may;
SELECT audience, role FROM helix_internal.api_roles ORDER BY 1;
SELECT failure($$SELECT helix.grant_edge_access('regress_edge_user')$$);
ALTER ROLE regress_edge_user NOINHERIT;
SELECT failure($$SELECT helix.grant_edge_access('regress_edge_user')$$);
SELECT failure($$SELECT helix.grant_api_access('regress_edge_user', 'regress_edge_super')$$);
SELECT rolconfig FROM pg_roles WHERE rolname = 'regress_edge';
-- Whatever it had before, it has what the audience edge has, and no more.
GRANT ALL ON ALL TABLES IN SCHEMA helix, helix_internal TO regress_edge;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA helix, helix_internal TO regress_edge;
SELECT helix.grant_edge_access('regress_edge');
SELECT p.oid::regprocedure AS may_execute FROM pg_proc p
 WHERE p.pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace)
   AND has_function_privilege('regress_edge', p.oid, 'EXECUTE') ORDER BY p.proname;
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
   AND has_table_privilege('regress_edge', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE');

-- Without a secret and keys no token is valid; without a token the caller is anonymous.
SET ROLE regress_edge;
SELECT role, claims, user_id, service, keep_until - now() BETWEEN '50 s' AND '70 s' AS kept FROM helix_internal.verify_jwt(NULL);
SELECT role, claims FROM helix_internal.verify_jwt('');
SELECT public.failure($$SELECT helix_internal.verify_jwt('x')$$);
SELECT public.failure($$SELECT helix_internal.verify_jwt('eyJhbGciOiJub25lIn0.eyJyb2xlIjoicmVncmVzc19lZGdlX3NlcnZpY2UifQ.')$$);
SELECT public.failure($$SELECT helix_internal.verify_jwt(repeat('x', 20000))$$);
SELECT public.failure($$SELECT helix.edge_token('a11ce000-0000-4000-8000-0000000000ed')$$);
SELECT public.failure($$SELECT helix.grant_edge_access('regress_edge')$$);
RESET ROLE;
SELECT failure($$SELECT helix.edge_token('a11ce000-0000-4000-8000-0000000000ed')$$);
SELECT failure($$SELECT helix.edge_token(NULL)$$);
SELECT failure($$SELECT helix.edge_token('a11ce000-0000-4000-8000-0000000000ed', '0 s')$$);
SELECT failure($$SELECT helix.edge_token('a11ce000-0000-4000-8000-0000000000ed', '2 years')$$);

-- Several callers in one call: each is checked as itself, the right ones are written once, and each is answered.
CREATE FUNCTION call(uuid, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format('{"p_user_id": "%s", "p_operation_id": "email-compose", "p_success": true, "p_latency_ms": 5, '
        '"p_cost_usd": 0.25, "p_model_used": "openai", "p_date": "2026-02-03"%s}', $1, more) $$;
SET ROLE regress_edge;
SELECT element, id IS NOT NULL AS recorded, alone, sqlstate, message,
       regexp_replace(detail, ', the latest.*', '') AS detail, hint
  FROM helix_internal.record_for(ARRAY[:alice, :alice, :bob, NULL, NULL, :bob]::uuid[], '{f,f,f,f,t,f}', ARRAY[
    public.call(:alice, ', "p_request_id": "ed1"'), -- hers
    public.call(:bob),                              -- not hers
    public.call(:bob, ', "p_error": null, "p_metadata": {"k": "\u00fc"}'),
    public.call(:alice),                            -- nobody's
    public.call(:alice),                            -- a service's
    public.call(:bob, ', "p_date": "9999-01-01"')]);
RESET ROLE;
SELECT user_id, request_id, cost_usd, latency_ms, metadata FROM helix.executions WHERE date = '2026-02-03' ORDER BY id;
-- The same texts as of a single call.
SET ROLE regress_edge_user;
SET request.jwt.claims = '{"sub": "a11ce000-0000-4000-8000-0000000000ed"}';
SELECT public.failure($$SELECT helix.record_operation_execution('b0b00000-0000-4000-8000-0000000000ed', 'email-compose', NULL, true,
    1, 1, 'openai')$$);
RESET request.jwt.claims;
RESET ROLE;
-- A request id counts once, within a call and between calls; another content is refused, and the others are recorded.
SELECT element, id = first_value(id) OVER (ORDER BY element) AS same, sqlstate, message,
       regexp_replace(detail, 'execution \d+', 'execution N') AS detail
  FROM helix_internal.record_for(ARRAY[:alice, :alice, :alice, :alice]::uuid[], '{f,f,f,f}', ARRAY[
    call(:alice, ', "p_request_id": "ed1"'), call(:alice, ', "p_request_id": "ed1"'),
    call(:alice, ', "p_request_id": "ed1", "p_cost_usd": 7'), call(:alice, ', "p_request_id": "ed0"')]);
SELECT request_id, count(*), sum(cost_usd) FROM helix.executions WHERE date = '2026-02-03' AND user_id = :alice GROUP BY 1
    ORDER BY 1;
-- What is not plain goes by itself, and is not written.
SELECT element, id IS NOT NULL AS recorded, alone, sqlstate
  FROM helix_internal.record_for(array_fill(:alice::uuid, '{9}'), array_fill(true, '{9}'), ARRAY[
    call(:alice, ', "p_reservation_id": "a11ce000-0000-4000-8000-000000000001"'),
    call(:alice, ', "p_latency_ms": 5.5'), call(:alice, ', "p_latency_ms": 5.0'), call(:alice, ', "p_unknown": 1'),
    call(:alice, ', "user_id": 1'), '[]', '', '{"p_user_id"', call(:alice, ', "p_error": "\u0000"')]);
-- Nor is a call that leaves out a parameter without a default, in a plain body or not.
SELECT name, r.id IS NOT NULL AS recorded, r.alone
  FROM unnest('{p_user_id,p_operation_id,p_date,p_success,p_latency_ms,p_cost_usd,p_model_used}'::text[]) name,
       LATERAL (VALUES (''), (', "p_metadata": {}')) more (more),
       LATERAL helix_internal.record_for(ARRAY[:alice]::uuid[], '{t}', ARRAY[(call(:alice, more)::jsonb - name)::text]) r;
-- Numbers are read as the single call reads them: it knows how they were written.
SELECT element, id IS NOT NULL AS recorded, alone, sqlstate
  FROM helix_internal.record_for(array_fill(:alice::uuid, '{13}'), array_fill(true, '{13}'), ARRAY[
    call(:alice, ', "p_latency_ms": 5.0'), call(:alice, ', "p_latency_ms": 1e2'), call(:alice, ', "p_latency_ms": "5.0"'),
    call(:alice, ', "p_latency_ms": 3000000000'), call(:alice, ', "p_input_tokens": 7.0'), call(:alice, ', "p_input_tokens": 7E0'),
    call(:alice, ', "p_output_tokens": "7.0"'), call(:alice, ', "p_cached_input_tokens": 7.0'),
    call(:alice, ', "p_request_id": 1e2'), call(:alice, ', "p_input_tokens": 1, "p_output_tokens": 0.5e1'),
    call(:alice, ', "p_request_id": -0'), call(:alice, ', "p_request_id": -0.00, "p_metadata": {}'),
    call(:alice, ', "p_request_id": "-0"')]);
SELECT element, id IS NOT NULL AS recorded, alone, sqlstate
  FROM helix_internal.record_for(array_fill(:alice::uuid, '{5}'), array_fill(true, '{5}'), ARRAY[
    call(:alice, ', "p_latency_ms": "5"'), call(:alice, ', "p_input_tokens": " 7 "'), call(:alice, ', "p_cost_usd": 2.5e-1'),
    call(:alice, ', "p_request_id": "1e2 \" 1e2"'), call(:alice, ', "p_metadata": {"k": 1e2}')]);
-- A time without a zone is by the session's zone, as a parameter's is.
SET timezone = 'America/New_York';
SELECT alone FROM helix_internal.record_for(ARRAY[:alice]::uuid[], '{f}',
    ARRAY[call(:alice, ', "p_occurred_at": "2026-02-03 12:00", "p_request_id": "ed zone"')]);
SET timezone = 'UTC';
SELECT occurred_at FROM helix.executions WHERE request_id = 'ed zone';
SELECT * FROM helix_internal.record_for('{}', '{}', '{}');
SELECT failure($$SELECT helix_internal.record_for('{NULL}', '{f}', '{}')$$);
SELECT failure($$SELECT helix_internal.record_for('{NULL}', '{NULL}', '{"{}"}')$$);
SELECT failure($$SELECT helix_internal.record_for('{NULL}', '{f}', '{NULL}')$$);
SELECT failure($$SELECT helix_internal.record_for(NULL, '{f}', '{NULL}')$$);
SELECT failure($$SELECT helix_internal.record_for(array_fill(NULL::uuid, '{1001}'), array_fill(true, '{1001}'),
    array_fill('{}'::text, '{1001}'))$$);
-- Nobody goes on acting for the last one.
SELECT helix.current_user_id() AS nobody;
SELECT * FROM helix.verify_ledger();

DROP VIEW may;
DROP FUNCTION call;
DROP OWNED BY regress_edge, regress_edge_user, regress_edge_other_user, regress_edge_service, regress_edge_anon;
DROP ROLE regress_edge, regress_edge_inherits, regress_edge_super, regress_edge_user, regress_edge_other_user,
    regress_edge_service, regress_edge_anon;
