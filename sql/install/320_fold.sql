-- From the ledger to the rollups. The functions of sketches look up no name, so they pin no search path: that took a sixth of
-- what closing takes, and is done for each row that is read.
CREATE FUNCTION helix_internal.sketch_add(state internal, p_sketch bytea, p_latency_ms integer) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_sketch_add';
COMMENT ON FUNCTION helix_internal.sketch_add(internal, bytea, integer) IS 'Transition of latency_sketch(). Nulls add nothing.';

CREATE FUNCTION helix_internal.sketch_final(state internal) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_sketch_final';
COMMENT ON FUNCTION helix_internal.sketch_final(internal) IS 'Result of latency_sketch()';

CREATE AGGREGATE helix_internal.latency_sketch(p_sketch bytea, p_latency_ms integer) (
    SFUNC = helix_internal.sketch_add, STYPE = internal, FINALFUNC = helix_internal.sketch_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE helix_internal.latency_sketch(bytea, integer) IS
    'Union of sketches and single latencies in ms (DDSketch, VLDB 2019). Null where there are neither.';

CREATE FUNCTION helix_internal.merge_sketches(a bytea, b bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_merge_sketches';
COMMENT ON FUNCTION helix_internal.merge_sketches(bytea, bytea) IS 'Union of two sketches. Null stands for an empty one.';

CREATE FUNCTION helix_internal.sketch_percentile(p_sketch bytea, p_percent double precision) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_sketch_percentile';
COMMENT ON FUNCTION helix_internal.sketch_percentile(bytea, double precision) IS
    'Latency in whole ms at a percentile (0-100): exact up to 100 ms, within 1 % above. 22023 outside 0-100.';

CREATE FUNCTION helix.fold() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_fold';
COMMENT ON FUNCTION helix.fold() IS
    'Folds what has been committed since the last fold into the rollups, and returns the number of executions folded. The worker '
    'does it every helix.fold_interval; sums are exact with or without it. 25006 on a standby.';

CREATE FUNCTION helix_internal.close_levels(p_now timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS timestamptz
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_close_levels';
COMMENT ON FUNCTION helix_internal.close_levels(timestamptz) IS
    'Adds minutes and quarters of an hour that were over helix.close_delay before p_now to the next level, and returns how far '
    'minutes are closed. The worker does it every 10 s; sums are exact with or without it. 25006 on a standby.';

CREATE FUNCTION helix_internal.retire_levels(p_now timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_retire_levels';
COMMENT ON FUNCTION helix_internal.retire_levels(timestamptz) IS
    'Gives up minutes and quarters of an hour that helix.usage_minutes_retention and helix.usage_quarters_retention do not keep '
    'at p_now. The worker does it every minute. Minutes are emptied once no open transaction can need them.';

CREATE FUNCTION helix_internal.price_of(
    p_provider text, p_model text, p_at timestamptz, p_input bigint, p_cached_input bigint, p_output bigint, p_usage jsonb,
    p_service_tier text, OUT cost_usd numeric, OUT complete boolean)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_price_of';
COMMENT ON FUNCTION helix_internal.price_of(text, text, timestamptz, bigint, bigint, bigint, jsonb, text) IS
    'Exact cost in USD of this usage, as the ledger keeps it, by the prices at p_at. Not complete where some of it has no rate.';

CREATE FUNCTION helix_internal.resolve_model(p_name text, OUT provider text, OUT model text)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_resolve_model';
COMMENT ON FUNCTION helix_internal.resolve_model(text) IS
    'What recording takes p_name for, where it is all that says the model: by helix.model_aliases and who sells it';

CREATE FUNCTION helix_internal.bill_of(
    p_provider text, p_model text, p_at timestamptz, p_input bigint, p_cached_input bigint, p_output bigint, p_usage jsonb,
    p_service_tier text)
    RETURNS TABLE (usage_type text, count bigint, priced_as text, service_tier text, above_prompt_tokens bigint, week_hours text,
                   valid_from timestamptz, usd_per_million numeric, cost_usd numeric)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_bill_of';
COMMENT ON FUNCTION helix_internal.bill_of(text, text, timestamptz, bigint, bigint, bigint, jsonb, text) IS
    'The same cost, a row for each type of usage with the rate that it is priced at; null where there is none';

CREATE FUNCTION helix.explain_cost(p_execution_id bigint)
    RETURNS TABLE (usage_type text, count bigint, priced_as text, service_tier text, above_prompt_tokens bigint, week_hours text,
                   valid_from timestamptz, usd_per_million numeric, cost_usd numeric)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        WITH e AS (SELECT s.* FROM helix_internal.standing_usage s WHERE s.execution_id = p_execution_id),
             b AS (SELECT l.*
                     FROM e
                    CROSS JOIN LATERAL helix_internal.bill_of(e.provider, e.model, e.occurred_at, e.input_tokens,
                                           e.cached_input_tokens, e.output_tokens, e.usage, e.service_tier) l
                    WHERE e.pricing <> 'g')
        SELECT b.* FROM b
        UNION ALL
        SELECT CASE e.pricing WHEN 'g' THEN 'given' ELSE 'price since changed' END, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               e.cost_usd - (SELECT coalesce(pg_catalog.sum(b.cost_usd), 0) FROM b)
          FROM e
         WHERE e.pricing = 'g' OR e.cost_usd <> (SELECT coalesce(pg_catalog.sum(b.cost_usd), 0) FROM b)
        UNION ALL
        SELECT 'adjusted', NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_catalog.sum(a.cost_usd)
          FROM helix_internal.executions a
         WHERE a.corrects = p_execution_id AND a.revision IS NULL
        HAVING pg_catalog.count(*) > 0;
    END;
COMMENT ON FUNCTION helix.explain_cost(bigint) IS
    'How the cost of an execution comes about: a row for each type of usage, with the rate that it is priced at. priced_as is the '
    'type whose rate it is; the rate is null where there is none. The costs add up to the execution''s. A cost that was given is '
    'one row, «given». A row «price since changed» has what the cost differs by from today''s prices: reprice() would correct '
    'it. Of a finalized execution the final usage is explained; what adjust_cost() added is one row, «adjusted». No row: there is '
    'no such execution, or it is another user''s.';

CREATE VIEW helix.unpriced_usage WITH (security_invoker = true) AS
    SELECT e.provider, e.model, coalesce(e.service_tier, 'standard') AS service_tier, pg_catalog.count(*) AS executions,
           pg_catalog.sum(e.input_tokens) AS input_tokens, pg_catalog.sum(e.cached_input_tokens) AS cached_input_tokens,
           pg_catalog.sum(e.output_tokens) AS output_tokens, pg_catalog.min(e.occurred_at) AS first_occurred_at,
           pg_catalog.max(e.occurred_at) AS last_occurred_at,
           (SELECT pg_catalog.array_agg(DISTINCT p.provider ORDER BY p.provider)
              FROM helix.model_prices p WHERE p.model = e.model) AS sellers
      FROM helix_internal.standing_usage e
     WHERE e.pricing = 'u'
     GROUP BY 1, 2, 3;
COMMENT ON VIEW helix.unpriced_usage IS
    'Executions of which some usage has no rate: their cost lacks it. Add the price to helix.model_prices or '
    'helix.model_price_rates, or an alias to helix.model_aliases, and the worker prices them within seconds. sellers: who has a '
    'price for the model. Where they are several, an alias has to say which is meant.';

CREATE FUNCTION helix.reprice(
    p_from timestamptz, p_to timestamptz, p_model text DEFAULT NULL,
    OUT executions bigint, OUT old_cost_usd numeric, OUT new_cost_usd numeric)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_reprice';
COMMENT ON FUNCTION helix.reprice(timestamptz, timestamptz, text) IS
    'Prices token-priced executions anew, by helix.model_prices as it is now, and corrects every sum in the same transaction. It '
    'takes those that occurred in [p_from, p_to), of one model, or of all on null. Returns how many changed and their cost in USD '
    'before and after. Executions whose cost was given, or whose model has no price at their time, stay. 22023 where p_to is not '
    'after p_from or the ledger of that time has been dropped; 22004 on a null bound.';

CREATE FUNCTION helix_internal.maintain_partitions(p_now timestamptz DEFAULT pg_catalog.now()) RETURNS integer
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_maintain_partitions';
COMMENT ON FUNCTION helix_internal.maintain_partitions(timestamptz) IS
    'Makes the ledger''s partitions of p_now''s month and the next. Drops those that are folded and ended more than '
    'helix.ledger_retention before p_now, and returns how many it dropped. The worker calls it every minute.';

CREATE FUNCTION helix_internal.forget_request_ids(p_now timestamptz DEFAULT pg_catalog.now()) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_forget_request_ids';
COMMENT ON FUNCTION helix_internal.forget_request_ids(timestamptz) IS
    'Forgets up to 10,000 request ids older than helix.request_id_window before p_now, of executions that the ledger has dropped, '
    'and returns how many. The worker calls it.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.latency_sketch(bytea, integer)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.sketch_percentile(bytea, double precision)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.resolve_model(text)'),
    ('authenticated',
     'EXECUTE ON FUNCTION helix_internal.price_of(text, text, timestamptz, bigint, bigint, bigint, jsonb, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.bill_of(text, text, timestamptz, bigint, bigint, bigint, jsonb, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.explain_cost(bigint)'),
    ('authenticated', 'SELECT ON helix.unpriced_usage'),
    ('service', 'EXECUTE ON FUNCTION helix.fold()'),
    ('service', 'EXECUTE ON FUNCTION helix.reprice(timestamptz, timestamptz, text)');
