-- Extremes in every argument of every function that clients call: a result or a clear refusal, never an internal error.
SET timezone = 'UTC';
SET client_min_messages = error;
-- Values at the ends of each type, and a plain one (the first) for the other arguments.
SELECT count(*) AS before FROM helix.executions \gset
CREATE TABLE extremes (type regtype, value text, place serial);
INSERT INTO extremes (type, value) VALUES
    ('uuid', '''a11ce000-0000-0000-0000-000000000001'''), ('uuid', 'NULL'), ('uuid', '''00000000-0000-0000-0000-000000000000'''),
    ('uuid', '''ffffffff-ffff-ffff-ffff-ffffffffffff'''),
    ('text', '''email-compose'''), ('text', 'NULL'), ('text', ''''''), ('text', 'repeat(''x'', 100000)'),
    ('text', 'repeat(''🙂'', 70)'), ('text', '''[{}]'''), ('text', '''{"a": 1}'''), ('text', '''2 2 * * *'''),
    ('text', '''%s%n%d'''), ('text', '''[[[['''), ('text', 'E''\\x01\\x7f'''),
    ('name', '''public'''), ('name', 'NULL'), ('name', ''''''), ('name', '''no such role'''),
    ('boolean', 'true'), ('boolean', 'NULL'), ('boolean', 'false'),
    ('smallint', '1'), ('smallint', 'NULL'), ('smallint', '''-32768'''), ('smallint', '32767'),
    ('integer', '7'), ('integer', 'NULL'), ('integer', '0'), ('integer', '-1'), ('integer', '''-2147483648'''),
    ('integer', '2147483647'),
    ('bigint', '7'), ('bigint', 'NULL'), ('bigint', '-1'), ('bigint', '''-9223372036854775808'''),
    ('bigint', '9223372036854775807'),
    ('numeric', '1'), ('numeric', 'NULL'), ('numeric', '0'), ('numeric', '-0.0000001'), ('numeric', '''NaN'''),
    ('numeric', '''Infinity'''), ('numeric', '''-Infinity'''), ('numeric', '1e131071'),
    ('numeric', '1e-16383'), ('numeric', '999999999.9999999999999999999999999999999999999999'),
    ('date', '''2026-11-20'''), ('date', 'NULL'), ('date', '''infinity'''), ('date', '''-infinity'''),
    ('date', '''4713-01-01 BC'''), ('date', '''5874897-12-31'''), ('date', '''1970-01-01'''), ('date', '''9999-12-31'''),
    ('timestamptz', '''2026-11-20'''), ('timestamptz', 'NULL'), ('timestamptz', '''infinity'''), ('timestamptz', '''-infinity'''),
    ('timestamptz', '''4713-11-24 00:00:00+00 BC'''),
    ('timestamptz', '''294276-12-31 23:59:59.999999+00'''), ('timestamptz', '''1970-01-01'''),
    ('timestamptz', '''9999-12-31 23:59:59.999999'''), ('timestamptz', '''1999-12-31 23:59:59.999999'''),
    ('interval', '''1 hour'''), ('interval', 'NULL'), ('interval', '''0'''), ('interval', '''-1 day'''),
    ('interval', '''178000000 years'''), ('interval', '''-178000000 years'''), ('interval', '''2147483647 days'''),
    ('interval', '''1 month -31 days'''), ('interval', '''9223372036854.775807 s'''),
    ('jsonb', '''{}'''), ('jsonb', 'NULL'), ('jsonb', '''null'''), ('jsonb', '''[]'''), ('jsonb', '''1e1000'''),
    ('jsonb', '''[null, 1, "x", [], {}, true]'''), ('jsonb', '''[{"": ""}]'''),
    ('jsonb', '(repeat(''['', 3000) || repeat('']'', 3000))::jsonb'), ('jsonb', 'to_jsonb(repeat(''x'', 200000))'),
    ('bytea', '''x'''), ('bytea', 'NULL'), ('bytea', ''''''), ('bytea', '''\x00ff'''),
    ('bytea', 'convert_to(repeat(''x'', 100000), ''UTF8'')'),
    ('regclass', '''extremes'''), ('regclass', 'NULL'), ('regclass', '''pg_class'''), ('regclass', '0'), ('regclass', '4294967295');
INSERT INTO extremes (type, value)
    SELECT (type::text || '[]')::regtype, value FROM (SELECT DISTINCT type FROM extremes) t,
           LATERAL (SELECT format('ARRAY[(%s)]::%s[]', value, type) AS value, place FROM extremes e WHERE e.type = t.type
                    UNION ALL VALUES ('NULL', 1000), ('''{}''', 1001), ('''{NULL,NULL}''', 1002), ('''{{NULL}}''', 1003),
                        ('''[5:6]={NULL,NULL}''', 1004)) v
     ORDER BY type, place;
SELECT count(*) >= 70 AS functions, (SELECT count(*) FROM extremes) > 100 AS many FROM pg_proc
 WHERE pronamespace = 'helix'::regnamespace AND prorettype <> 'trigger'::regtype;

-- What the other arguments are where they have to name something.
CREATE TABLE plain (name text PRIMARY KEY, value text);
INSERT INTO plain VALUES ('p_status', '''failed'''), ('p_triggered_by', '''manual'''), ('p_batch_type', '''parallel'''),
    ('p_algorithm', '''sha256'''),
    ('p_color_scheme', '''dark'''), ('p_email_list_view', '''compact'''), ('p_timezone', '''Asia/Tokyo'''),
    ('p_preferred_model', '''openai'''),
    ('p_schedule', '''0 7 * * *'''), ('p_expression', '''0 7 * * *'''),
    ('p_updates', '''[{"operation_id": "email-compose", "enabled": true}]'''),
    ('p_operations', '''[{"operation_id": "email-compose"}, {"operation_id": "calendar-prep", "depends_on": [0]}]'''),
    ('p_metadata', '''{}'''), ('p_date', '''2026-11-20'''),
    ('p_from', '''2026-11-20'''), ('p_to', '''2026-11-21'''), ('p_latency_ms', '7'), ('p_model', 'NULL'),
    ('p_model_used', '''openai'''), ('p_fencing_token', '1'),
    ('p_reservation_id', 'NULL'), ('p_key', '''theme_prefs:a11ce000-0000-0000-0000-000000000001'''),
    ('p_query', '''SELECT to_jsonb(1)'''), ('p_secret', '''x'''),
    ('p_executions',
        '''[{"user_id": "a11ce000-0000-0000-0000-000000000001", "operation_id": "email-compose", "success": true, '
        '"cost_usd": 1}]'''),
    ('p_json',
        '''[{"user_id": "a11ce000-0000-0000-0000-000000000001", "operation_id": "email-compose", "success": true, '
        '"cost_usd": 1}]'''),
    ('p_headers', '''{}'''), ('p_scheme', '''github'''), ('p_accent_color', '''#112233'''), ('p_name', '''a batch''');
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type)
    VALUES ('5c000000-0000-0000-0000-0000000000e1', 'a11ce000-0000-0000-0000-000000000001', 'email-compose', 'manual');
INSERT INTO plain VALUES ('p_schedule_id', '''5c000000-0000-0000-0000-0000000000e1''');
INSERT INTO plain SELECT 'p_batch_id',
    quote_literal(helix.create_batch('a11ce000-0000-0000-0000-000000000001', 'extremes', 'parallel',
        '[{"operation_id": "email-compose"}]'));
INSERT INTO plain SELECT 'p_execution_id',
    quote_literal(helix.create_execution_with_lock('5c000000-0000-0000-0000-0000000000e1', 'a11ce000-0000-0000-0000-000000000001',
        'manual'));

-- Calls the function with one extreme, undoes it and says the SQLSTATE and message.
CREATE FUNCTION attempt(statement text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE state text; message text;
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = '00U00', MESSAGE = 'undo';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RETURN ARRAY[state, message];
END $$;
CREATE TABLE attempts AS
WITH arguments AS (
    SELECT p.oid, p.proname, a.position, a.type::regtype, p.proargnames[a.position] AS name
      FROM pg_proc p, unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, position)
     WHERE p.pronamespace = 'helix'::regnamespace AND p.provariadic = 0
         AND p.proname NOT IN ('grant_api_access', 'claim_executions')),
  calls AS (
    SELECT t.oid, t.proname, t.position AS extreme, e.value,
           (SELECT string_agg(CASE WHEN o.position = t.position THEN format('(%s)::%s', e.value, o.type)
                                   ELSE format('(%s)::%s',
                                       coalesce((SELECT CASE WHEN o.type::text LIKE '%[]' THEN format('ARRAY[%s]', plain.value)
                                           ELSE plain.value END
                                                                                        FROM plain WHERE plain.name = o.name),
                                       (SELECT e.value FROM extremes e WHERE e.type = o.type ORDER BY place LIMIT 1)), o.type) END,
                              ', ' ORDER BY o.position) FROM arguments o WHERE o.oid = t.oid) AS list
      FROM arguments t JOIN extremes e ON e.type = t.type)
SELECT c.proname, c.extreme, c.value, c.list, a[1] AS state, a[2] AS message
  FROM calls c, LATERAL attempt(format('SELECT * FROM helix.%I(%s)', c.proname, c.list)) a;
-- And in every field of an execution in JSON, which is read by hand.
INSERT INTO attempts
SELECT f.proname, 0, field || ': ' || left(value, 60), statement, a[1], a[2]
  FROM (VALUES ('record_operation_executions', 'p_executions'), ('record_operation_executions', 'p_json'),
      ('record_operation_executions_each', 'p_json')) f (proname, argument),
       unnest('{user_id,operation_id,date,success,latency_ms,cost_usd,model_used,model,input_tokens,cached_input_tokens}'::text[]
           || '{output_tokens,request_id,occurred_at,error,trace_id,metadata,reservation_id}'::text[]) field,
       unnest(ARRAY['null', '""', '[]', '{}', '[[1]]', 'true', '-1', '0', '1.5', '1e1000', '1e-1000', '-1e131071',
           '9223372036854775808', '"NaN"', '"Infinity"', '"-infinity"', '"infinity"',
           '"294276-12-31 23:59:59.999999+00"', '"4713-11-24 00:00:00+00 BC"', '"5874897-12-31"', '"2026-02-30"', '"24:00"',
           '"now"', '"\u0000"', '"\ud800"', '"\uffff"', '"' || repeat('x', 100000) || '"',
           repeat('[', 3000) || repeat(']', 3000), 'nul', '"', '']) value,
       LATERAL format('SELECT * FROM helix.%I(%I => %L)', f.proname, f.argument,
           format('[{"user_id": "a11ce000-0000-0000-0000-000000000001", "operation_id": "email-compose", "success": true, '
           '"cost_usd": 1, "%s": %s}]', field, value)) statement,
       LATERAL attempt(statement) a;
SELECT count(*) > 2000 AS many, count(*) FILTER (WHERE list IS NULL) AS without,
    count(*) FILTER (WHERE state = '00U00') > 700 AS many_succeed FROM attempts;
-- Nothing internal, and no message of PostgreSQL's arithmetic, which says nothing of what was passed.
SELECT proname, extreme, left(value, 60) AS value, state, left(message, 100) AS message FROM attempts
 WHERE state ~ '^(XX|58|53)' OR state = '54001' AND value !~ 'repeat|\[\[\[' OR state ~ '^22'
   AND message
   ~ '^(bigint|integer|smallint|numeric|interval) |^timestamp out of range$|out of range for|cannot convert|value overflows';
-- What a request with extremes has left behind: nothing.
SELECT count(*) - :before AS recorded FROM helix.executions;
DELETE FROM helix_internal.queue WHERE schedule_id = '5c000000-0000-0000-0000-0000000000e1';
DELETE FROM helix.operation_schedules WHERE id = '5c000000-0000-0000-0000-0000000000e1';
DELETE FROM helix_internal.operation_batches WHERE name = 'extremes';
DROP TABLE extremes, plain, attempts;
DROP FUNCTION attempt;
