-- Corrections: rows of the ledger that move the sums of an execution and count nowhere.
-- Statistics rarely know how many corrections there are. max() always finds the last one by the index; a join may look at all of
-- them.
CREATE VIEW helix_internal.standing_usage WITH (security_invoker = true) AS
    SELECT e.tableoid AS partition, e.ctid AS place, e.id AS execution_id, 0 AS revision, e.provider, e.model, e.occurred_at,
           e.input_tokens, e.cached_input_tokens, e.output_tokens, e.usage, e.service_tier, e.pricing, e.cost_usd, e.user_id,
           e.operation_id
      FROM helix_internal.executions e
     WHERE e.corrects IS NULL
       AND NOT EXISTS (SELECT FROM helix_internal.executions f WHERE f.corrects = e.id AND f.revision IS NOT NULL)
    UNION ALL
    SELECT e.tableoid, e.ctid, e.corrects, e.revision, e.provider, e.model, e.occurred_at,
           (e.final_usage ->> 'input_tokens')::bigint, (e.final_usage ->> 'cached_input_tokens')::bigint,
           (e.final_usage ->> 'output_tokens')::bigint, e.final_usage -> 'usage', e.service_tier, e.pricing, e.final_cost_usd,
           e.user_id, e.operation_id
      FROM helix_internal.executions e
     WHERE e.corrects IS NOT NULL
       AND e.revision = (SELECT pg_catalog.max(f.revision) FROM helix_internal.executions f WHERE f.corrects = e.corrects);
COMMENT ON VIEW helix_internal.standing_usage IS
    'A row for each execution: its usage, tier, pricing and cost as its last finalization says, else as it was recorded. '
    'Adjustments come on top. partition and place say which row of the ledger that is.';

CREATE FUNCTION helix.finalize_execution(
    p_execution_id bigint, p_usage jsonb DEFAULT NULL, p_cost_usd numeric DEFAULT NULL, p_input_tokens bigint DEFAULT NULL,
    p_cached_input_tokens bigint DEFAULT NULL, p_output_tokens bigint DEFAULT NULL, p_service_tier text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_finalize_execution';
COMMENT ON FUNCTION helix.finalize_execution(bigint, jsonb, numeric, bigint, bigint, bigint, text) IS
    'Says the final usage of an execution that was recorded with a part of it, as of a stream, and returns its final cost in USD. '
    'p_usage is the provider''s object, as in record_operation_execution, and is the whole usage. Token counts can be passed '
    'instead: what is null stays as it stands. Without p_cost_usd the usage is priced at the execution''s own time, model and '
    'tier. The differences to what stands are a row of the ledger; sums move by them, and counts stay. Repeating a call changes '
    'nothing. Errors are those of record_operation_execution, and P0002: there is no such execution in the ledger; 22023: the id '
    'is a correction''s; 22004: nothing is passed.';

CREATE FUNCTION helix.adjust_cost(
    p_user_id uuid, p_operation_id text, p_amount_usd numeric, p_reason text, p_occurred_at timestamptz DEFAULT NULL,
    p_execution_id bigint DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_adjust_cost';
COMMENT ON FUNCTION helix.adjust_cost(uuid, text, numeric, text, timestamptz, bigint) IS
    'Adds p_amount_usd, which may be less than 0, to a user''s costs of an operation: a credit, a refund, or the mending of a cost '
    'that was wrong. It counts in sums of cost and in budgets, never in counts. With p_execution_id it counts as that execution '
    'does: day, time and model are its own. Without it counts at p_occurred_at; null means now. Returns the id of its row in '
    'helix.executions. Each call counts. 22004: a required value is null. 22003: the amount is 0, or not within 10^9. 22023: an '
    'empty reason, another user''s or operation''s execution, or a time beside an execution. 22001: a reason of more than 1,000 '
    'characters. P0002: there is no such execution in the ledger. 42704: an unknown operation.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.standing_usage'),
    ('service', 'EXECUTE ON FUNCTION helix.finalize_execution(bigint, jsonb, numeric, bigint, bigint, bigint, text)'),
    ('service', 'EXECUTE ON FUNCTION helix.adjust_cost(uuid, text, numeric, text, timestamptz, bigint)');
