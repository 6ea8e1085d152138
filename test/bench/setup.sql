-- The peers, the input, and the results of test/bench/run.
CREATE EXTENSION helix;
CREATE SCHEMA bench;

-- Peer: the ledger's columns, no index, nothing to look up. What helix fills in by itself is a default.
CREATE TABLE bench.bare (LIKE helix_internal.executions);
ALTER TABLE bench.bare
    ALTER id SET DEFAULT 0, ALTER xid SET DEFAULT 0, ALTER recorded_at SET DEFAULT now(), ALTER occurred_at SET DEFAULT now(),
        ALTER pricing SET DEFAULT 'g';

-- Peer: one row for each user and day, kept by PL/pgSQL.
CREATE TABLE bench.upserted (
    user_id uuid, date date, total_operations bigint NOT NULL, successes bigint NOT NULL, total_cost_usd numeric NOT NULL,
    anthropic_cost numeric NOT NULL, deepseek_cost numeric NOT NULL, gemini_cost numeric NOT NULL, openai_cost numeric NOT NULL,
    latency_sum bigint NOT NULL, PRIMARY KEY (user_id, date)) WITH (fillfactor = 70);

CREATE FUNCTION bench.upsert(p_user_id uuid, p_date date, p_success boolean, p_latency_ms integer, p_cost_usd numeric,
    p_provider text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench.upserted AS u
    VALUES (p_user_id, p_date, 1, p_success::int, p_cost_usd,
            CASE p_provider WHEN 'anthropic' THEN p_cost_usd ELSE 0 END, CASE p_provider WHEN 'deepseek' THEN p_cost_usd ELSE 0 END,
            CASE p_provider WHEN 'gemini' THEN p_cost_usd ELSE 0 END, CASE p_provider WHEN 'openai' THEN p_cost_usd ELSE 0 END,
            p_latency_ms)
    ON CONFLICT (user_id, date) DO UPDATE
       SET total_operations = u.total_operations + 1, successes = u.successes + excluded.successes,
           total_cost_usd = u.total_cost_usd + excluded.total_cost_usd,
           anthropic_cost = u.anthropic_cost + excluded.anthropic_cost, deepseek_cost = u.deepseek_cost + excluded.deepseek_cost,
           gemini_cost = u.gemini_cost + excluded.gemini_cost, openai_cost = u.openai_cost + excluded.openai_cost,
           latency_sum = u.latency_sum + excluded.latency_sum;
END $$;

-- 240 batches of 1,000: each holds one execution of each of the users 5001 to 6000, all on one of the last 30 days.
CREATE TABLE bench.source AS
    SELECT i / 1000 AS batch, lpad((5001 + i % 1000)::text, 32, '0')::uuid AS user_id,
           (ARRAY['email-classify', 'email-respond', 'task-breakdown'])[1 + i % 3] AS operation_id,
           (now() AT TIME ZONE 'UTC')::date - i / 1000 % 30 AS date, i % 37 <> 0 AS success, 200 + i * 79 % 5000 AS latency_ms,
           (1 + i * 17 % 99999) * 0.000001 AS cost_usd, 'anthropic' AS provider, 'claude-haiku-4-5' AS model,
           (100 + i * 613 % 4000)::bigint AS input_tokens, 0::bigint AS cached_input_tokens, (i * 31 % 900)::bigint AS output_tokens
      FROM generate_series(0, 239999) i;

-- As the text that a client would send. Batch -1 is batch 0 as executions of one user; in -2 and -3 these have usage
-- objects, as Anthropic and OpenAI write them.
CREATE TABLE bench.batches (batch int PRIMARY KEY, executions text);
ALTER TABLE bench.batches ALTER executions SET STORAGE EXTERNAL;
INSERT INTO bench.batches
SELECT batch, replace(replace(json_agg(json_build_object(
           'user_id', user_id, 'operation_id', operation_id, 'date', date, 'success', success, 'latency_ms', latency_ms,
           'cost_usd', cost_usd, 'model_used', provider, 'model', model, 'input_tokens', input_tokens,
           'cached_input_tokens', cached_input_tokens, 'output_tokens', output_tokens))::text, ' : ', ':'), ', ', ',')
  FROM (SELECT * FROM bench.source
         UNION ALL
        SELECT -1, lpad('1', 32, '0')::uuid, operation_id, date, success, latency_ms, cost_usd, provider, model, input_tokens,
               cached_input_tokens, output_tokens FROM bench.source WHERE batch = 0) s
 GROUP BY batch;
INSERT INTO bench.batches
SELECT -2, replace(replace(json_agg(json_build_object(
           'user_id', lpad('1', 32, '0')::uuid, 'operation_id', operation_id, 'date', date, 'success', success,
           'latency_ms', latency_ms, 'model_used', provider, 'model', model, 'usage', json_build_object(
               'input_tokens', input_tokens, 'cache_creation_input_tokens', 0, 'cache_read_input_tokens', input_tokens / 2,
               'output_tokens', output_tokens)))::text, ' : ', ':'), ', ', ',')
  FROM bench.source WHERE batch = 0;
INSERT INTO bench.batches
SELECT -3, replace(replace(json_agg(json_build_object(
           'user_id', lpad('1', 32, '0')::uuid, 'operation_id', operation_id, 'date', date, 'success', success,
           'latency_ms', latency_ms, 'model_used', 'openai', 'model', 'gpt-5-mini', 'usage', json_build_object(
               'prompt_tokens', input_tokens, 'completion_tokens', output_tokens, 'total_tokens', input_tokens + output_tokens,
               'prompt_tokens_details', json_build_object('cached_tokens', input_tokens / 2, 'audio_tokens', 0),
               'completion_tokens_details', json_build_object(
                   'reasoning_tokens', output_tokens / 3, 'audio_tokens', 0, 'accepted_prediction_tokens', 0,
                   'rejected_prediction_tokens', 0))))::text, ' : ', ':'), ', ', ',')
  FROM bench.source WHERE batch = 0;

-- The same two batches as arrays, in the text that a driver would send.
CREATE TABLE bench.column_batches AS
SELECT batch, array_agg(user_id)::text AS users, array_agg(operation_id)::text AS operations, array_agg(date)::text AS dates,
       array_agg(success)::text AS successes, array_agg(latency_ms)::text AS latencies, array_agg(cost_usd)::text AS costs,
       array_agg(provider)::text AS providers, array_agg(model)::text AS models, array_agg(input_tokens)::text AS inputs,
       array_agg(cached_input_tokens)::text AS cached, array_agg(output_tokens)::text AS outputs
  FROM (SELECT * FROM bench.source WHERE batch = 0
         UNION ALL
        SELECT -1, lpad('1', 32, '0')::uuid, operation_id, date, success, latency_ms, cost_usd, provider, model, input_tokens,
               cached_input_tokens, output_tokens FROM bench.source WHERE batch = 0) s
 GROUP BY batch;

SELECT current_setting('data_directory') || '/bench.csv' AS copy_file \gset
COPY (SELECT user_id, operation_id, date, success, latency_ms, cost_usd, provider, model, input_tokens, cached_input_tokens,
    output_tokens
        FROM bench.source WHERE batch = 0) TO :'copy_file';

CREATE TABLE bench.results (what text, pair int, value float8 NOT NULL, PRIMARY KEY (what, pair));
VACUUM ANALYZE;
