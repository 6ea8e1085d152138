-- The figures that recommendations rest on. Savings are numeric and exact; statistics, which decide only whether something is said,
-- are double precision.
CREATE FUNCTION helix_internal.wilson_bound(p_successes double precision, p_trials double precision, p_z double precision)
    RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_successes + p_z * p_z / 2
            + p_z * pg_catalog.sqrt(GREATEST(p_successes * (p_trials - p_successes) / nullif(p_trials, 0), 0) + p_z * p_z / 4))
           / nullif(p_trials + p_z * p_z, 0);
COMMENT ON FUNCTION helix_internal.wilson_bound(double precision, double precision, double precision) IS
    'A bound of Wilson''s score interval of a share (0-1): the lower one where p_z is below 0, else the upper one. 1.96 is 95 %. '
    'Without trials it is 0 or 1.';

-- Newcombe, «Interval estimation for the difference between independent proportions», Statistics in Medicine 17 (1998),
-- method 10.
CREATE FUNCTION helix_internal.is_as_successful(
    p_successes double precision, p_trials double precision, p_other_successes double precision, p_other_trials double precision)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT s.share >= s.other - 0.01
               AND s.share - s.other
                   - pg_catalog.sqrt((s.share - helix_internal.wilson_bound(p_successes, p_trials, -1.96)) ^ 2
                                     + (helix_internal.wilson_bound(p_other_successes, p_other_trials, 1.96) - s.other) ^ 2)
                   >= -0.075
          FROM (SELECT p_successes / nullif(p_trials, 0) AS share, p_other_successes / nullif(p_other_trials, 0) AS other) s;
    END;
COMMENT ON FUNCTION helix_internal.is_as_successful(double precision, double precision, double precision, double precision) IS
    'Whether a share of successes is as good as another: at most 1 point lower, and surely (95 %, by Wilson''s intervals) no 7.5 '
    'points lower';

CREATE FUNCTION helix_internal.token_cost(
    p_provider text, p_model text, p_service_tier text, p_executions numeric, p_input_tokens numeric, p_cached_input_tokens numeric,
    p_output_tokens numeric)
    RETURNS numeric LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_token_cost';
COMMENT ON FUNCTION helix_internal.token_cost(text, text, text, numeric, numeric, numeric, numeric) IS
    'USD that these tokens of so many executions cost at the rates of today, exact. Null where the model has no price, or none in '
    'the tier.';

-- OFFSET 0 keeps the planner from computing a cost again for each place that names it.
CREATE FUNCTION helix_internal.recent_usage(p_user_id uuid)
    RETURNS TABLE (operation_id text, provider text, model text, executions numeric, successes numeric, cost_usd numeric,
                   latency_count numeric, latency_sum numeric, input_tokens numeric, cached_input_tokens numeric,
                   output_tokens numeric, latency_sketch bytea, standard_usd numeric, in_use boolean)
    LANGUAGE sql STABLE ROWS 20
    BEGIN ATOMIC
        SELECT s.operation_id, s.provider, s.model, s.executions, s.successes, s.cost_usd, s.latency_count, s.latency_sum,
               s.input_tokens, s.cached_input_tokens, s.output_tokens, s.latency_sketch,
               LEAST(s.cost_usd, helix_internal.token_cost(s.provider, s.model, 'standard', s.executions, s.input_tokens,
                                                           s.cached_input_tokens, s.output_tokens)),
               s.in_use
          FROM (SELECT u.operation_id, u.provider, u.model, pg_catalog.sum(u.executions) AS executions,
                       pg_catalog.sum(u.successes) AS successes, pg_catalog.sum(u.cost_usd) AS cost_usd,
                       pg_catalog.sum(u.latency_count) AS latency_count, pg_catalog.sum(u.latency_sum) AS latency_sum,
                       pg_catalog.sum(u.input_tokens) AS input_tokens,
                       pg_catalog.sum(u.cached_input_tokens) AS cached_input_tokens,
                       pg_catalog.sum(u.output_tokens) AS output_tokens,
                       helix_internal.latency_sketch(u.latency_sketch, u.latency_ms) AS latency_sketch,
                       pg_catalog.max(u.span) >= pg_catalog.now() - interval '7 days' AS in_use
                  FROM helix_internal.usage_between(p_user_id, pg_catalog.now() - interval '30 days', pg_catalog.now()) u
                 GROUP BY u.operation_id, u.provider, u.model
                HAVING pg_catalog.sum(u.executions) > 0) s
        OFFSET 0;
    END;
COMMENT ON FUNCTION helix_internal.recent_usage(uuid) IS
    'A user''s last 30 days by operation and model. standard_usd is what the tokens have cost: at the rates of today, or what they '
    'did cost where that is less. in_use: it ran in the last 7 days.';

CREATE VIEW helix_internal.retiring_models WITH (security_invoker = true) AS
    SELECT r.provider, r.model
      FROM helix.model_retirements r
     WHERE r.retires_on <= pg_catalog.timezone('UTC', pg_catalog.now())::date + 90;
COMMENT ON VIEW helix_internal.retiring_models IS 'Models that retire within 90 days, or have retired';

CREATE FUNCTION helix_internal.model_choices(p_user_id uuid)
    RETURNS TABLE (operation_id text, model text, executions numeric, successes numeric, cost_usd numeric, avg_latency_ms numeric,
                   other_model text, other_executions numeric, other_successes numeric, other_avg_latency_ms numeric,
                   standard_usd numeric, other_usd numeric, as_successful boolean, surely_faster boolean)
    LANGUAGE sql STABLE ROWS 20
    BEGIN ATOMIC
        WITH usage AS MATERIALIZED (
            SELECT u.* FROM helix_internal.recent_usage(p_user_id) u WHERE u.executions >= 50)
        SELECT a.operation_id, a.model, a.executions, a.successes, a.cost_usd, a.latency_sum / nullif(a.latency_count, 0),
               b.model, b.executions, b.successes, b.latency_sum / nullif(b.latency_count, 0), a.standard_usd,
               helix_internal.token_cost(b.provider, b.model, 'standard', a.executions, a.input_tokens, a.cached_input_tokens,
                                         a.output_tokens),
               helix_internal.is_as_successful(b.successes::double precision, b.executions::double precision,
                                               a.successes::double precision, a.executions::double precision),
               a.latency_count >= 50 AND b.latency_count >= 50
               AND b.latency_sum * a.latency_count <= 0.8 * a.latency_sum * b.latency_count
               AND helix_internal.sketch_percentile(b.latency_sketch, 100 * helix_internal.wilson_bound(
                       b.latency_count::double precision / 2, b.latency_count::double precision, 1.96))
                   <= 0.8 * helix_internal.sketch_percentile(a.latency_sketch, 100 * helix_internal.wilson_bound(
                       a.latency_count::double precision / 2, a.latency_count::double precision, -1.96))
          FROM usage a
          JOIN usage b ON b.operation_id = a.operation_id AND (b.provider, b.model) <> (a.provider, a.model)
          LEFT JOIN helix.user_operation_preferences p ON p.user_id = p_user_id AND p.operation_id = a.operation_id
         WHERE a.in_use AND p.preferred_model IS DISTINCT FROM b.model
           AND EXISTS (SELECT FROM helix.model_prices m WHERE m.model = b.model)
           AND NOT EXISTS (SELECT FROM helix_internal.retiring_models t WHERE t.provider = b.provider AND t.model = b.model)
        OFFSET 0;
    END;
COMMENT ON FUNCTION helix_internal.model_choices(uuid) IS
    'For each model that a user runs an operation with, the other models that they have run it with, each at least 50 times. '
    'other_usd is what the tokens would have cost there. surely_faster: mean and median are lower by a fifth, the median surely '
    '(95 % each).';

CREATE FUNCTION helix_internal.saving_priority(p_usd numeric) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN p_usd >= 100 THEN 9 WHEN p_usd >= 10 THEN 7 ELSE 5 END;
COMMENT ON FUNCTION helix_internal.saving_priority(numeric) IS 'How much a saving of so many USD in 30 days matters, 1-10';
