-- Roles as an API has them, and a user (7001) with a row in every quarter of an hour of 31 days.
CREATE ROLE bench_api;
CREATE ROLE bench_service;
SELECT helix.grant_api_access('bench_api', 'bench_service');
CREATE ROLE bench_reader_1 IN ROLE bench_api;
CREATE ROLE bench_reader_2 IN ROLE bench_api;
-- Once levels are closed, what comes late goes to each of them, as it does in a database that has run for long.
SELECT helix.record_operation_execution(lpad('7001', 32, '0')::uuid, 'email-respond', NULL, true, 100, 0.001, 'anthropic');
SELECT helix.fold();
SELECT helix_internal.close_levels();
SELECT helix.record_operation_executions(
           array_agg(lpad('7001', 32, '0')::uuid), array_agg('email-respond'::text), array_agg(NULL::date), array_agg(true),
           array_agg(50 + i * 7919::bigint % 3000), array_agg(0.000001 * i), array_agg('anthropic'::text),
           array_agg('claude-haiku-4-5'::text), p_occurred_at => array_agg(date_bin('15 minutes', now(), '2000-01-01')
                                                                           - i / 10 * interval '15 minutes'))
  FROM generate_series(0, 31 * 96 * 10 - 1) i
 GROUP BY i / 10000;
