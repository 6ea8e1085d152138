-- A day of a plausible application in demo.batches, one JSON array of 1,000 executions each, oldest first. Everything but the
-- date follows from :seed: each random draw is a hash of seed, stream and number of the execution.
CREATE SCHEMA demo;

CREATE FUNCTION demo.draw(stream int, i bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(i, seed * 100 + stream) & 9007199254740991) / 9007199254740992.0::float8;
COMMENT ON FUNCTION demo.draw IS 'Uniform in [0, 1)';

CREATE FUNCTION demo.log_normal(stream int, i bigint, seed bigint, median float8, sigma float8) RETURNS float8
    LANGUAGE sql IMMUTABLE
    RETURN median * exp(sigma * sqrt(-2 * ln(1 - demo.draw(stream, i, seed))) * cos(2 * pi() * demo.draw(stream + 1, i, seed)));

-- Shares of the day's executions; tokens are medians.
CREATE TABLE demo.operations AS
    SELECT *, sum(share) OVER (ORDER BY operation_id) - share AS low, sum(share) OVER (ORDER BY operation_id) AS high
      FROM (VALUES
        ('email-classify',    0.34, 'small',     650,   25),
        ('email-respond',     0.17, 'medium',   2100,  240),
        ('email-compose',     0.13, 'medium',    900,  310),
        ('task-prioritize',   0.12, 'small',    1500,   90),
        ('calendar-time',     0.09, 'small',    1100,   60),
        ('task-breakdown',    0.06, 'medium',   1300,  420),
        ('calendar-prep',     0.05, 'medium',   5200,  520),
        ('analytics-summary', 0.03, 'large',    9000,  700),
        ('analytics-anomaly', 0.01, 'large',   14000,  450)) o(operation_id, share, size, input_tokens, output_tokens);

-- Shares within a size; first_ms until the first token, then ms_per_token.
CREATE TABLE demo.models AS
    SELECT *, sum(share) OVER (PARTITION BY size ORDER BY model) - share AS low,
           sum(share) OVER (PARTITION BY size ORDER BY model) AS high
      FROM (VALUES
        ('small',  'claude-haiku-5-5',       0.40,  280,  5.0, 0.020),
        ('small',  'gpt-6-luna',             0.25,  310,  5.5, 0.025),
        ('small',  'gemini-3.5-flash-lite',  0.20,  240,  4.0, 0.030),
        ('small',  'deepseek-flash',         0.15,  450,  9.0, 0.045),
        ('medium', 'claude-sonnet-5-5',      0.45,  620, 11.0, 0.020),
        ('medium', 'gpt-6.1-terra',          0.20,  580, 10.0, 0.025),
        ('medium', 'gemini-3.8-flash',       0.20,  430,  7.0, 0.030),
        ('medium', 'deepseek-v4-pro',        0.15,  900, 21.0, 0.050),
        ('large',  'claude-opus-5-5',        0.50, 1100, 19.0, 0.020),
        ('large',  'gpt-6.1-sol',            0.30,  950, 16.0, 0.025),
        ('large',  'gemini-3.1-pro-preview', 0.20, 1000, 15.0, 0.035)) m(size, model, share, first_ms, ms_per_token, failures);

-- What share of the tokens a failure still uses, and how long it takes (null: as long as a success).
CREATE TABLE demo.failures AS
    SELECT *, sum(share) OVER (ORDER BY error) - share AS low, sum(share) OVER (ORDER BY error) AS high
      FROM (VALUES
        ('rate limited: too many requests (429)',        0.40, 0, 0,    45),
        ('overloaded: try again later (529)',            0.20, 0, 0,   120),
        ('no answer within 30 s',                        0.25, 1, 0, 30000),
        ('the answer is not the JSON that was asked for', 0.15, 1, 1,  NULL)) f(error, share, input_share, output_share,
            latency_ms);

-- Calls by hour of the day in UTC: quiet at night, a peak before and one after lunch.
CREATE TABLE demo.hours AS
    SELECT (n - 1)::int AS hour, (sum(weight) OVER (ORDER BY n) - weight) / sum(weight) OVER ()::float8 AS low,
           sum(weight) OVER (ORDER BY n) / sum(weight) OVER ()::float8 AS high
      FROM unnest(ARRAY[2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 17, 12, 15, 18, 18, 16, 13, 9, 7, 6, 5, 4, 3])
           WITH ORDINALITY h(weight, n);

-- Times are the latest of their time of day before now. Users follow Zipf's law; a user's id follows from his rank.
CREATE UNLOGGED TABLE demo.day AS
    SELECT CASE WHEN t.today > now() THEN t.today - interval '1 day' ELSE t.today END AS occurred_at,
           md5(:seed || ' user ' || floor(power(:users + 1, demo.draw(3, i, :seed))))::uuid AS user_id,
           o.operation_id, m.model, f.error,
           demo.draw(6, i, :seed) < 0.5 AS cached,
           round(demo.log_normal(10, i, :seed, o.input_tokens, 0.6) * coalesce(f.input_share, 1))::bigint AS input_tokens,
           round(t.output_tokens * coalesce(f.output_share, 1))::bigint AS output_tokens,
           coalesce(f.latency_ms, round((m.first_ms + m.ms_per_token * t.output_tokens) * demo.log_normal(14, i, :seed, 1, 0.45)
               -- one call in a hundred meets a queue
               * CASE WHEN demo.draw(7, i, :seed) < 0.01 THEN 6 ELSE 1 END))::int AS latency_ms
      FROM generate_series(1, :executions::bigint) i
      JOIN demo.hours h ON demo.draw(1, i, :seed) >= h.low AND demo.draw(1, i, :seed) < h.high
      JOIN demo.operations o ON demo.draw(4, i, :seed) >= o.low AND demo.draw(4, i, :seed) < o.high
      JOIN demo.models m ON m.size = o.size AND demo.draw(5, i, :seed) >= m.low AND demo.draw(5, i, :seed) < m.high
      LEFT JOIN demo.failures f ON demo.draw(8, i, :seed) < m.failures
           AND demo.draw(9, i, :seed) >= f.low AND demo.draw(9, i, :seed) < f.high
     CROSS JOIN LATERAL (
           SELECT current_date::timestamptz + make_interval(hours => h.hour, secs => 3600 * demo.draw(2, i, :seed)) AS today,
                  demo.log_normal(12, i, :seed, o.output_tokens, 0.5) AS output_tokens) t;

CREATE UNLOGGED TABLE demo.batches AS
    SELECT batch, count(*) AS executions,
           jsonb_agg(jsonb_build_object(
               'user_id', user_id, 'operation_id', operation_id, 'success', error IS NULL, 'latency_ms', latency_ms,
               'model_used', model, 'input_tokens', CASE WHEN cached THEN input_tokens * 2 / 5 ELSE input_tokens END,
               'cached_input_tokens', CASE WHEN cached THEN input_tokens - input_tokens * 2 / 5 ELSE 0 END,
               'output_tokens', output_tokens, 'occurred_at', occurred_at, 'error', error)) AS executions_json
      FROM (SELECT *, (row_number() OVER (ORDER BY occurred_at) - 1) / 1000 AS batch FROM demo.day) d
     GROUP BY batch;
