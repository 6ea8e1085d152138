-- Ada's last 70 days, made from numbers that are always the same: whatever the day, each of her days before today looks alike.
-- Half of it is folded. Somebody else has executions too, which nobody but them may see.
CREATE FUNCTION pg_temp.dice(p_number integer, p_salt integer) RETURNS double precision IMMUTABLE LANGUAGE sql AS
    $$ SELECT (hashint4extended(p_number, p_salt) & 1048575) / 1048576.0 $$; -- from 0 to below 1
CREATE FUNCTION pg_temp.record_days(p_user uuid, p_from integer, p_to integer) RETURNS bigint LANGUAGE sql AS $$
    WITH day AS (
        SELECT ago, 90 + (75 * pg_temp.dice(ago, 1))::integer - CASE WHEN ago % 7 IN (2, 3) THEN 60 ELSE 0 END AS executions
          FROM generate_series(p_from, p_to) ago),
    call AS (
        SELECT ago, ago * 1000 + n AS number FROM day, generate_series(1, day.executions) n),
    chosen AS (
        SELECT c.*, o.*, m.*
          FROM call c
          JOIN (VALUES (0, 'email-compose', 1.0, 0.985), (1, 'email-classify', 0.1, 0.999), (2, 'email-respond', 1.3, 0.975),
                       (3, 'task-breakdown', 2.1, 0.925), (4, 'analytics-summary', 3.2, 0.87), (5, 'calendar-prep', 0.6, 0.96))
               AS o (place, operation_id, weight, rate) ON o.place = (6 * pg_temp.dice(c.number, 2) ^ 1.4)::integer % 6
          JOIN (VALUES (0, 'claude-sonnet-4-5', 0.021), (1, 'gpt-5-mini', 0.0034), (2, 'gemini-2.5-flash', 0.0012),
                       (3, 'deepseek-chat', 0.0008)) AS m (which, model, price)
            ON m.which = (4 * pg_temp.dice(c.number, 3) ^ 1.6)::integer % 4)
    SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
               'user_id', p_user, 'operation_id', operation_id,
               'occurred_at', LEAST(now(), ((now() AT TIME ZONE 'UTC')::date - ago + time '12:00') AT TIME ZONE 'UTC'),
               'success', pg_temp.dice(number, 4) < rate,
               'latency_ms', (300 + 4000 * weight * pg_temp.dice(number, 5) ^ 3)::integer,
               'cost_usd', round((price * weight * (0.3 + pg_temp.dice(number, 6)))::numeric, 9), 'model_used', model,
               'metadata', jsonb_build_object('team', (ARRAY['sales', 'support', 'research'])[1 + number % 3])))))
      FROM chosen $$;
SELECT pg_temp.record_days('ada00000-0000-0000-0000-000000000001', 8, 69);
SELECT helix.fold();
SELECT pg_temp.record_days('ada00000-0000-0000-0000-000000000001', 0, 7);
SELECT pg_temp.record_days('b0b00000-0000-0000-0000-000000000002', 0, 3);
-- More digits than a double holds.
SELECT helix.record_operation_execution('ada00000-0000-0000-0000-000000000001', 'email-compose', NULL, true, 800,
    0.0123456789012345678901234567890123456789, 'claude-sonnet-4-5');
-- Two that have no price, and one that is labeled with the day before it ran.
SELECT helix.record_operation_execution('ada00000-0000-0000-0000-000000000001', 'task-prioritize', NULL, true, 950, NULL, 'openai',
    p_model => 'mystery-1', p_input_tokens => 1000, p_output_tokens => 100) FROM generate_series(1, 2);
SELECT helix.record_operation_execution('ada00000-0000-0000-0000-000000000001', 'email-compose',
    (now() AT TIME ZONE 'UTC')::date - 1, true, 640, 0.0625, 'gpt-5-mini');
-- One budget near its limit, one used up, one with room. A month begins whatever the day, so they are of days.
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd)
SELECT 'ada00000-0000-0000-0000-000000000001', v.operation_id, 'day',
       round(s.cost_usd / v.share, 6)
  FROM (VALUES ('email-compose', 0.9), ('email-respond', 1.25), ('task-breakdown', 0.1)) v (operation_id, share),
       LATERAL (SELECT sum(e.cost_usd) AS cost_usd FROM helix_internal.executions e
                 WHERE e.user_id = 'ada00000-0000-0000-0000-000000000001' AND e.operation_id = v.operation_id
                   AND e.occurred_at >= date_trunc('day', now(), 'UTC')) s;
-- For the tests that write.
SELECT pg_temp.record_days('e4e00000-0000-0000-0000-000000000004', 0, 8);
