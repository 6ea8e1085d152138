-- One execution per call: what is stored, what comes back, and every refusal.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
-- failure(statement): what it raises, with every field.
CREATE FUNCTION failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;
\set alice '''a11ce000-0000-0000-0000-000000000001'''

-- The contract's seven parameters, by position and by name.
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-01', true, 120, 0.0123, 'anthropic') > 0 AS recorded;
SELECT helix.record_operation_execution(p_user_id => :alice, p_operation_id => 'email-compose', p_date => '2026-03-01',
    p_success => false, p_latency_ms => NULL, p_cost_usd => 0, p_model_used => 'openai', p_error => 'timed out') > 0 AS recorded;
-- Priced from tokens: a model that one provider sells names its provider.
SELECT helix.record_operation_execution(:alice, 'task-breakdown', '2026-03-02', true, 900, NULL, 'claude-sonnet-4-5',
    p_input_tokens => 1000, p_cached_input_tokens => 10000, p_output_tokens => 100,
    p_occurred_at => '2026-03-02 10:00+00', p_trace_id => 't-1', p_metadata => '{"a": 1}') > 0 AS recorded;
-- An unknown provider counts; without date and time it is today's.
SELECT helix.record_operation_execution(:alice, 'task-breakdown', NULL, true, 10, 5.5, 'mistral') > 0 AS recorded;
-- The day is that of occurred_at in UTC, whatever the session's zone.
SET timezone = 'Pacific/Auckland';
SELECT helix.record_operation_execution(:alice, 'email-respond', NULL, true, 10, 1, 'gemini',
    p_occurred_at => '2026-03-05 00:30+13') > 0 AS recorded;
SET timezone = 'UTC';
SELECT operation_id, date, success, latency_ms, cost_usd, model_used, model, input_tokens, cached_input_tokens AS cached,
       output_tokens AS output, error, trace_id, metadata
  FROM helix.executions WHERE date < '2026-04-01' ORDER BY id;
SELECT date = (now() AT TIME ZONE 'UTC')::date AS today, occurred_at = recorded_at AS now FROM helix.executions
 WHERE model_used = 'mistral';

-- A request id seen before returns the first id and counts nothing; it is the user's own.
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-1') AS first \gset
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-1') = :first AS same;
SELECT helix.record_operation_execution('b0b00000-0000-0000-0000-000000000002', 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-1') <> :first AS another_users;
SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE date = '2026-03-07' ORDER BY user_id;
BEGIN;
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-2') > 0 AS recorded;
ROLLBACK;
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-2') > :first AS new_after_rollback;
SELECT helix_internal.forget_request_ids(now() + interval '120 days') AS none_yet;
SELECT helix_internal.forget_request_ids(now() + interval '122 days') AS forgotten;
SELECT helix.record_operation_execution(:alice, 'email-compose', '2026-03-07', true, 1, 1, 'openai',
    p_request_id => 'r-1') > :first AS forgotten_after_the_ledger;

-- Refusals record nothing.
SELECT count(*) AS before FROM helix.executions \gset
SELECT failure($$SELECT helix.record_operation_execution(NULL, 'email-compose', NULL, true, 1, 1, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', NULL, NULL, true, 1, 1,
    'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, NULL, 1, 1,
    'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'no-such', NULL, true, 1, 1,
    'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, -1,
    1, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    -0.01, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    'NaN', 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    'Infinity', 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    1e9, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    1e-41, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    NULL, 'openai')$$);
SET helix.unknown_model = refuse;
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    NULL, 'openai', 'no-such', 1)$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    NULL, 'claude-sonnet-4-5', p_input_tokens => 1, p_occurred_at => '2020-01-01')$$);
RESET helix.unknown_model;
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    NULL, 'claude-sonnet-4-5', p_input_tokens => -1)$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1,
    NULL, 'claude-sonnet-4-5', p_input_tokens => 9223372036854775807)$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', 'infinity', true,
    1, 1, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', '10000-01-01',
    true, 1, 1, 'openai')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1, 1,
    'openai', p_occurred_at => '290000-01-01')$$);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1, 1,
    'openai', p_occurred_at => '-infinity')$$);
SELECT failure(format($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose',
    '2026-03-01', true, 1, 1, 'openai', p_occurred_at => %L)$$, at))
  FROM (VALUES ('294276-12-31 23:59:59.999999+00'), ('10000-01-01 00:00+00'), ('1969-12-31 23:59:59.999999+00'),
      ('4714-11-24 00:00+00 BC'), ('infinity')) t (at);
SELECT failure($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 1, 1,
    'openai', p_request_id => '')$$);
SELECT failure(format($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL,
    true, 1, 1, 'openai', p_request_id => %L)$$, repeat('x', 256)));
SELECT failure(format($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL,
    true, 1, 1, %L)$$, repeat('x', 201)));
SELECT failure(format($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL,
    true, 1, 1, 'openai', p_metadata => %L)$$, jsonb_build_object('a', repeat('x', 65536))));
SELECT failure(format($$SELECT helix.record_operation_executions(%L::jsonb)$$,
    jsonb_build_array(jsonb_build_object('user_id', :alice, 'operation_id', 'email-compose', 'success', true, 'cost_usd', 1,
        'metadata', repeat('x', 70000)))));
SELECT count(*) - :before AS recorded_by_refusals FROM helix.executions;

-- The UTC day of a time before 2000.
SELECT helix.record_operation_execution('b0b00000-0000-0000-0000-000000000002', 'email-compose', NULL, true, 1, 1, 'openai',
    p_occurred_at => '1999-12-31 23:59:59.999999+00') AS last_of_1999 \gset
SELECT date FROM helix.executions WHERE id = :last_of_1999;

-- The largest metadata: 65,536 bytes as jsonb, 8 of which are its structure.
BEGIN;
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, true, 1, 1, 'openai',
    p_metadata => to_jsonb(repeat('x', 65528))) > 0 AS recorded;
ROLLBACK;
SELECT failure(format($$SELECT helix.record_operation_execution('a11ce000-0000-0000-0000-000000000001', 'email-compose', NULL,
    true, 1, 1, 'openai', p_metadata => %L)$$, to_jsonb(repeat('x', 65529))));
-- A column that somebody has added to the ledger is null.
BEGIN;
ALTER TABLE helix_internal.executions ADD COLUMN note text;
SELECT helix.record_operation_execution(:alice, 'email-compose', NULL, true, 1, 1, 'openai') AS noted \gset
SELECT note IS NULL AS is_null FROM helix_internal.executions WHERE id = :noted;
ROLLBACK;
-- In JSON a time without a zone is by UTC, whatever the session says.
SET timezone = 'Asia/Tokyo';
SELECT (helix.record_operation_executions('[{"user_id": "a11ce000-0000-0000-0000-000000000001", "operation_id": "email-compose",
    "date": "2026-03-10", "success": true, "cost_usd": 0, "occurred_at": "2026-03-10 09:00"}]'))[1] AS tokyo \gset
SET timezone = 'UTC';
SELECT occurred_at FROM helix.executions WHERE id = :tokyo;

-- What JavaScript clients send as a cost is kept to the last digit.
SELECT helix.record_operation_execution(:alice, 'analytics-summary', '2026-03-09', true, 1, 0.30000000000000004,
    'openai') > 0 AS recorded;
SELECT helix.record_operation_execution(:alice, 'analytics-summary', '2026-03-09', true, 1, 1.2345678901234567e-7,
    'openai') > 0 AS recorded;
SELECT total_cost_usd FROM helix.cost_trends WHERE date = '2026-03-09';
