-- Many at once: arrays, COPY and INSERT through the view.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set carol '''ca501000-0000-0000-0000-000000000003'''

SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
    'user_id', 'ca501000-0000-0000-0000-000000000003', 'operation_id', 'email-classify', 'date', '2026-02-01',
    'success', i % 10 <> 0, 'latency_ms', i, 'cost_usd', 0.01 * i, 'model_used', 'gemini')))) AS recorded
  FROM generate_series(1, 1000) i;
SELECT total_operations, total_cost_usd, success_rate, avg_latency_ms, p50_latency_ms, gemini_cost
  FROM helix.cost_trends WHERE user_id = :carol;
-- Every field, in the array's order; a request id twice in one array counts once.
SELECT ids[1] < ids[2] AS in_order, ids[2] = ids[3] AS once FROM helix.record_operation_executions('[
  {"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "date": "2026-02-02", "success": true,
   "latency_ms": 5, "model_used": "anthropic", "model": "claude-sonnet-4-5", "input_tokens": 10, "cached_input_tokens": 20,
   "output_tokens": 30, "occurred_at": "2026-02-02T10:00:00Z", "error": null, "trace_id": "t", "metadata": {"k": [1, 2]}},
  {"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "date": "2026-02-02", "success": false,
   "cost_usd": "0.5", "model_used": "openai", "request_id": "twice", "error": "refused"},
  {"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "date": "2026-02-02", "success": false,
   "cost_usd": "0.5", "model_used": "openai", "request_id": "twice", "error": "refused"}]') ids;
SELECT success, latency_ms, cost_usd, model_used, model, input_tokens, cached_input_tokens, output_tokens, request_id,
       occurred_at = '2026-02-02 10:00+00' AS given_time, error, trace_id, metadata
  FROM helix.executions WHERE date = '2026-02-02' ORDER BY id;
SELECT helix.record_operation_executions('[]');

-- All or nothing, and the error names the element.
SELECT count(*) AS before FROM helix.executions \gset
SELECT '{"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "success": true, '
    '"cost_usd": 1, "model_used": "openai"}' AS good \gset
SELECT failure(format('SELECT helix.record_operation_executions(%L)',
    format('[%s, %s, {"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "nope", "success": true, "cost_usd": 1}]',
        :'good', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"user_id": "not a uuid"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"cost": 1}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"date": "2026-02-30"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"output_tokens": 1.5}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)',
    format('[%s, {"latency_ms": 3000000000, "user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", '
    '"success": true}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"success": "yes"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"cost_usd": "much"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, 7]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, []]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', :'good'));
SELECT failure('SELECT helix.record_operation_executions(NULL)');
SELECT failure('SELECT helix.record_operation_executions(NULL::jsonb)');
SELECT failure($$SELECT helix.record_operation_executions('"text"')$$);
SELECT count(*) - :before AS recorded_by_refusals FROM helix.executions;
-- Text that jsonb cannot hold: the element and the field all the same.
SELECT failure(format('SELECT helix.record_operation_executions(%L)',
    format('[%s, {"model_used": "openai", "metadata": {"a": "\u0000"}}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"model_used": openai}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"model_used" "openai"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s,]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s', :'good')));
-- PostgreSQL refuses it before helix sees it.
SELECT failure(format('SELECT helix.record_operation_executions(p_executions => %L)', '[{"metadata": "\u0000"}]'));
SELECT count(*) - :before AS recorded_by_refusals FROM helix.executions;

-- Each for itself: what is right is recorded, in its order. Element 37 of 40 has what no jsonb holds.
SELECT element, id > 0 AS recorded, sqlstate, message, detail
  FROM helix.record_operation_executions_each((SELECT '['
      || string_agg(format('{"user_id": "ca501000-0000-0000-0000-000000000004", '
      '"operation_id": "calendar-prep", "success": true, "cost_usd": 0.25, "model_used": "openai", "metadata": "%s"}',
      CASE i WHEN 37 THEN 'a\u0000' ELSE 'a' END), ',' ORDER BY i) || ']' FROM generate_series(0, 39) i))
      WHERE element BETWEEN 36 AND 38;
SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = 'ca501000-0000-0000-0000-000000000004';
-- Every kind of error, with the element and the field; the good ones around them count, a request id once.
SELECT count(*) AS before FROM helix.executions \gset
WITH given AS (SELECT n - 1 AS element, value FROM unnest(ARRAY[
    '{"request_id": "each"}', '{"user_id": "not a uuid"}', '{"date": "2026-02-30"}', '{"occurred_at": "noon or so"}',
    '{"cost_usd": "much"}',
    '{"output_tokens": 1.5}', '{"latency_ms": 1e30}', '{"input_tokens": "NaN"}', '{"metadata": 1, "model": ["x"]}',
    '{"date": "infinity"}', '{"occurred_at": "infinity"}', '{"success": "yes"}', '{"cost": 1}', '{"cost_usd": -1}',
    '{"operation_id": "nope"}', '{"user_id": null}',
    '{"reservation_id": "00000000-0000-7000-8000-000000000000", "trace_id": ""}', '7', '[]', '{"input_tokens": -1}',
        '{"request_id": "each"}', '{}']) WITH ORDINALITY AS t (value, n)),
  called AS (SELECT jsonb_agg(CASE WHEN value LIKE '{%' THEN :'good'::jsonb || value::jsonb ELSE value::jsonb END ORDER BY element)
      AS executions FROM given)
SELECT g.element, g.value, e.id > 0 AS recorded, e.sqlstate, e.message, e.detail
  FROM called c, helix.record_operation_executions_each(c.executions) e JOIN given g USING (element) ORDER BY element;
SELECT count(*) - :before AS recorded FROM helix.executions;
-- What only writing finds out: one of another user's reservations. The others are recorded in spite of it.
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('ca501000-0000-0000-0000-000000000005', 'month', 10);
SELECT reservation_id FROM helix.reserve_budget('ca501000-0000-0000-0000-000000000005', 'calendar-prep', 1) r (reservation_id) \gset
SELECT count(*) AS before FROM helix.executions \gset
SELECT element, id > 0 AS recorded, sqlstate, message, regexp_replace(detail, '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g') AS detail
  FROM helix.record_operation_executions_each(jsonb_build_array(:'good'::jsonb,
      :'good'::jsonb || jsonb_build_object('reservation_id', :'reservation_id'),
      :'good'::jsonb || jsonb_build_object('reservation_id', :'reservation_id', 'user_id', 'ca501000-0000-0000-0000-000000000005'),
          :'good'::jsonb));
SELECT count(*) - :before AS recorded FROM helix.executions;
SELECT * FROM helix.record_operation_executions_each('[]'::jsonb);
SELECT failure('SELECT helix.record_operation_executions_each(NULL::jsonb)');
SELECT failure($$SELECT helix.record_operation_executions_each('{}')$$);
SELECT failure($$SELECT helix.record_operation_executions_each('{}'::jsonb)$$);
BEGIN READ ONLY;
SELECT failure($$SELECT helix.record_operation_executions_each('[{}]')$$);
ROLLBACK;
DELETE FROM helix.budgets WHERE user_id = 'ca501000-0000-0000-0000-000000000005';

-- An array for each parameter.
SELECT cardinality(helix.record_operation_executions(array_agg('ca501000-0000-0000-0000-000000000003'::uuid),
    array_agg('email-classify'::text), array_agg(date '2026-02-04'), array_agg(i % 4 <> 0), array_agg(NULLIF(i, 3)),
    array_agg(i * 0.5), array_agg('gemini'::text), p_output_tokens => array_agg(i::bigint))) AS recorded
    FROM generate_series(1, 300) i;
SELECT total_operations, total_cost_usd, success_rate, output_tokens, p50_latency_ms FROM helix.cost_trends
 WHERE date = '2026-02-04';
SELECT helix.record_operation_executions('{}', '{}', '{}', '{}', '{}', '{}', '{}');
SELECT failure($$SELECT helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003}', '{a,b}', NULL, '{t}', NULL,
    '{1}', NULL)$$);
SELECT failure($$SELECT helix.record_operation_executions(NULL, '{a,b}', NULL, '{t}', NULL, '{1}', NULL)$$);
SELECT
    failure($$SELECT
        helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003,ca501000-0000-0000-0000-000000000003}',
            '{email-classify,email-classify}', NULL, '{t,t}', NULL, '{1,-1}', NULL)$$);
SELECT failure($$SELECT helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003}', '{{email-classify}}', NULL,
    '{t}', NULL, '{1}', NULL)$$);

-- COPY and INSERT through the view obey the same rules.
COPY helix.executions (user_id, operation_id, date, success, latency_ms, cost_usd, model_used, request_id)
    FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,10,0.25,deepseek,c-1
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,30,0.50,deepseek,c-2
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,30,0.50,deepseek,c-2
\.
INSERT INTO helix.executions (user_id, operation_id, date, success, model_used, input_tokens)
VALUES (:carol, 'task-prioritize', '2026-02-03', false, 'claude-sonnet-4-5', 1000000)
RETURNING id > 0 AS id, cost_usd, model_used, model, recorded_at > now() - interval '1 hour' AS recorded;
SELECT total_operations, total_cost_usd, deepseek_cost, anthropic_cost, success_rate FROM helix.cost_trends
 WHERE date = '2026-02-03';
COPY helix.executions (user_id, operation_id, date, success, cost_usd) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,1
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,-1
\.
SELECT failure($$INSERT INTO helix.executions (id, user_id, operation_id, success, cost_usd)
    VALUES (1, 'ca501000-0000-0000-0000-000000000003', 'task-prioritize', true, 1)$$);
SELECT failure($$UPDATE helix.executions SET cost_usd = 0$$);
SELECT failure($$DELETE FROM helix.executions$$);
SELECT count(*) FROM helix.executions WHERE date = '2026-02-03';

-- A negative number is refused in every field and by every form, and records nothing.
SELECT count(*) AS before FROM helix.executions \gset
SELECT field, form, failure(statement)
  FROM unnest(ARRAY['latency_ms', 'cost_usd', 'input_tokens', 'cached_input_tokens', 'output_tokens'])
    WITH ORDINALITY AS f (field, place),
       LATERAL (SELECT string_agg(format('p_%s => %s', each, CASE each WHEN field THEN -1 ELSE 1 END), ', ') AS single,
                       string_agg(format('p_%s => ARRAY[%s]', each, CASE each WHEN field THEN -1 ELSE 1 END), ', ') AS arrays,
                       string_agg(format('"%s": %s', each, CASE each WHEN field THEN -1 ELSE 1 END), ', ') AS json,
                       string_agg(each, ', ') AS columns, string_agg(CASE each WHEN field THEN '-1' ELSE '1' END, ', ') AS values
                  FROM unnest(ARRAY['latency_ms', 'cost_usd', 'input_tokens', 'cached_input_tokens', 'output_tokens']) each) v,
       LATERAL (VALUES
           ('single',
               format($$SELECT helix.record_operation_execution(p_user_id => 'ca501000-0000-0000-0000-000000000003',
                   p_operation_id => 'email-classify',
               p_date => NULL, p_success => true, p_model_used => 'openai', %s)$$, single)),
           ('jsonb',
               format($$SELECT helix.record_operation_executions(p_executions => '[%s, '
               '{"user_id": "ca501000-0000-0000-0000-000000000003",
               "operation_id": "email-classify", "success": true, "model_used": "openai", %s}]')$$, :'good', json)),
           ('arrays',
               format($$SELECT helix.record_operation_executions(p_user_id => '{ca501000-0000-0000-0000-000000000003}',
                   p_operation_id => '{email-classify}',
               p_date => NULL, p_success => '{true}', p_model_used => '{openai}', %s)$$, arrays)),
           ('insert', format($$INSERT INTO helix.executions (user_id, operation_id, success, model_used, %s)
               VALUES ('ca501000-0000-0000-0000-000000000003', 'email-classify', true, 'openai', %s)$$, columns, values))) t
               (form, statement)
 ORDER BY place, form;
COPY helix.executions (user_id, operation_id, success, cost_usd, input_tokens) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,email-classify,true,1,-1
\.
COPY helix.executions (user_id, operation_id, success, cost_usd, cached_input_tokens) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,email-classify,true,1,-1
\.
COPY helix.executions (user_id, operation_id, success, cost_usd, output_tokens) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,email-classify,true,1,-1
\.
SELECT count(*) - :before AS recorded_by_refusals FROM helix.executions;

-- A request id is its user's: the same of two users are two executions, and each gets their own id again, by every form.
SELECT helix.record_operation_execution('ca501000-0000-0000-0000-000000000006', 'email-classify', NULL, true, 1, 1, 'openai',
    p_request_id => 'shared') AS six \gset
SELECT helix.record_operation_execution('ca501000-0000-0000-0000-000000000007', 'email-classify', NULL, true, 1, 1, 'openai',
    p_request_id => 'shared') AS seven \gset
SELECT :six <> :seven AS two_executions, user_id, request_id FROM helix.executions WHERE id IN (:six, :seven) ORDER BY user_id;
SELECT form, ids = ARRAY[:six, :seven]::bigint[] AS own_ids FROM (VALUES
    ('single',
        ARRAY[helix.record_operation_execution('ca501000-0000-0000-0000-000000000006', 'email-classify', NULL, true, 1, 1,
            'openai', p_request_id => 'shared'),
        helix.record_operation_execution('ca501000-0000-0000-0000-000000000007', 'email-classify', NULL, true, 1, 1, 'openai',
            p_request_id => 'shared')]),
    ('jsonb',
        helix.record_operation_executions((SELECT jsonb_agg(:'good'::jsonb || jsonb_build_object('request_id', 'shared', 'user_id',
            u, 'operation_id', 'email-classify'))
        FROM unnest('{ca501000-0000-0000-0000-000000000006,ca501000-0000-0000-0000-000000000007}'::uuid[]) u))),
    ('arrays', helix.record_operation_executions('{ca501000-0000-0000-0000-000000000006,ca501000-0000-0000-0000-000000000007}',
        '{email-classify,email-classify}', NULL, '{t,t}', NULL, '{1,1}', '{openai,openai}', p_request_id => '{shared,shared}'))) t
        (form, ids);
SELECT count(*) FROM helix.executions WHERE request_id = 'shared';

-- The index by ranges of blocks, once it has a summary, finds every row that a later batch has brought.
SELECT sum(brin_summarize_new_values(c.oid)) >= 0 AS summarized FROM pg_class c WHERE c.relname LIKE 'executions_%_xid_id';
SELECT array_agg(id) AS ids FROM unnest(helix.record_operation_executions((
    SELECT jsonb_agg(jsonb_build_object('user_id', 'ca501000-0000-0000-0000-000000000008', 'operation_id', 'email-classify',
        'success', true, 'cost_usd', 1, 'model_used', 'openai')) FROM generate_series(1, 300)))) id \gset
CREATE FUNCTION pg_temp.plan_of(p_query text) RETURNS SETOF text LANGUAGE plpgsql AS
    $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || p_query; END $$;
BEGIN;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SELECT count(*) > 0 AS by_ranges
  FROM pg_temp.plan_of(format('SELECT FROM helix_internal.executions WHERE id = %s', (:'ids'::bigint[])[300])) plan
 WHERE plan LIKE '%Bitmap Index Scan on executions\_%\_xid\_id';
SELECT count(*) FROM unnest(:'ids'::bigint[]) i CROSS JOIN LATERAL
    (SELECT FROM helix_internal.executions e WHERE e.id = i OFFSET 0) found;
ROLLBACK;

-- An index of a DBA that has to see every row of a batch does.
CREATE INDEX record_many_bloom ON helix_internal.executions USING brin (input_tokens int8_bloom_ops);
SELECT cardinality(helix.record_operation_executions((
    SELECT jsonb_agg(jsonb_build_object('user_id', 'ca501000-0000-0000-0000-000000000008', 'operation_id', 'email-classify',
        'success', true, 'cost_usd', 1, 'model_used', 'openai', 'input_tokens', 987654000 + n)) FROM generate_series(1, 300) n)));
BEGIN;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = off;
SELECT count(*) > 0 AS by_bloom
  FROM pg_temp.plan_of('SELECT FROM helix_internal.executions WHERE input_tokens = 987654150::bigint') plan
 WHERE plan LIKE '%Bitmap Index Scan on executions\_%\_input\_tokens%';
SELECT count(*) FROM generate_series(987654001::bigint, 987654300) n CROSS JOIN LATERAL
    (SELECT FROM helix_internal.executions e WHERE e.input_tokens = n OFFSET 0) found;
ROLLBACK;
DROP INDEX helix_internal.record_many_bloom;
