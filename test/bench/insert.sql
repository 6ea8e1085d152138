\set user random(:first, :last)
\set latency random(200, 5000)
\set cost random(1, 99999) * 0.000001
\set input random(100, 4000)
\set output random(0, 900)
INSERT INTO bench.bare (user_id, operation_id, date, success, latency_ms, cost_usd, provider, model, input_tokens,
    cached_input_tokens, output_tokens)
    VALUES (lpad(:user, 32, '0')::uuid, 'email-classify', current_date, true, :latency, :cost, 'anthropic', 'claude-haiku-4-5',
        :input, 0, :output);
