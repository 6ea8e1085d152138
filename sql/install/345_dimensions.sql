-- Dimensions: sums by day for the values of keys of the metadata that helix.dimensions names.
CREATE TABLE helix_internal.dimensions (
    key           text PRIMARY KEY,
    counted_since timestamptz,
    named_values  integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE helix_internal.dimensions IS
    'Keys of the metadata that are counted. A fold adds those that helix.dimensions names; only forget_dimension() removes one, so '
    'that neither a slip in the settings nor a restored dump loses sums.';
COMMENT ON COLUMN helix_internal.dimensions.counted_since IS
    'Executions that were recorded before are missing: retention had dropped them. Null: none are missing.';
COMMENT ON COLUMN helix_internal.dimensions.named_values IS
    'Values that have been given a name. It never falls, so that a value that was once counted among the others stays there.';

CREATE TABLE helix_internal.dimension_values (
    key   text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (key, value)
);
COMMENT ON TABLE helix_internal.dimension_values IS
    'Values that have sums of their own; all others are counted together. Only folds write it, under the watermark''s lock.';

CREATE TABLE helix_internal.dimension_days (
    user_id           uuid        NOT NULL,
    key               text        NOT NULL,
    day               date        NOT NULL,
    kind              "char"      NOT NULL,
    value             text        NOT NULL,
    executions        bigint      NOT NULL,
    successes         bigint      NOT NULL,
    cost_usd          numeric     NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key, day, kind, value)
) WITH (fillfactor = 70);
CREATE INDEX dimension_days_key_day ON helix_internal.dimension_days (key, day);
COMMENT ON TABLE helix_internal.dimension_days IS
    'Rollup by user, key of the metadata, UTC day of occurred_at and value, of the folded part of the ledger';
COMMENT ON COLUMN helix_internal.dimension_days.kind IS
    'v: value is the value. o: other values, and w: executions without a value; value is empty then.';
COMMENT ON COLUMN helix_internal.dimension_days.first_recorded_at IS
    'Tells verify_ledger() whether the ledger still holds every row of this key';

ALTER TABLE helix_internal.dimension_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.dimension_days FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.dimension_days USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

SELECT pg_catalog.pg_extension_config_dump('helix_internal.dimensions', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.dimension_values', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.dimension_days', '');

CREATE FUNCTION helix_internal.dimension_value(p_metadata jsonb, p_corrects bigint, p_key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN p_metadata IS NULL THEN NULL
                WHEN p_corrects IS NULL AND pg_catalog.jsonb_typeof(p_metadata -> p_key) IN ('string', 'number', 'boolean')
                THEN p_metadata ->> p_key
                WHEN p_corrects IS NOT NULL THEN p_metadata -> 'execution' ->> p_key END;
COMMENT ON FUNCTION helix_internal.dimension_value(jsonb, bigint, text) IS
    'The value of a row of the ledger: a string, a number or a boolean of its metadata, as text. A correction has that of its '
    'execution.';

CREATE VIEW helix.dimensions WITH (security_invoker = true) AS
    SELECT d.key, d.counted_since, d.named_values FROM helix_internal.dimensions d;
COMMENT ON VIEW helix.dimensions IS
    'Keys of the metadata that are counted. counted_since: executions recorded before are missing; null: none are. named_values: '
    'how many values have sums of their own, of 1,000.';

CREATE FUNCTION helix_internal.cost_by_dimension(p_key text, p_first_day timestamptz, p_end timestamptz)
    RETURNS TABLE (value text, kind text, executions bigint, successes bigint, cost_usd numeric, first_day date, last_day date,
                   counted_since timestamptz)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cost_by_dimension';
COMMENT ON FUNCTION helix_internal.cost_by_dimension(text, timestamptz, timestamptz) IS
    'What get_cost_by_dimension() returns, from the start of a UTC day';

CREATE FUNCTION helix.get_cost_by_dimension(p_key text, p_start timestamptz, p_end timestamptz)
    RETURNS TABLE (value text, kind text, executions bigint, successes bigint, cost_usd numeric, first_day date, last_day date,
                   counted_since timestamptz)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT c.* FROM helix_internal.cost_by_dimension(p_key, helix_internal.first_day(p_start, p_end), p_end) c;
    END;
COMMENT ON FUNCTION helix.get_cost_by_dimension(text, timestamptz, timestamptz) IS
    'Executions and cost in USD for each value of a key of the metadata, over the UTC days that [p_start, p_end) touches: '
    'first_day to last_day. The highest cost comes first. kind «value»: value is the value. «other»: values beyond 1,000, or '
    'longer than 200 bytes, together. «without»: executions without a string, number or boolean there. The rows add up to all '
    'that was spent. counted_since: executions recorded before are missing; null: none are. Signed-in users get their own, '
    'service roles all. 42704: helix.dimensions does not name the key, or no fold has come since. 22004 on null, 22023 where the '
    'range ends before it starts.';

-- For the dashboard.
CREATE FUNCTION helix_internal.dimension_usage(p_user_id uuid, p_key text, p_first date, p_last date)
    RETURNS TABLE (day date, value text, kind text, executions bigint, successes bigint, cost_usd numeric,
                   counted_since timestamptz)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_dimension_usage';
COMMENT ON FUNCTION helix_internal.dimension_usage(uuid, text, date, date) IS
    'What a user spent by UTC day and value of a key of the metadata; kind as in get_cost_by_dimension(). One row with day null '
    'where they spent nothing. 42501 another user''s id, 42704 the key is no dimension.';
CREATE FUNCTION helix_internal.dimension_keys() RETURNS text[]
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_dimension_keys';
COMMENT ON FUNCTION helix_internal.dimension_keys() IS 'The keys of the metadata that are counted';

CREATE FUNCTION helix.forget_dimension(p_key text) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_forget_dimension';
COMMENT ON FUNCTION helix.forget_dimension(text) IS
    'Stops counting a key of the metadata, and deletes its sums; returns how many executions they had. For the owner. 55000 while '
    'helix.dimensions names the key, 42704 where it is not counted, 22004 on null.';

-- Called by verify_ledger(). The planner takes the join of keys and executions for a huge one: compiling it took 40 s.
CREATE FUNCTION helix_internal.verify_dimensions()
    RETURNS TABLE (what text, user_id uuid, day date, operation_id text, model text, expected text, found text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH retained AS (
            SELECT coalesce(pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'), '-infinity') AS since
              FROM helix_internal.ledger_partitions p WHERE p.dropped_at IS NOT NULL),
        entries AS (
            SELECT e.user_id, k.key, pg_catalog.timezone('UTC', e.occurred_at)::date AS day,
                   helix_internal.dimension_value(e.metadata, e.corrects, k.key) AS value,
                   pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions,
                   pg_catalog.count(*) FILTER (WHERE e.success AND e.corrects IS NULL) AS successes,
                   pg_catalog.sum(e.cost_usd) AS cost_usd
              FROM helix_internal.dimensions k CROSS JOIN helix_internal.watermark w CROSS JOIN helix_internal.executions e
             WHERE e.id <= w.base_id OR (e.xid < w.next_xid AND e.xid <> ALL (w.open_xids))
             GROUP BY 1, 2, 3, 4),
        ledger AS (
            SELECT e.user_id, e.key, e.day,
                   (CASE WHEN e.value IS NULL THEN 'w' WHEN n.value IS NULL THEN 'o' ELSE 'v' END)::"char" AS kind,
                   coalesce(n.value, '') AS value, pg_catalog.sum(e.executions)::bigint AS executions,
                   pg_catalog.sum(e.successes)::bigint AS successes, pg_catalog.sum(e.cost_usd) AS cost_usd
              FROM entries e LEFT JOIN helix_internal.dimension_values n ON (n.key, n.value) = (e.key, e.value)
             GROUP BY 1, 2, 3, 4, 5)
        SELECT 'dimension ' || coalesce(l.key, x.key) || ' against the ledger', coalesce(l.user_id, x.user_id),
               coalesce(l.day, x.day), NULL, NULL, ROW(l.kind, l.value, l.executions, l.successes, l.cost_usd)::text,
               ROW(x.kind, x.value, x.executions, x.successes, x.cost_usd)::text
          FROM ledger l FULL JOIN helix_internal.dimension_days x
            ON (x.user_id, x.key, x.day, x.kind, x.value) = (l.user_id, l.key, l.day, l.kind, l.value)
         CROSS JOIN retained r
         WHERE CASE WHEN x.user_id IS NULL OR x.first_recorded_at >= r.since
                    THEN l.user_id IS NULL OR x.user_id IS NULL
                         OR ROW(l.executions, l.successes, l.cost_usd) IS DISTINCT FROM ROW(x.executions, x.successes, x.cost_usd)
                    ELSE x.executions < coalesce(l.executions, 0) END
        UNION ALL
        SELECT 'dimension ' || k.key || ' against all that is folded', NULL, NULL, NULL, NULL,
               ROW(w.folded_rows, w.folded_cost_usd)::text, ROW(x.executions, x.cost_usd)::text
          FROM helix_internal.dimensions k
         CROSS JOIN helix_internal.watermark w
         CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.sum(s.executions), 0)::bigint AS executions,
                                    coalesce(pg_catalog.sum(s.cost_usd), 0) AS cost_usd
                               FROM helix_internal.dimension_days s WHERE s.key = k.key) x
         WHERE k.counted_since IS NULL
           AND ROW(w.folded_rows, w.folded_cost_usd) IS DISTINCT FROM ROW(x.executions, x.cost_usd);
    END;
COMMENT ON FUNCTION helix_internal.verify_dimensions() IS 'The part of verify_ledger() that proves the sums by dimension';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dimension_usage(uuid, text, date, date)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.dimension_keys()'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.cost_by_dimension(text, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_cost_by_dimension(text, timestamptz, timestamptz)'),
    ('service', 'SELECT ON helix_internal.dimensions'),
    ('service', 'SELECT ON helix_internal.dimension_values'),
    ('service', 'SELECT ON helix_internal.dimension_days'),
    ('service', 'SELECT ON helix.dimensions'),
    ('service', 'EXECUTE ON FUNCTION helix_internal.dimension_value(jsonb, bigint, text)'),
    ('service', 'EXECUTE ON FUNCTION helix_internal.verify_dimensions()');
