SELECT cardinality(helix.record_operation_executions(
           array_agg(lpad((8001 + i % 1000)::text, 32, '0')::uuid),
           array_agg((ARRAY['email-classify', 'email-respond', 'task-breakdown'])[1 + i % 3]), array_agg(NULL::date),
           array_agg(i % 37 <> 0), array_agg((200 + random() * 5000)::bigint), array_agg((random() * 1e8)::bigint / 1e9),
           array_agg('anthropic'::text), array_agg('claude-haiku-4-5'::text), array_agg(i % 4000::bigint), array_agg(0::bigint),
           array_agg(i % 900::bigint), p_occurred_at => array_agg(date_trunc('day', now(), 'UTC')
               - floor(random() * 30) * interval '1 day' + floor(random() * 2) * interval '15 minutes')))
  FROM generate_series(1, 10000) i;
