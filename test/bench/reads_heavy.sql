SELECT cardinality(helix.record_operation_executions(
           array_agg(lpad('7002', 32, '0')::uuid),
           array_agg((ARRAY['email-classify', 'email-respond', 'task-breakdown'])[1 + i % 3]), array_agg(NULL::date),
           array_agg(i % 37 <> 0), array_agg((200 + random() * 5000)::bigint), array_agg((random() * 1e8)::bigint / 1e9),
           array_agg('anthropic'::text), array_agg((ARRAY['claude-haiku-4-5', 'claude-sonnet-4-5'])[1 + i % 2]),
           array_agg(i % 4000::bigint), array_agg(0::bigint), array_agg(i % 900::bigint),
           p_occurred_at => array_agg(date_trunc('day', now(), 'UTC') - floor(random() * 365) * interval '1 day')))
  FROM generate_series(1, 10000) i;
