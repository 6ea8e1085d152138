-- The exact views: the levels of the rollup plus what is not folded yet (tail), each in one statement and so in one snapshot.
--
-- A row is in the tail where its transaction was not visible to the stored snapshot. The two branches say that in terms
-- of the indexes: transactions from next_xid on, and those that were in progress then. Two things guide the planner where
-- statistics mislead it, as a bulk load may have put half the table under one xid. The second bound is always true: with
-- it the planner takes each branch for a narrow range (0.5 % of the rows). id + 0 keeps it from looking for ids in the
-- BRIN index, for nearly all of them are above base_id.
CREATE VIEW helix_internal.tail WITH (security_invoker = true) AS
    SELECT e.* FROM helix_internal.executions e
     WHERE e.xid >= (SELECT w.next_xid FROM helix_internal.watermark w)
       AND e.xid < 9223372036854775807
       AND e.id + 0 > (SELECT w.base_id FROM helix_internal.watermark w)
    UNION ALL
    SELECT e.* FROM helix_internal.executions e
     WHERE e.xid >= (SELECT w.open_xids[1] FROM helix_internal.watermark w)
       AND e.xid < (SELECT w.next_xid FROM helix_internal.watermark w)
       AND e.xid = ANY ((SELECT w.open_xids FROM helix_internal.watermark w)::bigint[])
       AND e.id + 0 > (SELECT w.base_id FROM helix_internal.watermark w);
COMMENT ON VIEW helix_internal.tail IS 'Executions and corrections that no fold has counted yet';

-- A correction counts in sums alone: it is no execution, and has no latency.
CREATE VIEW helix_internal.unfolded_usage WITH (security_invoker = true) AS
    SELECT e.user_id, e.occurred_at AS span, e.date, e.operation_id, e.provider, e.model,
           (e.corrects IS NULL)::integer::bigint AS executions,
           (e.success AND e.corrects IS NULL)::integer::bigint AS successes, e.cost_usd,
           CASE WHEN e.corrects IS NULL THEN e.cost_usd ELSE e.final_cost_usd END AS max_cost_usd,
           (e.latency_ms IS NOT NULL)::integer::bigint AS latency_count, coalesce(e.latency_ms, 0)::numeric AS latency_sum,
           e.latency_ms AS latency_min, e.latency_ms AS latency_max, coalesce(e.input_tokens, 0)::numeric AS input_tokens,
           coalesce(e.cached_input_tokens, 0)::numeric AS cached_input_tokens,
           coalesce(e.output_tokens, 0)::numeric AS output_tokens, NULL::bytea AS latency_sketch, e.latency_ms
      FROM helix_internal.tail e;
COMMENT ON VIEW helix_internal.unfolded_usage IS 'The tail as sums of one execution or correction each';

CREATE FUNCTION helix_internal.unfolded_usage_of(p_first_user uuid, p_last_user uuid) RETURNS SETOF helix_internal.unfolded_usage
    LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 10
    AS 'MODULE_PATHNAME', 'helix_unfolded_usage_of';
COMMENT ON FUNCTION helix_internal.unfolded_usage_of(uuid, uuid) IS
    'The rows of unfolded_usage that the caller may see, of the users in a range. For one user it is faster than the view: no plan '
    'opens the months that cannot have any.';

-- What the levels have, each but for what the next one has too: minutes from their horizon on, quarters from theirs on. With the
-- days and the tail, each row of the ledger is in exactly one of the four, whatever is in flight. The bound that is always true
-- is for the planner, as above.
CREATE VIEW helix_internal.summed_usage WITH (security_invoker = true) AS
    SELECT q.user_id, q.quarter AS span, q.date, q.operation_id, q.provider, q.model, q.executions, q.successes, q.cost_usd,
           q.max_cost_usd, q.latency_count, q.latency_sum, q.latency_min, q.latency_max, q.input_tokens, q.cached_input_tokens,
           q.output_tokens, q.latency_sketch, NULL::integer AS latency_ms
      FROM helix_internal.usage_quarters q
     WHERE q.quarter >= (SELECT w.quarters_closed FROM helix_internal.watermark w) AND q.quarter < 'infinity'
    UNION ALL
    SELECT m.user_id, m.minute, m.date, m.operation_id, m.provider, m.model, m.executions, m.successes, m.cost_usd,
           m.max_cost_usd, m.latency_count, m.latency_sum, m.latency_min, m.latency_max, m.input_tokens, m.cached_input_tokens,
           m.output_tokens, m.latency_sketch, NULL::integer
      FROM helix_internal.usage_minutes m
     WHERE m.minute >= (SELECT w.minutes_closed FROM helix_internal.watermark w) AND m.minute < 'infinity';
COMMENT ON VIEW helix_internal.summed_usage IS 'Quarters and minutes that the sums by day do not have yet';

CREATE VIEW helix_internal.open_usage WITH (security_invoker = true) AS
    SELECT s.* FROM helix_internal.summed_usage s
    UNION ALL
    SELECT u.* FROM helix_internal.unfolded_usage u;
COMMENT ON VIEW helix_internal.open_usage IS
    'What the sums by day do not have yet: quarters and minutes that are not closed, and single executions of the tail';

-- The column types of the branches below agree to the letter. Only then does the planner flatten the whole into one
-- append, and leave out what a query does not ask for. A correction counts in sums alone: it is no execution, and has no latency.
CREATE VIEW helix_internal.trend_entries WITH (security_invoker = true) AS
    SELECT t.user_id, t.date, t.total_operations, t.successes, t.total_cost_usd,
           t.anthropic_cost, t.deepseek_cost, t.gemini_cost, t.openai_cost,
           t.latency_count, t.latency_sum, t.input_tokens, t.cached_input_tokens, t.output_tokens,
           t.latency_sketch, NULL::integer AS latency_ms
      FROM helix_internal.cost_trends t
    UNION ALL
    SELECT o.user_id, o.date, o.executions, o.successes, o.cost_usd,
           CASE o.provider WHEN 'anthropic' THEN o.cost_usd ELSE 0 END,
           CASE o.provider WHEN 'deepseek' THEN o.cost_usd ELSE 0 END,
           CASE o.provider WHEN 'gemini' THEN o.cost_usd ELSE 0 END,
           CASE o.provider WHEN 'openai' THEN o.cost_usd ELSE 0 END,
           o.latency_count, o.latency_sum, o.input_tokens, o.cached_input_tokens, o.output_tokens, o.latency_sketch, o.latency_ms
      FROM helix_internal.open_usage o;
COMMENT ON VIEW helix_internal.trend_entries IS 'What sums up to helix.cost_trends: rows of the levels and single executions';

CREATE VIEW helix_internal.analytics_entries WITH (security_invoker = true) AS
    SELECT a.user_id, a.operation_id, a.period_start, a.date, a.provider, a.model, a.executions, a.successes, a.cost_usd,
           a.max_cost_usd, a.latency_count, a.latency_sum, a.latency_min, a.latency_max,
           a.input_tokens, a.cached_input_tokens, a.output_tokens, a.latency_sketch, NULL::integer AS latency_ms
      FROM helix_internal.operation_execution_analytics a
    UNION ALL
    SELECT o.user_id, o.operation_id, pg_catalog.date_trunc('day', o.span, 'UTC'), o.date, o.provider, o.model,
           o.executions, o.successes, o.cost_usd,
           o.max_cost_usd, o.latency_count, o.latency_sum, o.latency_min, o.latency_max,
           o.input_tokens, o.cached_input_tokens, o.output_tokens, o.latency_sketch, o.latency_ms
      FROM helix_internal.open_usage o;
COMMENT ON VIEW helix_internal.analytics_entries IS
    'What sums up to helix.operation_execution_analytics: rows of the levels and single executions';

-- A day that has adjustments alone ran nothing: success_rate is 100 there, averages of cost are 0.
-- Clients that read numbers strictly want no more digits than a double has. Sums and amounts are exact, without zeros at their end.
-- Rates and averages have at most 15 significant digits: double precision::numeric keeps that many.
CREATE VIEW helix.cost_trends WITH (security_invoker = true) AS
    SELECT s.user_id, s.date, s.total_operations, pg_catalog.trim_scale(s.total_cost_usd) AS total_cost_usd,
           coalesce((s.total_cost_usd / nullif(s.total_operations, 0))::double precision::numeric, 0) AS avg_cost_per_operation,
           pg_catalog.trim_scale(s.anthropic_cost) AS anthropic_cost, pg_catalog.trim_scale(s.deepseek_cost) AS deepseek_cost,
           pg_catalog.trim_scale(s.gemini_cost) AS gemini_cost, pg_catalog.trim_scale(s.openai_cost) AS openai_cost,
           (s.latency_sum / nullif(s.latency_count, 0))::double precision::numeric AS avg_latency_ms,
           coalesce((100.0 * s.successes / nullif(s.total_operations, 0))::double precision::numeric, 100) AS success_rate,
           helix_internal.sketch_percentile(s.latency_sketch, 50) AS p50_latency_ms,
           helix_internal.sketch_percentile(s.latency_sketch, 95) AS p95_latency_ms,
           helix_internal.sketch_percentile(s.latency_sketch, 99) AS p99_latency_ms,
           s.input_tokens, s.cached_input_tokens, s.output_tokens
      FROM (SELECT t.user_id, t.date,
                   pg_catalog.sum(t.total_operations)::bigint AS total_operations,
                   pg_catalog.sum(t.successes) AS successes,
                   pg_catalog.sum(t.total_cost_usd) AS total_cost_usd,
                   pg_catalog.sum(t.anthropic_cost) AS anthropic_cost,
                   pg_catalog.sum(t.deepseek_cost) AS deepseek_cost,
                   pg_catalog.sum(t.gemini_cost) AS gemini_cost,
                   pg_catalog.sum(t.openai_cost) AS openai_cost,
                   pg_catalog.sum(t.latency_count) AS latency_count,
                   pg_catalog.sum(t.latency_sum) AS latency_sum,
                   pg_catalog.sum(t.input_tokens)::bigint AS input_tokens,
                   pg_catalog.sum(t.cached_input_tokens)::bigint AS cached_input_tokens,
                   pg_catalog.sum(t.output_tokens)::bigint AS output_tokens,
                   helix_internal.latency_sketch(t.latency_sketch, t.latency_ms) AS latency_sketch
              FROM helix_internal.trend_entries t
             GROUP BY t.user_id, t.date) s;
COMMENT ON VIEW helix.cost_trends IS
    'Executions by user and day, exact at any moment: cost in USD, latency in ms, success_rate in percent 0-100. Corrections are '
    'in sums of cost and tokens alone.';

CREATE VIEW helix.operation_execution_analytics WITH (security_invoker = true) AS
    SELECT s.user_id, s.operation_id, s.period_start,
           CASE WHEN s.period_start + interval '24 hours' <= pg_catalog.now() OR s.period_start > pg_catalog.now()
                THEN s.period_start + interval '24 hours'
                ELSE GREATEST(s.period_start, pg_catalog.now() - interval '1 minute') END AS period_end,
           s.total_executions, s.successful_executions, s.total_executions - s.successful_executions AS failed_executions,
           coalesce((100.0 * s.successful_executions / nullif(s.total_executions, 0))::double precision::numeric, 100)
               AS success_rate,
           pg_catalog.trim_scale(s.total_cost_usd) AS total_cost_usd,
           coalesce((s.total_cost_usd / nullif(s.total_executions, 0))::double precision::numeric, 0) AS avg_cost_per_execution,
           coalesce(pg_catalog.trim_scale(s.max_cost_single_execution), 0) AS max_cost_single_execution,
           (s.latency_sum / nullif(s.latency_count, 0))::double precision::numeric AS avg_latency_ms,
           s.min_latency_ms, s.max_latency_ms,
           helix_internal.sketch_percentile(s.latency_sketch, 50) AS p50_latency_ms,
           helix_internal.sketch_percentile(s.latency_sketch, 95) AS p95_latency_ms,
           helix_internal.sketch_percentile(s.latency_sketch, 99) AS p99_latency_ms,
           s.anthropic_count, s.deepseek_count, s.gemini_count, s.openai_count,
           s.input_tokens, s.cached_input_tokens, s.output_tokens
      FROM (SELECT a.user_id, a.operation_id, a.period_start,
                   pg_catalog.sum(a.executions)::bigint AS total_executions,
                   pg_catalog.sum(a.successes)::bigint AS successful_executions,
                   pg_catalog.sum(a.cost_usd) AS total_cost_usd,
                   pg_catalog.max(a.max_cost_usd) AS max_cost_single_execution,
                   pg_catalog.sum(a.latency_count) AS latency_count,
                   pg_catalog.sum(a.latency_sum) AS latency_sum,
                   pg_catalog.min(a.latency_min) AS min_latency_ms,
                   pg_catalog.max(a.latency_max) AS max_latency_ms,
                   coalesce(pg_catalog.sum(a.executions) FILTER (WHERE a.provider = 'anthropic'), 0)::bigint AS anthropic_count,
                   coalesce(pg_catalog.sum(a.executions) FILTER (WHERE a.provider = 'deepseek'), 0)::bigint AS deepseek_count,
                   coalesce(pg_catalog.sum(a.executions) FILTER (WHERE a.provider = 'gemini'), 0)::bigint AS gemini_count,
                   coalesce(pg_catalog.sum(a.executions) FILTER (WHERE a.provider = 'openai'), 0)::bigint AS openai_count,
                   pg_catalog.sum(a.input_tokens)::bigint AS input_tokens,
                   pg_catalog.sum(a.cached_input_tokens)::bigint AS cached_input_tokens,
                   pg_catalog.sum(a.output_tokens)::bigint AS output_tokens,
                   helix_internal.latency_sketch(a.latency_sketch, a.latency_ms) AS latency_sketch
              FROM helix_internal.analytics_entries a
             GROUP BY a.user_id, a.operation_id, a.period_start) s;
COMMENT ON VIEW helix.operation_execution_analytics IS
    'Executions by user, operation and UTC day of occurred_at (the period), exact at any moment: cost in USD, latency in ms, '
    'success_rate in percent 0-100. The period_end of the day that runs is a minute ago, so that it is not in the future for any '
    'client.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.tail'),
    ('authenticated', 'SELECT ON helix_internal.unfolded_usage'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.unfolded_usage_of(uuid, uuid)'),
    ('authenticated', 'SELECT ON helix_internal.summed_usage'),
    ('authenticated', 'SELECT ON helix_internal.open_usage'),
    ('authenticated', 'SELECT ON helix_internal.trend_entries'),
    ('authenticated', 'SELECT ON helix_internal.analytics_entries'),
    ('authenticated', 'SELECT ON helix.cost_trends'),
    ('authenticated', 'SELECT ON helix.operation_execution_analytics');
