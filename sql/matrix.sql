-- The exact matrix: who may do what with each object of helix after grant_api_access(), whatever was granted before. A new
-- object is a new line here.
SET client_min_messages = warning;
CREATE ROLE regress_matrix_user;
CREATE ROLE regress_matrix_service;
CREATE ROLE regress_matrix_anon;
CREATE ROLE regress_matrix_middleman;
CREATE ROLE regress_matrix_reader;
CREATE FUNCTION say(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; END $$;

-- As Supabase sets it, and worse: whatever is made is everybody's.
SELECT say(format('ALTER DEFAULT PRIVILEGES GRANT ALL ON %s TO PUBLIC, regress_matrix_anon, regress_matrix_user, '
    'regress_matrix_service', kind))
  FROM unnest('{TABLES,FUNCTIONS,SEQUENCES,TYPES,SCHEMAS}'::text[]) kind;
SELECT say(format('ALTER DEFAULT PRIVILEGES GRANT ALL ON %s TO regress_matrix_user, regress_matrix_middleman WITH GRANT OPTION',
    kind))
  FROM unnest('{TABLES,FUNCTIONS,SEQUENCES,TYPES,SCHEMAS}'::text[]) kind;
DROP EXTENSION helix;
CREATE EXTENSION helix;

-- Letters as in \dp: r SELECT, a INSERT, w UPDATE, d DELETE, D TRUNCATE, x REFERENCES, t TRIGGER, X EXECUTE, U USAGE, C CREATE, c
-- some column alone; on sequences r SELECT, w UPDATE, U USAGE. A dash is nothing.
CREATE FUNCTION letters(role text, kind "char", object oid) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(nullif(string_agg(letter, '' ORDER BY number), ''), '-') FROM (
        SELECT letter, number
          FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[], '{r,a,w,d,D,x,t}'::text[])
            WITH ORDINALITY v (verb, letter, number) WHERE kind = 'r' AND has_table_privilege(role, object, verb)
        UNION ALL
        SELECT 'c', 8 WHERE kind = 'r' AND EXISTS (
            SELECT FROM unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) verb
             WHERE has_any_column_privilege(role, object, verb) AND NOT has_table_privilege(role, object, verb))
        UNION ALL
        SELECT letter, number FROM unnest('{SELECT,UPDATE,USAGE}'::text[], '{r,w,U}'::text[])
            WITH ORDINALITY v (verb, letter, number) WHERE kind = 'S' AND has_sequence_privilege(role, object, verb)
        UNION ALL
        SELECT letter, number FROM unnest('{USAGE,CREATE}'::text[], '{U,C}'::text[])
            WITH ORDINALITY v (verb, letter, number) WHERE kind = 'n' AND has_schema_privilege(role, object, verb)
        UNION ALL
        SELECT 'X', 1 WHERE kind = 'f' AND has_function_privilege(role, object, 'EXECUTE')
        UNION ALL
        SELECT 'U', 1 WHERE kind = 'T' AND has_type_privilege(role, object, 'USAGE')) l
$$;
CREATE VIEW objects AS
    WITH schemas AS (SELECT oid, nspname, nspacl AS acl FROM pg_namespace WHERE nspname IN ('helix', 'helix_internal'))
    SELECT 1 AS place, 'n'::"char" AS kind, s.oid, 'schema ' || s.nspname AS name, s.acl FROM schemas s
    UNION ALL
    SELECT 2, CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END::"char", c.oid,
           CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.oid::regclass, c.relacl
      FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 3, 'f', p.oid, 'function ' || replace(p.oid::regprocedure::text, 'timestamp with time zone', 'timestamptz'), p.proacl
      FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
    UNION ALL
    SELECT 4, 'T', t.oid, 'type ' || t.oid::regtype, t.typacl
      FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace WHERE t.typrelid = 0 AND t.typelem = 0;
CREATE VIEW matrix AS
    SELECT place, name, ARRAY[letters('public', kind, oid), letters('regress_matrix_anon', kind, oid),
        letters('regress_matrix_user', kind, oid),
                              letters('regress_matrix_service', kind, oid)] AS may
      FROM objects;
-- Every entry of an access list but the owner's own; of columns too.
CREATE VIEW entries AS
    SELECT o.name, o.column_name, a.grantee, a.grantor, a.privilege_type, a.is_grantable
      FROM (SELECT name, NULL AS column_name, acl FROM objects
            UNION ALL
            SELECT o.name, c.attname, c.attacl FROM objects o JOIN pg_attribute c ON c.attrelid = o.oid WHERE o.kind = 'r') o,
           aclexplode(o.acl) a
     WHERE a.grantee <> (SELECT extowner FROM pg_extension WHERE extname = 'helix');

-- A fresh extension: nothing is anybody's.
SELECT count(*) AS objects, count(*) FILTER (WHERE may <> '{-,-,-,-}') AS granted
  FROM matrix HAVING count(*) < 100 OR count(*) FILTER (WHERE may <> '{-,-,-,-}') > 0;
SELECT * FROM entries;

-- Grants of every kind: to all, to a column, to be passed on, and passed on.
GRANT USAGE, CREATE ON SCHEMA helix, helix_internal TO PUBLIC, regress_matrix_anon;
GRANT USAGE ON SCHEMA helix, helix_internal TO regress_matrix_middleman WITH GRANT OPTION;
GRANT ALL ON ALL TABLES IN SCHEMA helix, helix_internal TO PUBLIC, regress_matrix_anon, regress_matrix_user;
GRANT ALL ON ALL SEQUENCES IN SCHEMA helix, helix_internal TO PUBLIC, regress_matrix_anon, regress_matrix_user;
GRANT ALL ON ALL ROUTINES IN SCHEMA helix, helix_internal TO PUBLIC, regress_matrix_anon, regress_matrix_user;
GRANT SELECT (user_id), UPDATE (limit_usd) ON helix.budgets TO PUBLIC, regress_matrix_anon;
GRANT SELECT (payload) ON helix_internal.queue TO regress_matrix_user WITH GRANT OPTION;
GRANT SELECT, DELETE ON helix_internal.queue, helix.budgets TO regress_matrix_middleman, regress_matrix_user WITH GRANT OPTION;
GRANT INSERT (name) ON helix.operations TO regress_matrix_middleman WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION helix.fold() TO regress_matrix_middleman WITH GRANT OPTION;
GRANT SELECT ON helix.budgets TO regress_matrix_reader WITH GRANT OPTION;
SET ROLE regress_matrix_middleman;
GRANT USAGE ON SCHEMA helix_internal TO regress_matrix_anon, PUBLIC;
GRANT SELECT, DELETE ON helix_internal.queue TO regress_matrix_anon, PUBLIC;
GRANT SELECT ON helix.budgets TO regress_matrix_service WITH GRANT OPTION;
GRANT INSERT (name) ON helix.operations TO regress_matrix_anon, regress_matrix_user;
GRANT EXECUTE ON FUNCTION helix.fold() TO regress_matrix_anon, PUBLIC;
SET ROLE regress_matrix_user;
GRANT SELECT (payload) ON helix_internal.queue TO PUBLIC, regress_matrix_reader;
GRANT DELETE ON helix.budgets TO regress_matrix_anon, regress_matrix_reader;
SET ROLE regress_matrix_service;
GRANT SELECT ON helix.budgets TO regress_matrix_anon;
RESET ROLE;
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE is_grantable) > 5 AS to_be_passed_on,
       count(*) FILTER (WHERE grantor <> (SELECT extowner FROM pg_extension WHERE extname = 'helix')) > 10 AS passed_on
       FROM entries;

SELECT helix.grant_api_access('regress_matrix_user', 'regress_matrix_service', 'regress_matrix_anon');
\pset format unaligned
\pset tuples_only on
SELECT format('%-10s %-10s %-10s %-10s %s', 'PUBLIC', 'anon', 'user', 'service', 'object');
SELECT format('%-10s %-10s %-10s %-10s %s', may[1], may[2], may[3], may[4], name) FROM matrix ORDER BY place, name COLLATE "C";
-- The columns of those with a c.
SELECT format('%s %s %s (%s)', grantee::regrole, privilege_type, name,
    string_agg(column_name, ', ' ORDER BY column_name COLLATE "C"))
  FROM entries WHERE column_name IS NOT NULL AND grantee <> 'regress_matrix_middleman'::regrole
 GROUP BY grantee, privilege_type, name ORDER BY 1;
-- Others keep what the owner has given them; nobody passes on anything any more.
SELECT grantee::regrole, privilege_type, name, column_name FROM entries
 WHERE grantee IN ('regress_matrix_middleman'::regrole, 'regress_matrix_reader'::regrole) ORDER BY grantee::regrole::text,
   privilege_type, name;
\pset format aligned
\pset tuples_only off
SELECT * FROM entries WHERE is_grantable OR grantee = 0 OR grantor <> (SELECT extowner FROM pg_extension WHERE extname = 'helix');
-- Once more is the same.
SELECT md5(string_agg(m::text, ' ' ORDER BY name)) AS before FROM matrix m \gset
SELECT helix.grant_api_access('regress_matrix_user', 'regress_matrix_service', 'regress_matrix_anon');
SELECT md5(string_agg(m::text, ' ' ORDER BY name)) = :'before' AS same FROM matrix m;

SELECT say(format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON %s FROM regress_matrix_anon, regress_matrix_user, '
    'regress_matrix_service, regress_matrix_middleman', kind))
  FROM unnest('{TABLES,FUNCTIONS,SEQUENCES,TYPES,SCHEMAS}'::text[]) kind;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM PUBLIC;
DROP VIEW entries, matrix, objects;
DROP FUNCTION letters(text, "char", oid), say(text);
DROP OWNED BY regress_matrix_user, regress_matrix_service, regress_matrix_anon, regress_matrix_middleman, regress_matrix_reader;
DROP ROLE regress_matrix_user, regress_matrix_service, regress_matrix_anon, regress_matrix_middleman, regress_matrix_reader;
