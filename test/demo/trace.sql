-- A trace in demo.trace (text columns by number) as demo.batches: every row a call of :model, all by one service. Its end
-- becomes now, for prices are in force from a date on.
INSERT INTO helix.operations (operation_id, name, description) VALUES
    ('trace-replay', 'Trace replay', 'A call in a recorded trace');

CREATE UNLOGGED TABLE demo.calls AS
    SELECT t.at::timestamptz + (now() - max(t.at::timestamptz) OVER ()) AS occurred_at, t.input::bigint AS input_tokens,
           t.output::bigint AS output_tokens
      FROM (SELECT :"at" AS at, :"context" AS input, :"generated" AS output FROM demo.trace) t;

-- The model's rates over the time of the trace, by the prompt above which they hold. Two of a kind have changed meanwhile.
CREATE TABLE demo.prices AS
    WITH rates AS (
        SELECT p.valid_from, 0::bigint AS above, '{[0,168)}'::int4multirange AS hours, t.usage_type, t.usd
          FROM helix.model_prices p
         CROSS JOIN LATERAL (VALUES ('input', p.input_usd_per_mtok), ('output', p.output_usd_per_mtok)) t (usage_type, usd)
         WHERE (p.provider, p.model) = (SELECT provider, model FROM helix_internal.resolve_model(:'model'))
        UNION ALL
        SELECT r.valid_from, r.above_prompt_tokens, r.week_hours, r.usage_type, r.usd_per_million
          FROM helix.model_price_rates r
         WHERE (r.provider, r.model) = (SELECT provider, model FROM helix_internal.resolve_model(:'model'))
           AND r.service_tier = 'standard' AND r.usage_type IN ('input', 'output'))
    SELECT above, hours, usage_type, usd
      FROM (SELECT *, lead(valid_from, 1, 'infinity')
                       OVER (PARTITION BY above, hours, usage_type ORDER BY valid_from) AS valid_until
              FROM rates) r
     WHERE valid_from <= now() AND valid_until > (SELECT min(occurred_at) FROM demo.calls) AND usd IS NOT NULL;

CREATE UNLOGGED TABLE demo.batches AS
    SELECT batch, count(*) AS executions,
           jsonb_agg(jsonb_build_object(
               'user_id', md5('trace')::uuid, 'operation_id', 'trace-replay', 'success', true, 'model_used', :'model',
               'input_tokens', input_tokens, 'output_tokens', output_tokens, 'occurred_at', occurred_at)) AS executions_json
      FROM (SELECT *, (row_number() OVER (ORDER BY occurred_at) - 1) / 1000 AS batch FROM demo.calls) c
     GROUP BY batch;
