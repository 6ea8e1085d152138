-- Usage as providers send it, names as SDKs know them, and what both cost by the price list that ships.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set u '''05a9e000-0000-4000-8000-000000000001'''
CREATE FUNCTION pg_temp.cost(p_id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT cost_usd FROM helix.executions WHERE id = p_id';
-- An error's parts, without its context.
CREATE FUNCTION pg_temp.try(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE p_sql;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION pg_temp.record(p_model text, p_usage jsonb, p_tier text DEFAULT NULL, p_at timestamptz DEFAULT NULL)
    RETURNS bigint LANGUAGE sql AS $$
    SELECT helix.record_operation_execution('05a9e000-0000-4000-8000-000000000001', 'email-compose', NULL, true, 10, NULL, NULL,
        p_model, p_usage => p_usage, p_service_tier => p_tier, p_occurred_at => p_at) $$;

-- What each provider's object costs.
SELECT pg_temp.record('claude-sonnet-4-5',
    '{"input_tokens": 3, "cache_creation_input_tokens": 12304, "cache_read_input_tokens": 0, "output_tokens": 550}') AS writes \gset
SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 226616, "prompt_tokens_details": {"cached_tokens": 176640},
    "completion_tokens": 1670, "total_tokens": 228286}') AS cached \gset
SELECT pg_temp.record('gpt-6-sol', '{"prompt_tokens": 400000, "completion_tokens": 1000, "total_tokens": 401000}') AS long \gset
SELECT pg_temp.record('deepseek-v4-flash', '{"prompt_tokens": 0, "completion_tokens": 1000000}', NULL,
    '2026-08-24 02:00:00+00') AS peak \gset
SELECT pg_temp.record('deepseek-v4-flash', '{"prompt_tokens": 0, "completion_tokens": 1000000}', NULL,
    '2026-08-24 05:00:00+00') AS off_peak \gset
SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 1000000, "completion_tokens": 0}', 'batch',
    '2026-11-01 00:00:00+00') AS batch \gset
SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 0, "completion_tokens": 900,
    "completion_tokens_details": {"reasoning_tokens": 700}}') AS reasoning \gset
SELECT pg_temp.record('gemini-2.5-flash', '{"promptTokenCount": 10, "candidatesTokenCount": 200, "thoughtsTokenCount": 700,
    "totalTokenCount": 910}') AS thoughts \gset
SELECT pg_temp.record('claude-sonnet-4-5', '{"input_tokens": 0, "output_tokens": 0,
    "server_tool_use": {"web_search_requests": 3}}') AS searches \gset
SELECT pg_temp.cost(:writes) AS writes, pg_temp.cost(:cached) AS cached, pg_temp.cost(:long) AS long, pg_temp.cost(:peak) AS peak,
       pg_temp.cost(:off_peak) AS off_peak, pg_temp.cost(:batch) AS batch, pg_temp.cost(:reasoning) AS reasoning,
       pg_temp.cost(:thoughts) AS thoughts, pg_temp.cost(:searches) AS searches;
SELECT n.name, e.input_tokens, e.cached_input_tokens, e.output_tokens, e.usage, e.service_tier, e.pricing
  FROM (VALUES ('writes', :writes), ('cached', :cached), ('reasoning', :reasoning), ('thoughts', :thoughts),
               ('searches', :searches), ('batch', :batch)) n (name, id)
  JOIN helix.executions e USING (id) ORDER BY n.id;

-- How a cost comes about; the lines add up to it.
SELECT usage_type, count, priced_as, service_tier, above_prompt_tokens, usd_per_million, cost_usd
  FROM helix.explain_cost(:writes) ORDER BY usage_type;
SELECT usage_type, above_prompt_tokens, usd_per_million, cost_usd FROM helix.explain_cost(:long) ORDER BY usage_type;
SELECT usage_type, week_hours, cost_usd FROM helix.explain_cost(:peak);
SELECT count(*) AS executions,
       count(*) FILTER (WHERE e.cost_usd = (SELECT sum(x.cost_usd) FROM helix.explain_cost(e.id) x)) AS add_up
  FROM helix.executions e WHERE e.user_id = :u;

-- The same usage in flat fields costs the same; cached and uncached tokens are apart there.
SELECT pg_temp.cost(helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, NULL, 'openai', 'gpt-5',
    p_input_tokens => 49976, p_cached_input_tokens => 176640, p_output_tokens => 1670)) = pg_temp.cost(:cached) AS same;

-- All ways in take it: arrays, JSON, the view.
SELECT array_agg(pg_temp.cost(id)) FROM unnest(
    helix.record_operation_executions('[{"user_id": "05a9e000-0000-4000-8000-000000000001", "operation_id": "email-compose",
        "success": true, "model": "claude-sonnet-4-5", "service_tier": "standard",
        "usage": {"input_tokens": 3, "cache_creation_input_tokens": 12304, "output_tokens": 550}}]'::jsonb)
    || helix.record_operation_executions(ARRAY[:u]::uuid[], '{email-compose}', NULL, '{t}', NULL, NULL, NULL, '{gpt-5}',
        p_usage => ARRAY['{"prompt_tokens": 1000000, "completion_tokens": 0}']::jsonb[], p_service_tier => '{batch}')) id;
INSERT INTO helix.executions (user_id, operation_id, success, model, usage)
    VALUES (:u, 'email-compose', true, 'gpt-4o', '{"prompt_tokens": 1000, "completion_tokens": 0}') RETURNING cost_usd, model_used;
-- What the view returns is what it shows from then on, and what it decides may not be given.
WITH new AS (
    INSERT INTO helix.executions (user_id, operation_id, success, model, usage, service_tier, metadata)
    VALUES (:u, 'email-compose', true, 'openai/GPT-4o', '{"prompt_tokens": 1000, "completion_tokens": 70, "new": 1,
        "completion_tokens_details": {"reasoning_tokens": 50}}', 'Default', '{"job": 7}') RETURNING *)
SELECT to_jsonb(n) - '{id,date,occurred_at,recorded_at}'::text[] AS returned, to_jsonb(n) AS whole FROM new n \gset
SELECT jsonb_pretty(:'returned'::jsonb) AS returned, (SELECT to_jsonb(e) FROM helix.executions e
    WHERE e.id = (:'whole'::jsonb ->> 'id')::bigint) = :'whole'::jsonb AS as_it_is_shown;
SELECT pg_temp.try($$INSERT INTO helix.executions (user_id, operation_id, success, cost_usd, pricing)
    VALUES ('05a9e000-0000-4000-8000-000000000001', 'email-compose', true, 1, 'priced')$$)
UNION ALL SELECT pg_temp.try($$INSERT INTO helix.executions (user_id, operation_id, success, model, usage, sent_model)
    VALUES ('05a9e000-0000-4000-8000-000000000001', 'email-compose', true, 'gpt-4o', '{"prompt_tokens": 1}', 'other')$$);

-- What no reader knows is kept, and what contradicts itself is refused.
SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 1, "completion_tokens": 1, "a_new_field": {"of": ["them", 1, 0, null]},
    "another": 0}') AS new \gset
SELECT metadata FROM helix.executions WHERE id = :new;
SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 2, "completion_tokens": 1,
    "prompt_tokens_details": {"cached_tokens": 3}}')$$)
UNION ALL SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '{"prompt_tokens": -1, "completion_tokens": 1}')$$)
UNION ALL SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 1.5, "completion_tokens": 1}')$$)
UNION ALL SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '{"tokens": 1}')$$)
UNION ALL SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '[]')$$)
UNION ALL SELECT pg_temp.try($$SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 1, "completion_tokens": 1}', repeat('x', 41))$$)
UNION ALL SELECT pg_temp.try($$SELECT helix.record_operation_execution('05a9e000-0000-4000-8000-000000000001', 'email-compose',
    NULL, true, 10, NULL, 'openai', 'gpt-5', p_input_tokens => 1, p_usage => '{"prompt_tokens": 1, "completion_tokens": 1}')$$);

-- Names. By itself each may be a model or a provider.
CREATE TEMP TABLE named AS
    SELECT n.i, helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, NULL, n.sent, p_input_tokens => 1000000) AS id
      FROM unnest('{claude-sonnet-4-5-20250929,openai/gpt-4o,models/gemini-2.5-pro,us.anthropic.claude-haiku-4-5-20251001-v1:0,
                   gpt-4o-2024-08-06,gpt-4o-2024-05-13,claude-sonnet-4-5@20250929,GPT-5,azure/gpt-4o,
                   openrouter/anthropic/claude-haiku-4-5,bedrock/anthropic.claude-haiku-4-5-20251001-v1:0,
                   gemini-2.5-flash-001,claude-sonnet-4-0}'::text[]) WITH ORDINALITY n (sent, i);
-- So they are where the cost is given. The provider may stand beside, in its words, or as the model's name once more.
INSERT INTO named
    SELECT 100 + n.i, helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, 1, n.used, n.model)
      FROM (VALUES (1, 'claude-haiku-4-5', 'claude-haiku-4-5'), (2, 'google', 'gemini-2.5-pro'),
                   (3, 'anthropic', 'claude-haiku-4-5-20251001'), (4, NULL, 'claude-next'),
                   (5, 'aws.bedrock', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0'), (6, 'my-proxy', 'my-model'),
                   (7, NULL, NULL), (8, 'openai', NULL)) n (i, used, model);
SELECT e.sent_model, e.model_used, e.model, e.cost_usd, e.pricing FROM named n JOIN helix.executions e USING (id) ORDER BY n.i;
-- A second seller leaves the first one's calls alone, also under names that only the second lists, and is found by its name.
INSERT INTO helix.model_prices VALUES ('azure', 'gpt-4.1', '2025-01-01', 1, 1, 1), ('one', 'shared', '2025-01-01', 1, 1, 1),
    ('two', 'shared', '2025-01-01', 2, 2, 2), ('azure', 'gpt-4.1-2025-04-14', '2025-01-01', 3, 3, 3),
    ('azure', 'gpt-4-32k', '2025-01-01', 60, 60, 60);
TRUNCATE named;
INSERT INTO named
    SELECT n.i, helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, NULL, n.used, n.model,
        p_input_tokens => 1000000)
      FROM (VALUES (1, NULL, 'gpt-4.1'), (2, 'azure', 'gpt-4.1'), (3, 'two', 'shared'), (4, NULL, 'gpt-4.1-2025-04-14'),
                   (5, 'openai', 'gpt-4.1-2025-04-14'), (6, 'azure', 'gpt-4.1-2025-04-14'), (7, NULL, 'gpt-4-32k'),
                   (8, NULL, 'gpt-4-32k-latest')) n (i, used, model);
SELECT e.model_used, e.model, e.cost_usd FROM named n JOIN helix.executions e USING (id) ORDER BY n.i;
SET helix.unknown_model = refuse;
SELECT pg_temp.try($$SELECT helix.record_operation_execution('05a9e000-0000-4000-8000-000000000001', 'email-compose', NULL, true,
    10, NULL, NULL, 'shared', p_input_tokens => 1)$$);
INSERT INTO helix.model_aliases (pattern, provider) VALUES ('shared', 'two');
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, NULL, NULL, 'Shared', p_input_tokens => 1000000)
    AS aliased \gset
SELECT pg_temp.cost(:aliased) AS by_the_alias;
RESET helix.unknown_model;
SELECT pg_temp.try($$INSERT INTO helix.model_aliases (pattern, provider) VALUES ('(', 'two')$$) LIKE '2201B%' AS refused;

-- What has no price is recorded, listed, and priced once there is one.
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, NULL, NULL, 'acme-1', p_input_tokens => 2000000)
    AS unpriced \gset
SELECT pg_temp.record('gpt-5', '{"prompt_tokens": 1000000, "completion_tokens": 0}', 'moonlight') AS odd_tier \gset
SELECT helix.fold() > 0 AS folded;
SELECT provider, model, service_tier, executions, input_tokens, sellers FROM helix.unpriced_usage ORDER BY model;
SELECT usage_type, count, priced_as, cost_usd FROM helix.explain_cost(:unpriced);
INSERT INTO helix.model_prices VALUES ('acme', 'acme-1', '2025-01-01', 0.00000025, 0, 0);
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, usd_per_million)
    VALUES ('openai', 'gpt-5', '2025-01-01', 'input', 'moonlight', 7);
SELECT executions, new_cost_usd - old_cost_usd AS difference FROM helix.reprice('2026-01-01', now() + interval '1 hour');
SELECT pg_temp.cost(:unpriced) AS unpriced, pg_temp.cost(:odd_tier) AS odd_tier, count(*) AS left_over FROM helix.unpriced_usage;
SELECT executions FROM helix.reprice('2026-01-01', now() + interval '1 hour');
SELECT * FROM helix.verify_ledger();

-- Prices are kept exactly, or refused.
SELECT pg_temp.try($$INSERT INTO helix.model_prices VALUES ('acme', 'acme-2', '2025-01-01', 0.0000000000001, 0, 0)$$)
UNION ALL SELECT pg_temp.try($$INSERT INTO helix.model_prices VALUES ('acme', 'acme-2', '2025-01-01', -1, 0, 0)$$)
UNION ALL SELECT pg_temp.try($$INSERT INTO helix.model_prices VALUES ('acme', 'acme-2', '2025-01-01', 'NaN', 0, 0)$$);
SELECT pg_temp.try($$INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million)
    VALUES ('acme', 'acme-1', '2025-01-01', $$ || quote_literal(t) || ', 1)') ~ '^23514' AS refused
  FROM unnest('{input,dreams}'::text[]) t;
-- A cost of 0 with tokens is a cost: it stays.
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, 0, NULL, 'gpt-5', p_input_tokens => 1000) AS free \gset
SELECT executions FROM helix.reprice('2026-01-01', now() + interval '1 hour');
SELECT pg_temp.cost(:free) AS free, usage_type, cost_usd FROM helix.explain_cost(:free);

-- Whole answers.
SELECT helix.record_llm_response(:u, 'email-compose', '{"id": "msg_1", "type": "message", "role": "assistant",
    "model": "claude-sonnet-4-5-20250929", "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
    "usage": {"input_tokens": 1000000, "output_tokens": 0, "service_tier": "batch"}}', 800) AS answer \gset
SELECT model_used, model, sent_model, request_id, success, latency_ms, cost_usd, service_tier, metadata
  FROM helix.executions WHERE id = :answer;
SELECT helix.record_llm_response(:u, 'email-compose', '{"id": "msg_1", "type": "message", "role": "assistant",
    "model": "claude-sonnet-4-5-20250929", "content": [], "stop_reason": "end_turn",
    "usage": {"input_tokens": 1000000, "output_tokens": 0, "service_tier": "batch"}}', 900) = :answer AS counted_once;
SELECT helix.record_llm_response(:u, 'email-compose',
    '{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}', 20,
    p_provider => 'anthropic') AS error \gset
SELECT success, cost_usd, error, model_used FROM helix.executions WHERE id = :error;
SELECT pg_temp.try($$SELECT helix.record_llm_response('05a9e000-0000-4000-8000-000000000001', 'email-compose', '{"a": 1}', 1)$$)
UNION ALL
SELECT pg_temp.try($$SELECT helix.record_llm_response('05a9e000-0000-4000-8000-000000000001', 'email-compose', NULL, 1)$$);

-- A request id stands for one content.
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, 1.0, 'openai',
    p_request_id => 'usage-1') AS first \gset
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 99, 1.00, 'openai', p_request_id => 'usage-1',
    p_metadata => '{"retry": 1}') = :first AS same;
SELECT regexp_replace(pg_temp.try($$SELECT helix.record_operation_execution('05a9e000-0000-4000-8000-000000000001', 'email-compose',
    NULL, true, 10, 2, 'openai', p_request_id => 'usage-1')$$), 'execution \d+', 'execution N');
SET helix.request_id_conflict = ignore;
SELECT helix.record_operation_execution(:u, 'email-compose', NULL, true, 10, 2, 'openai',
    p_request_id => 'usage-1') = :first AS same;
RESET helix.request_id_conflict;

-- A day beyond tomorrow is nobody's; «the last days» end today.
SELECT regexp_replace(pg_temp.try($$SELECT helix.record_operation_execution('05a9e000-0000-4000-8000-000000000001', 'email-compose',
    '2206-01-01', true, 10, 1, 'openai')$$), 'the latest is [-0-9]+', 'the latest is tomorrow');
SELECT helix.record_operation_execution(:u, 'email-compose', (now() + interval '1 day')::date,
    true, 10, 1, 'openai') > 0 AS recorded;
SELECT max(date) <= now()::date AS ends_today FROM helix.get_cost_trends(:u, 7);
DELETE FROM helix.model_prices WHERE NOT shipped;
DELETE FROM helix.model_price_rates WHERE NOT shipped;
DELETE FROM helix.model_aliases WHERE NOT shipped;
