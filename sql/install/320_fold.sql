-- From the ledger to the rollups.
CREATE FUNCTION helix_internal.sketch_add(state internal, p_sketch bytea, p_latency_ms integer) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_sketch_add';
COMMENT ON FUNCTION helix_internal.sketch_add(internal, bytea, integer) IS 'Transition of latency_sketch(). Nulls add nothing.';

CREATE FUNCTION helix_internal.sketch_final(state internal) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_sketch_final';
COMMENT ON FUNCTION helix_internal.sketch_final(internal) IS 'Result of latency_sketch()';

CREATE AGGREGATE helix_internal.latency_sketch(p_sketch bytea, p_latency_ms integer) (
    SFUNC = helix_internal.sketch_add, STYPE = internal, FINALFUNC = helix_internal.sketch_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE helix_internal.latency_sketch(bytea, integer) IS
    'Union of sketches and single latencies in ms (DDSketch, VLDB 2019). Null where there are neither.';

CREATE FUNCTION helix_internal.merge_sketches(a bytea, b bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_merge_sketches';
COMMENT ON FUNCTION helix_internal.merge_sketches(bytea, bytea) IS 'Union of two sketches. Null stands for an empty one.';

CREATE FUNCTION helix_internal.sketch_percentile(p_sketch bytea, p_percent double precision) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_sketch_percentile';
COMMENT ON FUNCTION helix_internal.sketch_percentile(bytea, double precision) IS
    'Latency in whole ms at a percentile (0-100): exact up to 100 ms, within 1 % above. 22023 outside 0-100.';

CREATE FUNCTION helix.fold() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_fold';
COMMENT ON FUNCTION helix.fold() IS
    'Folds what has been committed since the last fold into the rollups, and returns the number of executions folded. The worker '
    'does it every helix.fold_interval; sums are exact with or without it. 25006 on a standby.';

CREATE FUNCTION helix_internal.price_of(
    p_provider text, p_model text, p_at timestamptz, p_input bigint, p_cached_input bigint, p_output bigint, p_usage jsonb,
    p_service_tier text, OUT cost_usd numeric, OUT complete boolean)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_price_of';
COMMENT ON FUNCTION helix_internal.price_of(text, text, timestamptz, bigint, bigint, bigint, jsonb, text) IS
    'Exact cost in USD of this usage, as the ledger keeps it, by the prices at p_at. Not complete where some of it has no rate.';

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
    'Forgets up to 10,000 request ids older than helix.request_id_window before p_now, and returns how many. The worker calls it.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.latency_sketch(bytea, integer)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.sketch_percentile(bytea, double precision)'),
    ('service', 'EXECUTE ON FUNCTION helix.fold()'),
    ('service', 'EXECUTE ON FUNCTION helix.reprice(timestamptz, timestamptz, text)');
