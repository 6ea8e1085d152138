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
\set good '{"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "success": true, "cost_usd": 1, "model_used": "openai"}'
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, %s, {"user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "nope", "success": true, "cost_usd": 1}]', :'good', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"user_id": "not a uuid"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"cost": 1}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"date": "2026-02-30"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"latency_ms": 1.5}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"latency_ms": 3000000000, "user_id": "ca501000-0000-0000-0000-000000000003", "operation_id": "calendar-prep", "success": true}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"success": "yes"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, {"cost_usd": "much"}]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, 7]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', format('[%s, []]', :'good')));
SELECT failure(format('SELECT helix.record_operation_executions(%L)', :'good'));
SELECT failure('SELECT helix.record_operation_executions(NULL)');
SELECT failure($$SELECT helix.record_operation_executions('"text"')$$);
SELECT count(*) - :before AS recorded_by_refusals FROM helix.executions;

-- An array for each parameter.
SELECT cardinality(helix.record_operation_executions(array_agg('ca501000-0000-0000-0000-000000000003'::uuid),
    array_agg('email-classify'::text), array_agg(date '2026-02-04'), array_agg(i % 4 <> 0), array_agg(NULLIF(i, 3)),
    array_agg(i * 0.5), array_agg('gemini'::text), p_output_tokens => array_agg(i::bigint))) AS recorded FROM generate_series(1, 300) i;
SELECT total_operations, total_cost_usd, success_rate, output_tokens, p50_latency_ms FROM helix.cost_trends WHERE date = '2026-02-04';
SELECT helix.record_operation_executions('{}', '{}', '{}', '{}', '{}', '{}', '{}');
SELECT failure($$SELECT helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003}', '{a,b}', NULL, '{t}', NULL, '{1}', NULL)$$);
SELECT failure($$SELECT helix.record_operation_executions(NULL, '{a,b}', NULL, '{t}', NULL, '{1}', NULL)$$);
SELECT failure($$SELECT helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003,ca501000-0000-0000-0000-000000000003}', '{email-classify,email-classify}', NULL, '{t,t}', NULL, '{1,-1}', NULL)$$);
SELECT failure($$SELECT helix.record_operation_executions('{ca501000-0000-0000-0000-000000000003}', '{{email-classify}}', NULL, '{t}', NULL, '{1}', NULL)$$);

-- COPY and INSERT through the view obey the same rules.
COPY helix.executions (user_id, operation_id, date, success, latency_ms, cost_usd, model_used, request_id) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,10,0.25,deepseek,c-1
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,30,0.50,deepseek,c-2
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,30,0.50,deepseek,c-2
\.
INSERT INTO helix.executions (user_id, operation_id, date, success, model_used, input_tokens)
VALUES (:carol, 'task-prioritize', '2026-02-03', false, 'claude-sonnet-4-5', 1000000)
RETURNING id > 0 AS id, cost_usd, model_used, model, recorded_at > now() - interval '1 hour' AS recorded;
SELECT total_operations, total_cost_usd, deepseek_cost, anthropic_cost, success_rate FROM helix.cost_trends WHERE date = '2026-02-03';
COPY helix.executions (user_id, operation_id, date, success, cost_usd) FROM STDIN WITH (FORMAT csv);
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,1
ca501000-0000-0000-0000-000000000003,task-prioritize,2026-02-03,true,-1
\.
SELECT failure($$INSERT INTO helix.executions (id, user_id, operation_id, success, cost_usd) VALUES (1, 'ca501000-0000-0000-0000-000000000003', 'task-prioritize', true, 1)$$);
SELECT failure($$UPDATE helix.executions SET cost_usd = 0$$);
SELECT failure($$DELETE FROM helix.executions$$);
SELECT count(*) FROM helix.executions WHERE date = '2026-02-03';
