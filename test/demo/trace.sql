-- A trace in demo.trace (text columns by number) as demo.batches: every row a call of :model, all by one service. Its end
-- becomes now, for prices are in force from a date on.
INSERT INTO helix.operations (operation_id, name, description) VALUES
    ('trace-replay', 'Trace replay', 'A call in a recorded trace');

CREATE UNLOGGED TABLE demo.calls AS
    SELECT t.at::timestamptz + (now() - max(t.at::timestamptz) OVER ()) AS occurred_at, t.input::bigint AS input_tokens,
           t.output::bigint AS output_tokens
      FROM (SELECT :"at" AS at, :"context" AS input, :"generated" AS output FROM demo.trace) t;

-- The model's prices over the time of the trace, in whole millionths of a USD: one row, or no simple sum tells the cost.
CREATE TABLE demo.prices AS
    SELECT (p.input_usd_per_mtok * 1000000)::bigint AS input_price, (p.output_usd_per_mtok * 1000000)::bigint AS output_price
      FROM (SELECT *, lead(valid_from, 1, 'infinity') OVER (PARTITION BY provider ORDER BY valid_from) AS valid_until
              FROM helix.model_prices WHERE model = :'model') p
     WHERE p.valid_from <= now() AND p.valid_until > (SELECT min(occurred_at) FROM demo.calls);

CREATE UNLOGGED TABLE demo.batches AS
    SELECT batch, count(*) AS executions,
           jsonb_agg(jsonb_build_object(
               'user_id', md5('trace')::uuid, 'operation_id', 'trace-replay', 'success', true, 'model_used', :'model',
               'input_tokens', input_tokens, 'output_tokens', output_tokens, 'occurred_at', occurred_at)) AS executions_json
      FROM (SELECT *, (row_number() OVER (ORDER BY occurred_at) - 1) / 1000 AS batch FROM demo.calls) c
     GROUP BY batch;
