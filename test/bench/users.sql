\set batch random(0, 239)
SELECT helix.record_operation_executions(array_agg(md5((1 + random() * (:users - 1))::int::text)::uuid),
    array_fill('email-classify'::text, ARRAY[count(*)::int]), NULL, array_agg(success), array_agg(latency_ms::bigint),
    array_agg(cost_usd), array_agg(provider), array_agg(model), array_agg(input_tokens), array_agg(cached_input_tokens),
    array_agg(output_tokens)) FROM (SELECT * FROM bench.source WHERE batch = :batch LIMIT :size) s;
