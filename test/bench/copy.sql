COPY bench.bare (user_id, operation_id, date, success, latency_ms, cost_usd, provider, model, input_tokens, cached_input_tokens,
    output_tokens) FROM 'bench.csv';
