-- The dashboard's figures against the other reads, on folded and unfolded executions together. Days are counted back from today.
SET timezone = 'Pacific/Auckland'; -- the session's zone decides nothing
SET datestyle = 'ISO, YMD';
\set dora '''d02a0000-0000-0000-0000-000000000007'''
\set other '''d02a0000-0000-0000-0000-000000000008'''
CREATE FUNCTION utc_today() RETURNS date LANGUAGE sql AS $$ SELECT (now() AT TIME ZONE 'UTC')::date $$;
CREATE FUNCTION record_dashboard(p_from integer, p_to integer) RETURNS integer LANGUAGE sql AS $$
    SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
        'user_id', 'd02a0000-0000-0000-0000-000000000007', 'operation_id', (ARRAY['email-compose', 'email-respond'])[1 + i % 2],
        'occurred_at', (utc_today() - (2 * (i % 8)) + i % 24 * interval '1 hour') AT TIME ZONE 'UTC',
        'success', i % 5 <> 0, 'latency_ms', CASE WHEN i % 9 > 0 THEN 10 * i END,
        'cost_usd', (0.1 * i)::text || '00000000000001', 'model_used', (ARRAY['anthropic', 'openai', 'gemini'])[1 + i % 3]))))
      FROM generate_series(p_from, p_to) i $$;
SELECT record_dashboard(1, 30) AS folded;
SELECT helix.fold() >= 30 AS folded;
SELECT record_dashboard(31, 50) AS unfolded;
SELECT helix.record_operation_execution(:other, 'email-compose', NULL, true, 1, 1000, 'openai') > 0 AS of_another;

-- What a user sees, by roles and claims as an API sets them.
CREATE ROLE regress_dashboard_user;
CREATE ROLE regress_dashboard_service;
SELECT helix.grant_api_access('regress_dashboard_user', 'regress_dashboard_service');
SET ROLE regress_dashboard_user;
SET request.jwt.claims = '{"sub": "d02a0000-0000-0000-0000-000000000007"}';
SELECT helix.get_dashboard(:dora, 7, 'utc') AS dashboard \gset
RESET request.jwt.claims;
RESET ROLE;
DROP OWNED BY regress_dashboard_user, regress_dashboard_service;
DROP ROLE regress_dashboard_user, regress_dashboard_service;
CREATE TEMP TABLE seen AS SELECT :'dashboard'::jsonb AS d;
SELECT d ->> 'user_id' AS user_id, d ->> 'days' AS days, d ->> 'time_zone' AS time_zone, d ->> 'granularity' AS granularity,
       (d ->> 'start_date')::date - utc_today() AS start_date, (d ->> 'end_date')::date - utc_today() AS end_date,
       (d #>> '{previous,start_date}')::date - utc_today() AS previous_start,
       (d #>> '{previous,end_date}')::date - utc_today() AS previous_end FROM seen;

-- Totals of both periods: as get_period_summary() has them.
CREATE VIEW summaries AS
    SELECT part, s.*
      FROM (VALUES ('totals', utc_today() - 6, utc_today()), ('previous', utc_today() - 13, utc_today() - 7)) v (part, first, last),
           helix.get_period_summary('d02a0000-0000-0000-0000-000000000007', v.first::timestamp AT TIME ZONE 'UTC',
                                    (v.last + 1)::timestamp AT TIME ZONE 'UTC') s;
SELECT part, total_operations AS n, failed_operations AS bad, total_cost_usd AS cost FROM summaries ORDER BY 1;
SELECT part, d -> part ->> 'executions' = total_operations::text AS executions,
       d -> part ->> 'successes' = successful_operations::text AS successes,
       d -> part ->> 'failures' = failed_operations::text AS failures,
       (d -> part ->> 'success_rate')::numeric = success_rate AS rate, d -> part ->> 'cost_usd' = total_cost_usd::text AS cost,
       d -> part ->> 'avg_cost_usd' = avg_cost_per_operation::text AS avg_cost,
       (d -> part ->> 'avg_latency_ms')::numeric = avg_latency_ms AS latency,
       (d -> part ->> 'p50_latency_ms', d -> part ->> 'p95_latency_ms', d -> part ->> 'p99_latency_ms')
           = (p50_latency_ms::text, p95_latency_ms::text, p99_latency_ms::text) AS percentiles
  FROM summaries, seen ORDER BY 1;

-- The trend: a row for each day, as cost_trends has it, and where that has none, nothing.
SELECT utc_today() - t.date AS days_ago, t.executions, t.cost_usd, t.success_rate IS NULL AS no_rate,
       (t.executions, t.cost_usd, t.avg_cost_usd, t.avg_latency_ms, t.success_rate, t.p50_latency_ms, t.p95_latency_ms,
        t.p99_latency_ms) IS NOT DISTINCT FROM
       (coalesce(c.total_operations, 0), coalesce(c.total_cost_usd, 0)::text, c.avg_cost_per_operation::text, c.avg_latency_ms,
        c.success_rate, c.p50_latency_ms, c.p95_latency_ms, c.p99_latency_ms) AS as_cost_trends
  FROM seen, jsonb_to_recordset(d -> 'trend') AS t (date date, executions bigint, cost_usd text, avg_cost_usd text,
           avg_latency_ms numeric, success_rate numeric, p50_latency_ms bigint, p95_latency_ms bigint, p99_latency_ms bigint)
  LEFT JOIN helix.cost_trends c ON c.user_id = :dora AND c.date = t.date;

-- Operations, the dearest first: as get_all_operation_metrics() has them. Models: their parts of it.
SELECT o.operation_id, o.executions, o.cost_usd,
       (o.executions, o.successes, o.failures, o.success_rate, o.cost_usd, o.avg_cost_usd, o.avg_latency_ms, o.p50_latency_ms,
        o.p95_latency_ms, o.p99_latency_ms) IS NOT DISTINCT FROM
       (m.total_executions, m.successful_executions, m.failed_executions, m.success_rate, m.total_cost_usd::text,
        m.avg_cost_per_execution::text, m.avg_latency_ms, m.p50_latency_ms, m.p95_latency_ms, m.p99_latency_ms) AS as_metrics
  FROM seen, jsonb_to_recordset(d -> 'operations') AS o (operation_id text, executions bigint, successes bigint, failures bigint,
           success_rate numeric, cost_usd text, avg_cost_usd text, avg_latency_ms numeric, p50_latency_ms bigint,
           p95_latency_ms bigint, p99_latency_ms bigint)
  FULL JOIN helix.get_all_operation_metrics(:dora, (utc_today() - 6)::timestamp AT TIME ZONE 'UTC',
                                            (utc_today() + 1)::timestamp AT TIME ZONE 'UTC') m USING (operation_id);
SELECT m.provider, m.model, m.executions, m.cost_usd,
       (m.executions, m.successes, m.cost_usd, m.avg_latency_ms) IS NOT DISTINCT FROM
       (e.n, e.good, trim_scale(e.cost)::text, e.latency) AS as_executions
  FROM seen, jsonb_to_recordset(d -> 'models') AS m (provider text, model text, executions bigint, successes bigint, cost_usd text,
           avg_latency_ms numeric)
  FULL JOIN (SELECT provider, model, count(*) AS n, count(*) FILTER (WHERE success) AS good, sum(cost_usd) AS cost,
                    avg(latency_ms)::double precision::numeric AS latency
               FROM helix_internal.executions
              WHERE user_id = :dora AND date > utc_today() - 7 GROUP BY 1, 2) e USING (provider, model);

-- Folding changes nothing, nor does how the parameters are left out.
SELECT helix.fold() > 0 AS folded;
SELECT helix.get_dashboard(:dora, 7, 'UTC') - 'as_of' = d - 'as_of' AS same FROM seen;
SELECT helix.get_dashboard(:dora) - 'as_of' = helix.get_dashboard(:dora, 30, 'UTC') - 'as_of' AS same;

-- Days of any time zone, by occurred_at, folded and closed too.
CREATE VIEW zones AS
    SELECT z.zone, b ->> 'time_zone' AS time_zone, b ->> 'granularity' AS granularity,
           (SELECT count(*) FROM jsonb_to_recordset(b -> 'trend') AS t (date date, executions bigint, cost_usd numeric)
              LEFT JOIN (SELECT timezone(z.zone, occurred_at)::date AS date, count(*) AS n, sum(cost_usd) AS cost
                           FROM helix_internal.executions WHERE user_id = 'd02a0000-0000-0000-0000-000000000007' GROUP BY 1) e
                     USING (date)
             WHERE (t.executions, t.cost_usd) IS DISTINCT FROM (coalesce(e.n, 0), coalesce(e.cost, 0))) AS wrong
      FROM (VALUES ('Europe/Berlin'), ('asia/kathmandu'), ('Etc/UTC'), ('Pacific/Auckland')) z (zone),
           helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 30, z.zone) b;
SELECT * FROM zones;
SELECT helix_internal.close_levels(now() + interval '2 days') > now() AS closed;
SELECT * FROM zones;
SELECT helix.get_dashboard(:dora, 200, 'Europe/London') ->> 'granularity' AS with_a_summer;
SELECT t.zone, count(*) FILTER (WHERE (c.total_operations, c.total_cost_usd, c.granularity)
                                      IS DISTINCT FROM (e.n, trim_scale(e.cost), 'day')) AS wrong
  FROM (VALUES ('Europe/Berlin'), ('Asia/Kathmandu'), ('UTC')) t (zone)
 CROSS JOIN LATERAL helix.get_cost_trends(:dora, 10, t.zone) c
  LEFT JOIN LATERAL (SELECT count(*) AS n, sum(cost_usd) AS cost FROM helix_internal.executions
                      WHERE user_id = :dora AND timezone(t.zone, occurred_at)::date = c.date) e ON true
 GROUP BY 1 ORDER BY 1;

-- Somebody for whom nothing ran; one day; many days.
SELECT jsonb_pretty(helix.get_dashboard('d02a0000-0000-0000-0000-000000000009', 1)
                    - '{as_of,start_date,end_date,previous,trend}'::text[]);
SELECT jsonb_array_length(helix.get_dashboard(:dora, 1) -> 'trend') AS one,
       jsonb_array_length(helix.get_dashboard(:dora, 36500) -> 'trend') AS many;

-- A credit is in the sums and in no count, folded or not.
SELECT helix.adjust_cost('d02a0000-0000-0000-0000-000000000009', 'email-compose', -2.5, 'a credit') > 0 AS adjusted;
SELECT d #> '{totals,cost_usd}' AS cost, d #> '{totals,executions}' AS executions, d #> '{totals,avg_cost_usd}' AS avg_cost,
       d #> '{trend,0,cost_usd}' AS today, d #> '{operations,0,cost_usd}' AS operation, d #> '{operations,0,success_rate}' AS rate
  FROM helix.get_dashboard('d02a0000-0000-0000-0000-000000000009', 1) d;
SELECT helix.fold() >= 0 AS folded;
SELECT d #> '{totals,cost_usd}' AS cost, d #> '{totals,executions}' AS executions
  FROM helix.get_dashboard('d02a0000-0000-0000-0000-000000000009', 1) d;

-- Narrowed: as the ledger's rows that the filter keeps. What may be chosen stays.
CREATE VIEW narrowed AS
    SELECT f.*, b, (SELECT count(*) FILTER (WHERE e.corrects IS NULL) FROM helix_internal.executions e
                     WHERE e.user_id = 'd02a0000-0000-0000-0000-000000000007' AND e.date > utc_today() - 7
                       AND (f.operation IS NULL OR e.operation_id = f.operation) AND (f.model IS NULL OR e.model = f.model)
                       AND (f.provider IS NULL OR e.provider = f.provider)) AS n
      FROM (VALUES ('email-compose', NULL, NULL), (NULL, 'anthropic', NULL), (NULL, NULL, 'openai'),
                   ('email-respond', NULL, 'gemini'), ('never', NULL, NULL)) f (operation, model, provider),
           helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, 'UTC', f.operation, f.model, f.provider) b;
SELECT operation, provider, b #>> '{totals,executions}' = n::text AS totals,
       (SELECT sum(t.executions) FROM jsonb_to_recordset(b -> 'trend') t (executions bigint)) = n AS trend,
       (SELECT coalesce(sum(t.executions), 0) FROM jsonb_to_recordset(b -> 'operations') t (executions bigint)) = n AS operations,
       (SELECT coalesce(sum(t.executions), 0) FROM jsonb_to_recordset(b -> 'providers') t (executions bigint)) = n AS providers,
       (SELECT coalesce(sum(t.executions), 0) FROM jsonb_to_recordset(b -> 'models') t (executions bigint)) = n AS models,
       b #>> '{choices,operations}' AS choices, n > 0 AS some
  FROM narrowed;

-- Each day and each part beside its cost in the days before.
SELECT sum(t.previous_cost_usd) = (d #>> '{previous,cost_usd}')::numeric AS days
  FROM seen, jsonb_to_recordset(d -> 'trend') AS t (previous_cost_usd numeric) GROUP BY d;
SELECT t.provider, t.previous_cost_usd = coalesce(e.cost, 0) AS cost, t.previous_executions = coalesce(e.n, 0) AS executions
  FROM seen, jsonb_to_recordset(d -> 'providers') AS t (provider text, previous_cost_usd numeric, previous_executions bigint)
  LEFT JOIN (SELECT provider, count(*) AS n, sum(cost_usd) AS cost FROM helix_internal.executions
              WHERE user_id = :dora AND date BETWEEN utc_today() - 13 AND utc_today() - 7 GROUP BY 1) e USING (provider)
 ORDER BY 1;

-- What is labeled with another date, what has no price, and budgets.
\set ella '\'d02a0000-0000-0000-0000-00000000000a\''
SELECT count(helix.record_operation_execution(:ella, 'email-compose', utc_today() - 3, true, 5, 0.125, 'openai')) AS relabeled;
SELECT count(helix.record_operation_execution(:ella, 'email-respond', NULL, true, 5, NULL, 'openai', p_model => 'mystery-1',
                                              p_input_tokens => 10, p_output_tokens => n)) AS unpriced
  FROM generate_series(1, 2) n;
SELECT helix.set_cost_budget(:ella, 0.15);
SELECT d -> 'relabeled' AS relabeled, d -> 'unpriced' AS unpriced FROM helix.get_dashboard(:ella, 2) d;
SELECT b ->> 'scope' AS scope, b ->> 'limit_usd' AS limit_usd, b ->> 'spent_usd' AS spent_usd, b ->> 'level' AS level
  FROM helix.get_dashboard(:ella, 2) d, jsonb_array_elements(d -> 'budgets') b;
SELECT helix.fold() >= 0 AS folded;
SELECT d -> 'relabeled' AS relabeled, d #> '{unpriced,0,executions}' AS unpriced FROM helix.get_dashboard(:ella, 2) d;
SELECT d -> 'relabeled' AS relabeled, d -> 'unpriced' AS unpriced FROM helix.get_dashboard(:ella, 2, 'UTC', 'task-breakdown') d;

-- Refusals.
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 0)$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 36501)$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', NULL)$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, 'CEST')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, 'UTC+3')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, '')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, NULL)$$);
SELECT failure($$SELECT helix.get_dashboard(NULL, 7, 'UTC')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, p_dimension_value => 'x')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, p_model => 'm', p_dimension_key => 'k',
                                            p_dimension_value => 'x')$$);
SELECT failure($$SELECT helix.get_dashboard('d02a0000-0000-0000-0000-000000000007', 7, p_dimension_key => 'planet')$$);
DROP VIEW summaries, zones, narrowed;
DROP FUNCTION record_dashboard, utc_today;

-- All of the settings, in one snapshot: preferences, prices of today, theme. Money is text.
SELECT helix.bulk_update_operation_preferences(:ella,
    '[{"operation_id": "email-compose", "preferred_model": "gemini", "enabled": false,
       "cost_budget_monthly": 0.12345678901234567890123}]')
    IS NOT NULL AS set;
SELECT helix.set_theme_preferences(:ella, 'dark') IS NOT NULL AS set;
SELECT o AS stored FROM helix.get_settings(:ella) s, jsonb_array_elements(s -> 'operations') o
 WHERE o ->> 'operation_id' IN ('email-compose', 'task-breakdown');
SELECT s -> 'theme' AS theme, jsonb_array_length(s -> 'operations') = (SELECT count(*) FROM helix.operations) AS operations
  FROM helix.get_settings(:ella) s;
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE (m.input_usd_per_mtok, m.output_usd_per_mtok)
           IS DISTINCT FROM (p.input_usd_per_mtok, p.output_usd_per_mtok)) AS wrong
  FROM helix.get_settings(:ella) s, jsonb_to_recordset(s -> 'models') AS m (provider text, model text, input_usd_per_mtok numeric,
           output_usd_per_mtok numeric)
  LEFT JOIN LATERAL (SELECT * FROM helix.model_prices p WHERE (p.provider, p.model) = (m.provider, m.model)
                        AND p.valid_from <= now() ORDER BY p.valid_from DESC LIMIT 1) p ON true;
SELECT failure($$SELECT helix.get_settings(NULL)$$);
