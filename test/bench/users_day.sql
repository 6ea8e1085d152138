-- A day of 10 executions of each of :users, at any time of it, folded and closed each hour, and vacuumed as autovacuum would.
CREATE FUNCTION pg_temp.record_hour(users integer, hour timestamptz) RETURNS bigint LANGUAGE sql AS $$
    SELECT cardinality(helix.record_operation_executions(
               array_agg(md5((1 + random() * (users - 1))::integer::text)::uuid), array_agg('email-classify'::text), NULL,
               array_agg(true), array_agg((200 + random() * 5000)::bigint),
               array_agg(((1 + random() * 99999)::integer * 0.000001)::numeric), array_agg('anthropic'::text),
               array_agg('claude-haiku-4-5'::text), array_agg((100 + random() * 4000)::bigint), array_agg(0::bigint),
               array_agg((random() * 900)::bigint), NULL, array_agg(hour + random() * interval '1 hour')))
      FROM generate_series(1, users * 10 / 24) $$;
SELECT s.statement
  FROM generate_series(date_trunc('day', now(), 'UTC') - interval '24 hours', date_trunc('day', now(), 'UTC') - interval '1 hour',
           interval '1 hour') hour,
       LATERAL (VALUES (1, format('SELECT pg_temp.record_hour(%s, %L)', :users, hour)),
                       (2, 'SELECT helix.fold()'),
                       (3, format('SELECT helix_internal.close_levels(%L::timestamptz + interval ''61 minutes'')', hour)),
                       (4, 'VACUUM helix_internal.cost_trends, helix_internal.operation_execution_analytics')) s (step, statement)
 ORDER BY hour, s.step
\gexec
