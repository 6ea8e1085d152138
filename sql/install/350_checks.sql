-- What a DBA runs.
CREATE FUNCTION helix_internal.worker_status(OUT pid integer, OUT last_error text, OUT last_error_at timestamptz)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_worker_status';
COMMENT ON FUNCTION helix_internal.worker_status() IS
    'This database''s worker: its pid, and its last error since the server started. A null pid means that none runs.';

CREATE FUNCTION helix.ledger_status(
    OUT unfolded_rows bigint, OUT oldest_unfolded_age interval, OUT last_fold timestamptz, OUT folded_rows bigint,
    OUT folded_cost_usd numeric, OUT worker_pid integer, OUT worker_last_error text, OUT worker_last_error_at timestamptz)
    LANGUAGE sql VOLATILE
    BEGIN ATOMIC
        SELECT t.executions, pg_catalog.clock_timestamp() - t.oldest, w.folded_at, coalesce(w.folded_rows, 0),
               coalesce(w.folded_cost_usd, 0), s.pid, s.last_error, s.last_error_at
          FROM (SELECT pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions, pg_catalog.min(e.recorded_at) AS oldest
                  FROM helix_internal.tail e) t
          LEFT JOIN helix_internal.watermark w ON true
          CROSS JOIN helix_internal.worker_status() s;
    END;
COMMENT ON FUNCTION helix.ledger_status() IS
    'One row: executions not folded yet, the age of the oldest row that is not, the last fold, and executions and USD folded in '
    'all. It also has the worker''s pid and last error. A null pid means that this database has no worker: see helix.databases.';

CREATE FUNCTION helix.verify_ledger()
    RETURNS TABLE (what text, user_id uuid, day date, operation_id text, model text, expected text, found text)
    LANGUAGE sql STABLE SET jit = off -- compiling so large a statement takes seconds
    BEGIN ATOMIC
        WITH retained AS (
            SELECT coalesce(pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'), '-infinity') AS since
              FROM helix_internal.ledger_partitions p WHERE p.dropped_at IS NOT NULL),
        folded AS (
            SELECT e.* FROM helix_internal.executions e
             WHERE e.id <= (SELECT w.base_id FROM helix_internal.watermark w)
                OR (e.xid < (SELECT w.next_xid FROM helix_internal.watermark w)
                    AND e.xid <> ALL ((SELECT w.open_xids FROM helix_internal.watermark w)::bigint[]))),
        ledger AS (
            SELECT e.user_id, pg_catalog.date_bin('1 minute', e.occurred_at, '2000-01-01 00:00:00+00') AS span, e.date,
                   e.operation_id, e.provider, e.model,
                   pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions,
                   pg_catalog.count(*) FILTER (WHERE e.success AND e.corrects IS NULL) AS successes,
                   pg_catalog.sum(e.cost_usd) AS cost_usd,
                   pg_catalog.max(CASE WHEN e.corrects IS NULL THEN e.cost_usd ELSE e.final_cost_usd END) AS max_cost_usd,
                   pg_catalog.count(e.latency_ms) AS latency_count,
                   coalesce(pg_catalog.sum(e.latency_ms), 0)::numeric AS latency_sum,
                   pg_catalog.min(e.latency_ms) AS latency_min, pg_catalog.max(e.latency_ms) AS latency_max,
                   coalesce(pg_catalog.sum(e.input_tokens), 0) AS input_tokens,
                   coalesce(pg_catalog.sum(e.cached_input_tokens), 0) AS cached_input_tokens,
                   coalesce(pg_catalog.sum(e.output_tokens), 0) AS output_tokens,
                   helix_internal.latency_sketch(NULL, e.latency_ms) AS latency_sketch
              FROM folded e
             GROUP BY 1, 2, 3, 4, 5, 6),
        -- What each level ought to have of the ledger: see the horizons in helix_internal.watermark.
        expected AS (
            SELECT l.level, l.user_id, l.span, l.date, l.operation_id, l.provider, l.model,
                   pg_catalog.sum(l.executions)::bigint AS executions, pg_catalog.sum(l.successes)::bigint AS successes,
                   pg_catalog.sum(l.cost_usd) AS cost_usd, pg_catalog.max(l.max_cost_usd) AS max_cost_usd,
                   pg_catalog.sum(l.latency_count)::bigint AS latency_count, pg_catalog.sum(l.latency_sum) AS latency_sum,
                   pg_catalog.min(l.latency_min) AS latency_min, pg_catalog.max(l.latency_max) AS latency_max,
                   pg_catalog.sum(l.input_tokens) AS input_tokens, pg_catalog.sum(l.cached_input_tokens) AS cached_input_tokens,
                   pg_catalog.sum(l.output_tokens) AS output_tokens,
                   helix_internal.latency_sketch(l.latency_sketch, NULL) AS latency_sketch
              FROM (SELECT 'analytics rollup' AS level, m.user_id, pg_catalog.date_trunc('day', m.span, 'UTC') AS span, m.date,
                           m.operation_id, m.provider, m.model, m.executions, m.successes, m.cost_usd, m.max_cost_usd,
                           m.latency_count, m.latency_sum, m.latency_min, m.latency_max, m.input_tokens, m.cached_input_tokens,
                           m.output_tokens, m.latency_sketch
                      FROM ledger m WHERE m.span < (SELECT w.quarters_closed FROM helix_internal.watermark w)
                    UNION ALL
                    SELECT 'quarters', m.user_id, pg_catalog.date_bin('15 minutes', m.span, '2000-01-01 00:00:00+00'), m.date,
                           m.operation_id, m.provider, m.model, m.executions, m.successes, m.cost_usd, m.max_cost_usd,
                           m.latency_count, m.latency_sum, m.latency_min, m.latency_max, m.input_tokens, m.cached_input_tokens,
                           m.output_tokens, m.latency_sketch
                      FROM ledger m
                     WHERE m.span < (SELECT w.minutes_closed FROM helix_internal.watermark w)
                       AND m.span >= (SELECT w.quarters_from FROM helix_internal.watermark w)
                    UNION ALL
                    SELECT 'minutes', m.*
                      FROM ledger m WHERE m.span >= (SELECT w.minutes_from FROM helix_internal.watermark w)) l
             GROUP BY 1, 2, 3, 4, 5, 6, 7),
        found AS (
            SELECT 'analytics rollup' AS level, a.user_id, a.period_start AS span, a.date, a.operation_id, a.provider, a.model,
                   a.executions, a.successes, a.cost_usd, a.max_cost_usd, a.latency_count, a.latency_sum, a.latency_min,
                   a.latency_max, a.input_tokens, a.cached_input_tokens, a.output_tokens, a.latency_sketch, a.first_recorded_at
              FROM helix_internal.operation_execution_analytics a
            UNION ALL
            SELECT 'quarters', q.user_id, q.quarter, q.date, q.operation_id, q.provider, q.model,
                   q.executions, q.successes, q.cost_usd, q.max_cost_usd, q.latency_count, q.latency_sum, q.latency_min,
                   q.latency_max, q.input_tokens, q.cached_input_tokens, q.output_tokens, q.latency_sketch, q.first_recorded_at
              FROM helix_internal.usage_quarters q WHERE q.quarter >= (SELECT w.quarters_from FROM helix_internal.watermark w)
            UNION ALL
            SELECT 'minutes', m.user_id, m.minute, m.date, m.operation_id, m.provider, m.model,
                   pg_catalog.sum(m.executions)::bigint, pg_catalog.sum(m.successes)::bigint, pg_catalog.sum(m.cost_usd),
                   pg_catalog.max(m.max_cost_usd), pg_catalog.sum(m.latency_count)::bigint, pg_catalog.sum(m.latency_sum),
                   pg_catalog.min(m.latency_min), pg_catalog.max(m.latency_max), pg_catalog.sum(m.input_tokens),
                   pg_catalog.sum(m.cached_input_tokens), pg_catalog.sum(m.output_tokens),
                   helix_internal.latency_sketch(m.latency_sketch, NULL), pg_catalog.min(m.first_recorded_at)
              FROM helix_internal.usage_minutes m WHERE m.minute >= (SELECT w.minutes_from FROM helix_internal.watermark w)
             GROUP BY 2, 3, 4, 5, 6, 7),
        -- Every key of a level is compared in full where the ledger still has all of its rows.
        by_key AS (
            SELECT coalesce(l.level, a.level) || ' against the ledger' AS what, l.user_id AS l_user, a.user_id AS a_user,
                   coalesce(l.user_id, a.user_id) AS user_id, coalesce(l.date, a.date) AS day,
                   coalesce(l.operation_id, a.operation_id) AS operation_id, coalesce(l.model, a.model) AS model,
                   ROW(l.executions, l.successes, l.cost_usd, l.max_cost_usd, l.latency_count, l.latency_sum, l.latency_min,
                       l.latency_max, l.input_tokens, l.cached_input_tokens, l.output_tokens, l.latency_sketch) AS expected,
                   ROW(a.executions, a.successes, a.cost_usd, a.max_cost_usd, a.latency_count, a.latency_sum, a.latency_min,
                       a.latency_max, a.input_tokens, a.cached_input_tokens, a.output_tokens, a.latency_sketch) AS found,
                   a.first_recorded_at, l.executions AS l_executions, a.executions AS a_executions
              FROM expected l
              FULL JOIN found a
                ON (a.level, a.user_id, a.span, a.date, a.operation_id, a.provider, a.model)
                 = (l.level, l.user_id, l.span, l.date, l.operation_id, l.provider, l.model)),
        trends AS (
            SELECT a.user_id, a.date, pg_catalog.sum(a.executions) AS total_operations,
                   pg_catalog.sum(a.successes) AS successes, pg_catalog.sum(a.cost_usd) AS total_cost_usd,
                   coalesce(pg_catalog.sum(a.cost_usd) FILTER (WHERE a.provider = 'anthropic'), 0) AS anthropic_cost,
                   coalesce(pg_catalog.sum(a.cost_usd) FILTER (WHERE a.provider = 'deepseek'), 0) AS deepseek_cost,
                   coalesce(pg_catalog.sum(a.cost_usd) FILTER (WHERE a.provider = 'gemini'), 0) AS gemini_cost,
                   coalesce(pg_catalog.sum(a.cost_usd) FILTER (WHERE a.provider = 'openai'), 0) AS openai_cost,
                   pg_catalog.sum(a.latency_count) AS latency_count, pg_catalog.sum(a.latency_sum) AS latency_sum,
                   pg_catalog.sum(a.input_tokens) AS input_tokens,
                   pg_catalog.sum(a.cached_input_tokens) AS cached_input_tokens,
                   pg_catalog.sum(a.output_tokens) AS output_tokens,
                   helix_internal.latency_sketch(a.latency_sketch, NULL) AS latency_sketch
              FROM helix_internal.operation_execution_analytics a
             GROUP BY 1, 2),
        partitions AS (
            SELECT (pg_catalog.date_trunc('month', e.recorded_at AT TIME ZONE 'UTC'))::date AS month,
                   pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS rows, pg_catalog.sum(e.cost_usd) AS cost_usd
              FROM folded e GROUP BY 1),
        finalized AS (
            SELECT f.corrects, pg_catalog.sum(f.cost_usd) AS moved_usd,
                   (pg_catalog.max(ARRAY[f.revision, f.final_cost_usd]))[2] AS final_usd
              FROM helix_internal.executions f
             WHERE f.corrects IS NOT NULL AND f.revision IS NOT NULL
             GROUP BY 1)
        SELECT k.what, k.user_id, k.day, k.operation_id, k.model, k.expected::text, k.found::text
          FROM by_key k, retained r
         WHERE CASE WHEN k.a_user IS NULL OR k.first_recorded_at >= r.since
                    THEN k.l_user IS NULL OR k.a_user IS NULL OR k.expected IS DISTINCT FROM k.found
                    ELSE k.a_executions < coalesce(k.l_executions, 0) END
           -- Who is being erased has ever less, here and there. The totals below count what is under way.
           AND k.user_id NOT IN (SELECT x.subject_id FROM helix.erasures x WHERE x.subject_id IS NOT NULL)
        UNION ALL
        SELECT 'trend rollup against the analytics rollup', coalesce(x.user_id, t.user_id), coalesce(x.date, t.date), NULL, NULL,
               ROW(x.total_operations, x.successes, x.total_cost_usd, x.anthropic_cost, x.deepseek_cost, x.gemini_cost,
                   x.openai_cost, x.latency_count, x.latency_sum, x.input_tokens, x.cached_input_tokens, x.output_tokens)::text,
               ROW(t.total_operations, t.successes, t.total_cost_usd, t.anthropic_cost, t.deepseek_cost, t.gemini_cost,
                   t.openai_cost, t.latency_count, t.latency_sum, t.input_tokens, t.cached_input_tokens, t.output_tokens)::text
          FROM trends x FULL JOIN helix_internal.cost_trends t ON (t.user_id, t.date) = (x.user_id, x.date)
         WHERE coalesce(x.user_id, t.user_id) NOT IN (SELECT s.subject_id FROM helix.erasures s WHERE s.subject_id IS NOT NULL)
           AND (x.user_id IS NULL OR t.user_id IS NULL
            OR ROW(x.total_operations, x.successes, x.total_cost_usd, x.anthropic_cost, x.deepseek_cost, x.gemini_cost,
                   x.openai_cost, x.latency_count, x.latency_sum, x.input_tokens, x.cached_input_tokens, x.output_tokens,
                   x.latency_sketch)
               IS DISTINCT FROM
               ROW(t.total_operations, t.successes, t.total_cost_usd, t.anthropic_cost, t.deepseek_cost, t.gemini_cost,
                   t.openai_cost, t.latency_count, t.latency_sum, t.input_tokens, t.cached_input_tokens, t.output_tokens,
                   t.latency_sketch))
        UNION ALL
        SELECT 'partition against its folded rows', NULL, coalesce(l.month, p.month), NULL, NULL,
               ROW(l.rows, l.cost_usd)::text, ROW(p.folded_rows, p.folded_cost_usd)::text
          FROM partitions l FULL JOIN helix_internal.ledger_partitions p ON p.month = l.month
         WHERE CASE WHEN p.dropped_at IS NULL -- a dropped month comes back where a clock has been put back
                    THEN ROW(coalesce(l.rows, 0), coalesce(l.cost_usd, 0))
                         IS DISTINCT FROM ROW(coalesce(p.folded_rows, 0), coalesce(p.folded_cost_usd, 0))
                    ELSE l.rows > p.folded_rows END
        UNION ALL
        SELECT 'all rollups against all partitions', NULL, NULL, NULL, NULL,
               ROW(p.rows, p.cost_usd, p.rows, p.cost_usd)::text, ROW(a.rows, a.cost_usd, w.folded_rows, w.folded_cost_usd)::text
          FROM (SELECT coalesce(pg_catalog.sum(q.folded_rows), 0) AS rows,
                       coalesce(pg_catalog.sum(q.folded_cost_usd), 0) AS cost_usd
                  FROM helix_internal.ledger_partitions q) p
         CROSS JOIN (SELECT coalesce(pg_catalog.sum(c.executions), 0) AS rows, coalesce(pg_catalog.sum(c.cost_usd), 0) AS cost_usd
                       FROM (SELECT b.executions, b.cost_usd FROM helix_internal.operation_execution_analytics b
                             UNION ALL
                             SELECT q.executions, q.cost_usd FROM helix_internal.usage_quarters q
                              WHERE q.quarter >= (SELECT w.quarters_closed FROM helix_internal.watermark w)
                             UNION ALL
                             SELECT m.executions, m.cost_usd FROM helix_internal.usage_minutes m
                              WHERE m.minute >= (SELECT w.minutes_closed FROM helix_internal.watermark w)
                             UNION ALL
                             SELECT x.in_transit_rows, x.in_transit_usd FROM helix.erasures x) c) a
         CROSS JOIN (SELECT coalesce(pg_catalog.max(v.folded_rows), 0) AS folded_rows,
                            coalesce(pg_catalog.max(v.folded_cost_usd), 0) AS folded_cost_usd
                       FROM helix_internal.watermark v) w
         WHERE ROW(p.rows, p.cost_usd, p.rows, p.cost_usd)
               IS DISTINCT FROM ROW(a.rows, a.cost_usd, w.folded_rows, w.folded_cost_usd)
        UNION ALL
        SELECT 'execution and its finalizations against the final cost', e.user_id, e.date, e.operation_id, e.model,
               f.final_usd::text, (e.cost_usd + f.moved_usd)::text
          -- A full join is one by hash, whatever statistics say of corrections.
          FROM finalized f FULL JOIN (SELECT x.* FROM helix_internal.executions x WHERE x.corrects IS NULL) e ON e.id = f.corrects
         WHERE CASE WHEN f.corrects IS NOT NULL AND e.id IS NOT NULL
                    THEN f.final_usd <> e.cost_usd + f.moved_usd
                         AND e.user_id NOT IN (SELECT x.subject_id FROM helix.erasures x WHERE x.subject_id IS NOT NULL)
                    ELSE false END
        UNION ALL
        SELECT d.* FROM helix_internal.verify_dimensions() d
         WHERE d.user_id NOT IN (SELECT x.subject_id FROM helix.erasures x WHERE x.subject_id IS NOT NULL);
    END;
COMMENT ON FUNCTION helix.verify_ledger() IS
    'Recomputes every sum, count, minimum, maximum and latency sketch of every level (minutes, quarters of an hour, days) from the '
    'ledger, and returns each difference. No row means exact. What retention has dropped is proved by the totals kept for each '
    'dropped month.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('service', 'EXECUTE ON FUNCTION helix_internal.worker_status()'),
    ('service', 'EXECUTE ON FUNCTION helix.ledger_status()'),
    ('service', 'EXECUTE ON FUNCTION helix.verify_ledger()');
