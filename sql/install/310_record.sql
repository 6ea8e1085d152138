-- Recording: one call, an array, or COPY. These functions have no SET search_path: it would cost a tenth of a call
-- (measured). They look up no name by it. The SQL that they run in rare cases sets its own (pg/spi.hpp).
CREATE FUNCTION helix.record_operation_execution(
    p_user_id uuid, p_operation_id text, p_date date, p_success boolean, p_latency_ms integer, p_cost_usd numeric,
    p_model_used text,
    p_model text DEFAULT NULL, p_input_tokens bigint DEFAULT NULL, p_cached_input_tokens bigint DEFAULT NULL,
    p_output_tokens bigint DEFAULT NULL, p_request_id text DEFAULT NULL, p_occurred_at timestamptz DEFAULT NULL,
    p_error text DEFAULT NULL, p_trace_id text DEFAULT NULL, p_metadata jsonb DEFAULT NULL, p_reservation_id uuid DEFAULT NULL,
    p_usage jsonb DEFAULT NULL, p_service_tier text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_execution';
COMMENT ON FUNCTION helix.record_operation_execution(uuid, text, date, boolean, integer, numeric, text, text, bigint, bigint,
    bigint, text, timestamptz, text, text, jsonb, uuid, jsonb, text) IS
    'Records one execution in the caller''s transaction and returns its id. p_latency_ms is in ms, null where unknown. '
    'p_cost_usd is in USD; null prices the tokens by helix.model_prices at p_occurred_at. A failed one without both costs 0. '
    'Input, cached input and output tokens are disjoint counts. p_model_used is a provider, or a model that has a price. A null '
    'p_date means the UTC day of p_occurred_at, and a null p_occurred_at means now. A time without a zone is in the session''s '
    'TimeZone. A p_request_id seen before for that user returns the first id and records nothing. A p_error above 16,384 bytes '
    'is cut and ends with its length ("… [19,004 bytes]"). p_reservation_id is that of reserve_budget(). The cost takes its '
    'place, and counts in its periods up to what was reserved. Where it is gone already (expired, settled), the cost is '
    'recorded with a warning (01000). Errors: 22004 a required value is null, 42704 unknown operation or price, 22003 a number '
    'out of range, 22001 a text too long, 22008 a time or date out of range. 22023: an empty request id, metadata above 65,536 '
    'bytes as jsonb, or a reservation for another user or operation. 55000: a reservation of the queue. 42501: another user''s '
    'id.';

CREATE FUNCTION helix.record_operation_executions(p_executions jsonb) RETURNS bigint[]
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_executions';
COMMENT ON FUNCTION helix.record_operation_executions(jsonb) IS
    'Records an array of objects whose fields are the parameters of record_operation_execution without p_, all or nothing. '
    'Returns their ids in the array''s order. Errors are those of record_operation_execution, with the element (from 0) in the '
    'detail. 22023 on anything but an array of objects with known fields. In JSON, a time without a zone is by UTC, latency_ms is '
    'rounded, and a request_id may be a number.';

CREATE FUNCTION helix.record_operation_executions(p_json text) RETURNS bigint[]
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_executions';
COMMENT ON FUNCTION helix.record_operation_executions(text) IS
    'The same from the array''s text, which is read element by element. What jsonb cannot hold is an error that names its element '
    'and field too (22P05 for "\u0000", 22P02 for what is no JSON). A jsonb parameter refuses such a text before helix sees it.';

CREATE FUNCTION helix.record_operation_executions_each(p_executions jsonb)
    RETURNS TABLE (element integer, id bigint, sqlstate text, message text, detail text)
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_executions_each';
COMMENT ON FUNCTION helix.record_operation_executions_each(jsonb) IS
    'As record_operation_executions, but right elements are recorded and the others are reported. Returns a row for each element '
    '(from 0), with the id of its execution, or with the SQLSTATE, message and detail of its error. Errors that say nothing about '
    'an element (40001, 40P01, 53xxx, 57xxx, XXxxx) end the call, and nothing is recorded.';

CREATE FUNCTION helix.record_operation_executions_each(p_json text)
    RETURNS TABLE (element integer, id bigint, sqlstate text, message text, detail text)
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_executions_each';
COMMENT ON FUNCTION helix.record_operation_executions_each(text) IS
    'The same from the array''s text, which is read element by element. What jsonb cannot hold ("\u0000") is an error of its '
    'element alone.';

CREATE FUNCTION helix.record_operation_executions(
    p_user_id uuid[], p_operation_id text[], p_date date[], p_success boolean[], p_latency_ms bigint[], p_cost_usd numeric[],
    p_model_used text[],
    p_model text[] DEFAULT NULL, p_input_tokens bigint[] DEFAULT NULL, p_cached_input_tokens bigint[] DEFAULT NULL,
    p_output_tokens bigint[] DEFAULT NULL, p_request_id text[] DEFAULT NULL, p_occurred_at timestamptz[] DEFAULT NULL,
    p_error text[] DEFAULT NULL, p_trace_id text[] DEFAULT NULL, p_metadata jsonb[] DEFAULT NULL,
    p_reservation_id uuid[] DEFAULT NULL, p_usage jsonb[] DEFAULT NULL, p_service_tier text[] DEFAULT NULL) RETURNS bigint[]
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_operation_executions_columns';
COMMENT ON FUNCTION helix.record_operation_executions(uuid[], text[], date[], boolean[], bigint[], numeric[], text[], text[],
    bigint[], bigint[], bigint[], text[], timestamptz[], text[], text[], jsonb[], uuid[], jsonb[], text[]) IS
    'The same with an array for each parameter of record_operation_execution, all of one length (22023 else). A null array stands '
    'for nulls. It needs no JSON, so it is the fastest way for many executions.';

CREATE FUNCTION helix.record_llm_response(
    p_user_id uuid, p_operation_id text, p_response jsonb, p_latency_ms integer, p_success boolean DEFAULT true,
    p_cost_usd numeric DEFAULT NULL, p_date date DEFAULT NULL, p_request_id text DEFAULT NULL,
    p_occurred_at timestamptz DEFAULT NULL, p_trace_id text DEFAULT NULL, p_metadata jsonb DEFAULT NULL,
    p_reservation_id uuid DEFAULT NULL, p_service_tier text DEFAULT NULL, p_provider text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_llm_response';
COMMENT ON FUNCTION helix.record_llm_response(uuid, text, jsonb, integer, boolean, numeric, date, text, timestamptz, text, jsonb,
    uuid, text, text) IS
    'Records an execution from a provider''s whole answer, as it came: its model, usage, service tier, and its id as the request '
    'id. An answer that is an error is a failed execution with that error. Its finish reason goes into the metadata. What is '
    'passed beside it counts instead. p_provider says whose model it is, where its name does not. Prompts and texts of the answer '
    'are not kept. Errors are those of record_operation_execution; 22023 where the answer tells neither usage nor an error.';

CREATE FUNCTION helix_internal.record_for(p_callers uuid[], p_service boolean[], p_calls text[])
    RETURNS TABLE (element integer, id bigint, alone boolean, sqlstate text, message text, detail text, hint text)
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_record_for';
COMMENT ON FUNCTION helix_internal.record_for(uuid[], boolean[], text[]) IS
    'For helix-edge, which has verified the callers: calls of record_operation_execution that came together, each as its JSON body '
    'with p_user_id and so on, in one transaction. Each is checked as a call of its caller before anything is written. Returns a '
    'row for each (from 0): the id of its execution; or the SQLSTATE, message, detail and hint of its error; or alone, where it '
    'has to be called by itself: it would wait for a lock, it settles a reservation, or its body is not plain. Errors that say '
    'nothing about a call end all, and nothing is recorded. 22023 arrays of different length, 22004 null, 54000 more than 1,000.';

CREATE FUNCTION helix_internal.write_execution() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'helix_write_execution';
COMMENT ON FUNCTION helix_internal.write_execution() IS
    'Instead of insert on helix.executions: records the row as record_operation_execution does. Refuses update and delete '
    '(0A000).';

CREATE VIEW helix.executions WITH (security_invoker = true) AS
    SELECT e.id, e.user_id, e.operation_id, e.date, e.success, e.latency_ms, e.cost_usd,
           e.provider AS model_used, e.model, e.input_tokens, e.cached_input_tokens, e.output_tokens,
           e.request_id, e.occurred_at, e.error, e.trace_id, e.metadata, e.recorded_at,
           e.usage, coalesce(e.service_tier, 'standard') AS service_tier, coalesce(e.sent_model, e.model) AS sent_model,
           CASE e.pricing WHEN 'g' THEN 'given' WHEN 'p' THEN 'priced' ELSE 'unpriced' END AS pricing,
           e.corrects, e.revision, e.reason
      FROM helix_internal.executions e;
COMMENT ON VIEW helix.executions IS
    'The executions that the caller may see, and their corrections: rows of signed differences, where corrects is the id of the '
    'execution. What one costs in all is sum(cost_usd) GROUP BY coalesce(corrects, id). revision is of finalize_execution(), '
    'reason of adjust_cost(). Inserting, also by COPY helix.executions (user_id, …) FROM, records as '
    'record_operation_execution does. id, recorded_at, pricing, sent_model and the columns of '
    'corrections are assigned by the database, and refused in a new row.';

CREATE TRIGGER write_execution INSTEAD OF INSERT OR UPDATE OR DELETE ON helix.executions
    FOR EACH ROW EXECUTE FUNCTION helix_internal.write_execution();

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_execution(uuid, text, date, boolean, integer, numeric, text, '
                      'text, bigint, bigint, bigint, text, timestamptz, text, text, jsonb, uuid, '
                      'jsonb, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_llm_response(uuid, text, jsonb, integer, boolean, numeric, date, text, '
                      'timestamptz, text, jsonb, uuid, text, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_executions(jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_executions(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_executions_each(jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_executions_each(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.record_operation_executions(uuid[], text[], date[], boolean[], bigint[], '
                      'numeric[], text[], text[], bigint[], bigint[], bigint[], text[], timestamptz[], text[], text[], jsonb[], '
                      'uuid[], jsonb[], text[])'),
    ('authenticated', 'SELECT, INSERT ON helix.executions'),
    ('edge', 'EXECUTE ON FUNCTION helix_internal.record_for(uuid[], boolean[], text[])');
