# What every read of usage returns beside what it should return, in plain arithmetic over the ledger.
#
# Each statement compares many reads of one random user: random ranges, zones, steps, groups. The reads and the arithmetic are parts
# of one statement, so they see one snapshot. It adds to model.checks how many reads it compared, and how many differed. It needs
# model_setup() of UsageModel.
package UsageReads;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(usage_checks);

# The ledger's rows of the chosen user, of all users where that is null. stated: what one execution costs by this row.
my $ledger = <<'SQL';
    w AS MATERIALIZED (SELECT * FROM helix_internal.watermark),
    ledger AS MATERIALIZED (
        SELECT e.occurred_at AS at, e.date, e.operation_id, e.provider, e.model, e.cost_usd, e.latency_ms, e.input_tokens,
               e.cached_input_tokens, e.output_tokens, model.floor_to(e.occurred_at, 86400) AS utc_day,
               e.corrects IS NULL AS counts, e.corrects IS NULL AND e.success AS good,
               CASE WHEN e.corrects IS NULL THEN e.cost_usd ELSE e.final_cost_usd END AS stated,
               e.id <= w.base_id OR (e.xid < w.next_xid AND e.xid <> ALL (w.open_xids)) AS folded
          FROM helix_internal.executions e, w, chosen c
         WHERE CONDITION)
SQL
my $one_user = "chosen AS MATERIALIZED (SELECT model.any_reader() AS user_id),\n" . $ledger =~ s/CONDITION/e.user_id = c.user_id/r;
my $all_users = "chosen AS MATERIALIZED (SELECT NULL::uuid AS user_id),\n" . $ledger =~ s/CONDITION/true/r;

# What rows e of the ledger come to.
my $sums = <<'SQL';
    count(*) FILTER (WHERE e.counts) AS n, count(*) FILTER (WHERE e.good) AS good, coalesce(sum(e.cost_usd), 0) AS usd,
    coalesce(max(e.stated), 0) AS most, avg(e.latency_ms)::double precision::numeric AS latency, min(e.latency_ms) AS fastest,
    max(e.latency_ms) AS slowest, percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY e.latency_ms) AS p,
    coalesce(sum(e.input_tokens), 0) AS input, coalesce(sum(e.cached_input_tokens), 0) AS cached,
    coalesce(sum(e.output_tokens), 0) AS output
SQL

# Ranges, and to what they are widened.
my $ranges = <<'SQL';
    asked AS MATERIALIZED (
        SELECT least(b.a, b.b) AS start, greatest(b.a, b.b) AS stop
          FROM (SELECT CASE WHEN random() < 0.3 THEN model.floor_to(r.a + random() * interval '5 hours', 60) ELSE r.b END AS b, r.a
                  FROM (SELECT model.any_bound() AS a, model.any_bound() AS b FROM generate_series(1, READS)) r) b),
    p AS MATERIALIZED (
        SELECT a.*, c.user_id, model.floor_to(model.kept(a.start), s.at_start) AS from_at,
               model.ceil_to(model.kept(a.stop), s.at_stop) AS until_at,
               model.word(greatest(CASE WHEN model.floor_to(model.kept(a.start), s.at_start) <> model.kept(a.start)
                                        THEN s.at_start END,
                                   CASE WHEN model.ceil_to(model.kept(a.stop), s.at_stop) <> model.kept(a.stop)
                                        THEN s.at_stop END)) AS granularity,
               model.any_of('{email-compose,task-breakdown}'::text[]) AS operation
          FROM asked a, chosen c, w,
               LATERAL (SELECT model.seconds_at(model.kept(a.start), w.minutes_from, w.quarters_from) AS at_start,
                               model.seconds_at(model.kept(a.stop), w.minutes_from, w.quarters_from) AS at_stop) s)
SQL

# The columns of the metrics, as read (m) and by arithmetic (s). Percentiles come last, by themselves.
my $metrics = <<'SQL';
    FROM p
    LEFT JOIN LATERAL (
        SELECT array_agg(ROW(m.operation_id, m.total_executions, m.successful_executions, m.failed_executions, m.success_rate,
                             m.total_cost_usd, m.avg_cost_per_execution, m.max_cost_single_execution, m.avg_latency_ms,
                             m.min_latency_ms, m.max_latency_ms, m.input_tokens, m.cached_input_tokens, m.output_tokens,
                             m.models_used, m.granularity)::text ORDER BY m.operation_id) AS words,
               jsonb_object_agg(m.operation_id, ARRAY[m.p50_latency_ms, m.p95_latency_ms, m.p99_latency_ms]) AS p
          FROM READ m) shown ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(ROW(s.operation_id, s.n, s.good, s.n - s.good, model.rate(s.good, s.n, 100), trim_scale(s.usd),
                             model.mean(s.usd, s.n, 0), trim_scale(s.most), s.latency, s.fastest, s.slowest, s.input, s.cached,
                             s.output, s.models, p.granularity)::text ORDER BY s.operation_id) AS words,
               bool_and(model.near((SELECT array_agg(x::bigint) FROM jsonb_array_elements_text(shown.p -> s.operation_id) x), s.p))
                   AS near
          FROM (SELECT e.operation_id, SUMS,
                       (SELECT coalesce(jsonb_object_agg(g.model, g.n), '{}')
                          FROM (SELECT f.model, count(*) AS n FROM ledger f
                                 WHERE f.counts AND f.operation_id = e.operation_id AND f.at >= p.from_at AND f.at < p.until_at
                                 GROUP BY 1) g) AS models
                  FROM ledger e
                 WHERE e.at >= p.from_at AND e.at < p.until_at AND CONDITION
                 GROUP BY 1) s) expected ON true
SQL

sub metrics {
    my ($read, $condition) = @_;
    return ($metrics =~ s/READ/$read/r =~ s/SUMS/$sums/r =~ s/CONDITION/$condition/r);
}

# Days of a zone that end today, and the day that a row counts for. Folded rows of a time without quarters are of a UTC day.
my $days = <<'SQL';
    asked AS MATERIALIZED (
        SELECT z.zone, CASE WHEN random() < 0.5 THEN model.any_of('{1,2,7,30,45,90,400}'::integer[])
                            ELSE greatest(1, (now() AT TIME ZONE z.zone)::date - (z.change AT TIME ZONE z.zone)::date
                                             + model.any_of('{0,1,2}'::integer[])) END AS days
          FROM (SELECT coalesce(c.zone, model.any_of(model.zones())) AS zone, coalesce(c.at, now()) AS change
                  FROM generate_series(1, READS) i
                  LEFT JOIN LATERAL (SELECT * FROM model.changes WHERE i % 2 = 0 ORDER BY random() LIMIT 1) c ON true) z),
    p AS MATERIALIZED (
        SELECT a.*, c.user_id, d.*, w.quarters_from,
               EXISTS (SELECT FROM generate_series(0, a.days * d.periods) n
                        WHERE (d.first + n)::timestamp AT TIME ZONE a.zone <> (d.first + n)::timestamp AT TIME ZONE 'UTC')
                   AS differs
          FROM asked a, chosen c, w,
               LATERAL (SELECT PERIODS AS periods, (now() AT TIME ZONE a.zone)::date AS today,
                               (now() AT TIME ZONE a.zone)::date - PERIODS * a.days + 1 AS first) d)
SQL
my $day_of = q(CASE WHEN p.differs AND e.folded AND e.at < p.quarters_from THEN (e.at AT TIME ZONE 'UTC')::date
                    ELSE (e.at AT TIME ZONE p.zone)::date END);
my $day_word = q(CASE WHEN p.differs AND model.day_start(p.zone, DAY) < p.quarters_from THEN 'utc day' ELSE 'day' END);

sub days { my ($periods) = @_; return $days =~ s/PERIODS/$periods/gr }
sub day_word { my ($day) = @_; return $day_word =~ s/DAY/$day/r }

my %statements = (
    get_period_summary => [ 60, $one_user, $ranges, <<'SQL' =~ s/SUMS/$sums/r ],
    SELECT p.granularity, ROW(p.user_id, p.start, p.stop) AS asked,
           ROW(m.total_operations, m.successful_operations, m.failed_operations, m.success_rate, m.total_cost_usd,
               m.avg_cost_per_operation, m.avg_latency_ms, m.input_tokens, m.cached_input_tokens, m.output_tokens,
               m.best_performing_model, m.cheapest_model, m.granularity)::text AS shown,
           ROW(s.n, s.good, s.n - s.good, model.rate(s.good, s.n, 100), trim_scale(s.usd), model.mean(s.usd, s.n, 0), s.latency,
               s.input, s.cached, s.output, b.best, b.cheapest, p.granularity)::text AS expected,
           model.near(ARRAY[m.p50_latency_ms, m.p95_latency_ms, m.p99_latency_ms], s.p) AS near
      FROM p
      LEFT JOIN LATERAL helix.get_period_summary(p.user_id, p.start, p.stop) m ON true
      LEFT JOIN LATERAL (SELECT SUMS FROM ledger e WHERE e.at >= p.from_at AND e.at < p.until_at) s ON true
      LEFT JOIN LATERAL (
            SELECT (array_agg(g.model ORDER BY g.rate DESC, g.latency, g.model))[1] AS best,
                   (array_agg(g.model ORDER BY g.mean, g.model))[1] AS cheapest
              FROM (SELECT e.model, count(*) FILTER (WHERE e.good)::numeric / count(*) FILTER (WHERE e.counts) AS rate,
                           avg(e.latency_ms) AS latency, sum(e.cost_usd) / count(*) FILTER (WHERE e.counts) AS mean
                      FROM ledger e WHERE e.at >= p.from_at AND e.at < p.until_at
                     GROUP BY 1 HAVING count(*) FILTER (WHERE e.counts) > 0) g) b ON true
SQL
    get_all_operation_metrics => [ 60, $one_user, $ranges,
        'SELECT p.granularity, ROW(p.user_id, p.start, p.stop) AS asked, shown.words::text AS shown, '
          . "expected.words::text AS expected, coalesce(expected.near, true) AS near\n"
          . metrics('helix.get_all_operation_metrics(p.user_id, p.start, p.stop)', 'true') ],
    get_operation_metrics => [ 60, $one_user, $ranges,
        'SELECT p.granularity, ROW(p.user_id, p.operation, p.start, p.stop) AS asked, shown.words::text AS shown, '
          . "expected.words::text AS expected, coalesce(expected.near, true) AS near\n"
          . metrics('helix.get_operation_metrics(p.user_id, p.operation, p.start, p.stop)', 'e.operation_id = p.operation') ],
    calculate_success_rate => [ 100, $one_user, $ranges, <<'SQL' ],
    SELECT p.granularity, ROW(p.user_id, p.operation, p.start, p.stop) AS asked,
           helix.calculate_success_rate(p.user_id, p.operation, p.start, p.stop)::text AS shown,
           (SELECT model.rate(count(*) FILTER (WHERE e.good), count(*) FILTER (WHERE e.counts), 100) FROM ledger e
             WHERE e.at >= p.from_at AND e.at < p.until_at AND e.operation_id = p.operation)::text AS expected, true AS near
      FROM p
SQL
    monthly_costs => [ 60, $one_user, <<'SQL', <<'SQL' ],
    p AS MATERIALIZED (
        SELECT c.user_id, m.month, m.month - EXTRACT(day FROM m.month)::integer + 1 AS first,
               (m.month - EXTRACT(day FROM m.month)::integer + 1 + interval '1 month')::date AS next,
               model.any_of('{email-compose,task-breakdown}'::text[]) AS operation
          FROM generate_series(1, READS / 2), chosen c,
               LATERAL (SELECT CASE WHEN random() < 0.3 THEN current_date ELSE model.any_time()::date END AS month) m)
SQL
    SELECT 'exact' AS granularity, ROW(p.user_id, p.month, r.operation) AS asked, r.shown, r.expected, true AS near
      FROM p,
           LATERAL (SELECT NULL AS operation, helix.get_total_monthly_cost(p.user_id, p.month)::text AS shown,
                           (SELECT trim_scale(coalesce(sum(e.cost_usd), 0)) FROM ledger e
                             WHERE e.date >= p.first AND e.date < p.next)::text AS expected
                    UNION ALL
                    SELECT p.operation, helix.get_operation_monthly_cost(p.user_id, p.operation, p.month)::text,
                           (SELECT trim_scale(coalesce(sum(e.cost_usd), 0)) FROM ledger e
                             WHERE e.date >= p.first AND e.date < p.next AND e.operation_id = p.operation)::text) r
SQL
    get_cost_trends => [ 20, $one_user, days(1), <<'SQL' =~ s/DAY_OF/$day_of/r =~ s/WORD/day_word('s.day')/er =~ s/SUMS/$sums/r ],
    SELECT coalesce(expected.word, 'nothing') AS granularity, ROW(p.user_id, p.days, p.zone) AS asked, shown.words::text AS shown,
           expected.words::text AS expected, coalesce(expected.near, true) AS near
      FROM p
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(t.user_id, t.date, t.total_operations, t.total_cost_usd, t.avg_cost_per_operation,
                                 t.anthropic_cost, t.deepseek_cost, t.gemini_cost, t.openai_cost, t.avg_latency_ms, t.success_rate,
                                 t.input_tokens, t.cached_input_tokens, t.output_tokens, t.granularity)::text) AS words,
                   jsonb_object_agg(t.date - date 'epoch', ARRAY[t.p50_latency_ms, t.p95_latency_ms, t.p99_latency_ms]) AS p
              FROM helix.get_cost_trends(p.user_id, p.days, p.zone) t) shown ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(p.user_id, s.day, s.n, trim_scale(s.usd), model.mean(s.usd, s.n, 0), trim_scale(s.anthropic),
                                 trim_scale(s.deepseek), trim_scale(s.gemini), trim_scale(s.openai), s.latency,
                                 model.rate(s.good, s.n, 100), s.input, s.cached, s.output, s.word)::text ORDER BY s.day) AS words,
                   bool_and(model.near((SELECT array_agg(x::bigint)
                                          FROM jsonb_array_elements_text(shown.p -> (s.day - date 'epoch')::text) x), s.p))
                       AS near,
                   max(s.word) AS word
              FROM (SELECT s.*, CASE WHEN p.zone = 'UTC' THEN 'day' ELSE WORD END AS word
                      FROM (SELECT d.day, coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'anthropic'), 0) AS anthropic,
                                   coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'deepseek'), 0) AS deepseek,
                                   coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'gemini'), 0) AS gemini,
                                   coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'openai'), 0) AS openai, SUMS
                              FROM ledger e, LATERAL (SELECT CASE WHEN p.zone = 'UTC' THEN e.date ELSE DAY_OF END AS day) d
                             WHERE d.day BETWEEN p.first AND p.today
                             GROUP BY 1) s) s) expected ON true
SQL
    get_dashboard => [ 8, $one_user, days(2), <<'SQL' =~ s/DAY_OF/$day_of/r =~ s/WORD/day_word('e.day')/er ],
    SELECT x.expected ->> 'granularity' AS granularity, ROW(p.user_id, p.days, p.zone) AS asked,
           jsonb_build_object('granularity', d.shown -> 'granularity', 'start_date', d.shown -> 'start_date',
                              'end_date', d.shown -> 'end_date', 'totals', (d.shown -> 'totals') - d.percentiles,
                              'previous', (d.shown -> 'previous') - d.percentiles,
                              'trend', (SELECT jsonb_agg(t - d.percentiles) FROM jsonb_array_elements(d.shown -> 'trend') t),
                              'operations', (SELECT jsonb_agg(t - d.percentiles)
                                               FROM jsonb_array_elements(d.shown -> 'operations') t),
                              'models', (SELECT jsonb_agg(t - d.percentiles)
                                           FROM jsonb_array_elements(d.shown -> 'models') t))::text
               AS shown,
           x.expected::text AS expected,
           model.near(ARRAY[(d.shown #>> '{totals,p50_latency_ms}')::bigint, (d.shown #>> '{totals,p95_latency_ms}')::bigint,
                            (d.shown #>> '{totals,p99_latency_ms}')::bigint], x.p) AS near
      FROM p
      LEFT JOIN LATERAL (SELECT helix.get_dashboard(p.user_id, p.days, p.zone) AS shown,
                                '{p50_latency_ms,p95_latency_ms,p99_latency_ms}'::text[] AS percentiles) d ON true
      LEFT JOIN LATERAL (
            WITH rows AS MATERIALIZED (
                     SELECT e.*, e.day > p.today - p.days AS current
                       FROM (SELECT e.*, DAY_OF AS day FROM ledger e) e WHERE e.day BETWEEN p.first AND p.today),
                 keys AS (
                     SELECT k.kind, k.key, k.operation, k.provider, k.model, k.day, k.current
                       FROM (SELECT DISTINCT 1, 'operation', e.operation_id, NULL, NULL, NULL::date, true FROM rows e WHERE current
                             UNION ALL SELECT DISTINCT 1, 'model', NULL, e.provider, e.model, NULL::date, true FROM rows e
                              WHERE current
                             UNION ALL SELECT 1, 'day', NULL, NULL, NULL, p.today - n, true FROM generate_series(0, p.days - 1) n
                             UNION ALL SELECT 1, 'total', NULL, NULL, NULL, NULL, true
                             UNION ALL SELECT 1, 'total', NULL, NULL, NULL, NULL, false)
                            k (kind, key, operation, provider, model, day, current)),
                 figures AS MATERIALIZED (
                     SELECT k.*, s.usd, jsonb_build_object(
                                'executions', s.n, 'successes', s.good, 'failures', s.n - s.good,
                                'success_rate', model.rate(s.good, s.n, NULL), 'cost_usd', trim_scale(s.usd)::text,
                                'avg_cost_usd', model.mean(s.usd, s.n, NULL)::text, 'avg_latency_ms', s.latency) AS figures,
                            jsonb_build_object('previous_executions', o.n, 'previous_cost_usd', trim_scale(o.usd)::text) AS before
                       FROM keys k
                       LEFT JOIN LATERAL (
                            SELECT count(*) FILTER (WHERE e.counts) AS n, count(*) FILTER (WHERE e.good) AS good,
                                   coalesce(sum(e.cost_usd), 0) AS usd, avg(e.latency_ms)::double precision::numeric AS latency
                              FROM rows e
                             WHERE e.current = k.current AND (k.operation IS NULL OR e.operation_id = k.operation)
                               AND (k.model IS NULL OR (e.provider, e.model) = (k.provider, k.model))
                               AND (k.day IS NULL OR e.day = k.day)) s ON true
                       LEFT JOIN LATERAL (
                            SELECT count(*) FILTER (WHERE e.counts) AS n, coalesce(sum(e.cost_usd), 0) AS usd
                              FROM rows e
                             WHERE NOT e.current AND (k.operation IS NULL OR e.operation_id = k.operation)
                               AND (k.model IS NULL OR (e.provider, e.model) = (k.provider, k.model))
                               AND (k.day IS NULL OR e.day = k.day - p.days)) o ON true)
            SELECT jsonb_build_object(
                       'granularity', coalesce((SELECT max(WORD) FROM rows e), 'day'),
                       'start_date', p.today - p.days + 1, 'end_date', p.today,
                       'totals', (SELECT f.figures FROM figures f WHERE f.key = 'total' AND f.current),
                       'previous', (SELECT f.figures || jsonb_build_object('start_date', p.first, 'end_date', p.today - p.days)
                                      FROM figures f WHERE f.key = 'total' AND NOT f.current),
                       'trend', (SELECT jsonb_agg(f.figures || (f.before - 'previous_executions')
                                                  || jsonb_build_object('date', f.day) ORDER BY f.day)
                                   FROM figures f WHERE f.key = 'day'),
                       'operations', (SELECT jsonb_agg(f.figures || f.before || jsonb_build_object('operation_id', f.operation)
                                                       ORDER BY f.usd DESC, f.operation) FROM figures f WHERE f.key = 'operation'),
                       'models', (SELECT jsonb_agg(f.figures || f.before
                                                   || jsonb_build_object('provider', f.provider, 'model', f.model)
                                                   ORDER BY f.usd DESC, f.provider, f.model) FROM figures f WHERE f.key = 'model'))
                       AS expected,
                   (SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY e.latency_ms) FROM rows e WHERE e.current)
                       AS p) x ON true
SQL
    cost_trends => [ 40, $one_user, <<'SQL', <<'SQL' =~ s/SUMS/$sums/r ],
    p AS MATERIALIZED (SELECT c.user_id, least(d.a, d.b) AS first, greatest(d.a, d.b) AS last
                         FROM chosen c, (SELECT model.any_time()::date AS a, model.any_time()::date AS b
                                           FROM generate_series(1, READS)) d)
SQL
    SELECT 'exact' AS granularity, ROW(p.*) AS asked, shown.words::text AS shown, expected.words::text AS expected, true AS near
      FROM p
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(t.date, t.total_operations, t.total_cost_usd, t.avg_cost_per_operation, t.anthropic_cost,
                                 t.deepseek_cost, t.gemini_cost, t.openai_cost, t.avg_latency_ms, t.success_rate, t.input_tokens,
                                 t.cached_input_tokens, t.output_tokens)::text ORDER BY t.date) AS words
              FROM helix.cost_trends t WHERE t.user_id = p.user_id AND t.date BETWEEN p.first AND p.last) shown ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(s.date, s.n, trim_scale(s.usd), model.mean(s.usd, s.n, 0), trim_scale(s.anthropic),
                                 trim_scale(s.deepseek), trim_scale(s.gemini), trim_scale(s.openai), s.latency,
                                 model.rate(s.good, s.n, 100), s.input, s.cached, s.output)::text ORDER BY s.date) AS words
              FROM (SELECT e.date, coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'anthropic'), 0) AS anthropic,
                           coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'deepseek'), 0) AS deepseek,
                           coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'gemini'), 0) AS gemini,
                           coalesce(sum(e.cost_usd) FILTER (WHERE e.provider = 'openai'), 0) AS openai, SUMS
                      FROM ledger e WHERE e.date BETWEEN p.first AND p.last GROUP BY 1) s) expected ON true
SQL
    operation_execution_analytics => [ 40, $one_user, <<'SQL', <<'SQL' =~ s/SUMS/$sums/r ],
    p AS MATERIALIZED (SELECT c.user_id, least(d.a, d.b) AS first, greatest(d.a, d.b) AS last
                         FROM chosen c, (SELECT model.floor_to(model.any_time(), 86400) AS a, model.any_time() AS b
                                           FROM generate_series(1, READS)) d)
SQL
    SELECT 'exact' AS granularity, ROW(p.*) AS asked, shown.words::text AS shown, expected.words::text AS expected, true AS near
      FROM p
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(a.operation_id, a.period_start, a.total_executions, a.successful_executions, a.failed_executions,
                                 a.success_rate, a.total_cost_usd, a.avg_cost_per_execution, a.max_cost_single_execution,
                                 a.avg_latency_ms, a.min_latency_ms, a.max_latency_ms, a.anthropic_count, a.openai_count,
                                 a.input_tokens, a.cached_input_tokens, a.output_tokens)::text
                             ORDER BY a.operation_id, a.period_start) AS words
              FROM helix.operation_execution_analytics a
             WHERE a.user_id = p.user_id AND a.period_start >= p.first AND a.period_start <= p.last) shown ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(s.operation_id, s.day, s.n, s.good, s.n - s.good, model.rate(s.good, s.n, 100), trim_scale(s.usd),
                                 model.mean(s.usd, s.n, 0), trim_scale(s.most), s.latency, s.fastest, s.slowest, s.anthropic,
                                 s.openai, s.input, s.cached, s.output)::text ORDER BY s.operation_id, s.day) AS words
              FROM (SELECT e.operation_id, e.utc_day AS day,
                           count(*) FILTER (WHERE e.counts AND e.provider = 'anthropic') AS anthropic,
                           count(*) FILTER (WHERE e.counts AND e.provider = 'openai') AS openai, SUMS
                      FROM ledger e WHERE e.utc_day >= p.first AND e.utc_day <= p.last
                     GROUP BY 1, 2) s) expected ON true
SQL
    get_cost_by_dimension => [ 10, $all_users, <<'SQL', <<'SQL' ],
    valued AS MATERIALIZED (
        SELECT e.occurred_at AS at, e.cost_usd, e.corrects IS NULL AS counts, e.corrects IS NULL AND e.success AS good,
               coalesce(x.metadata, e.metadata) ->> 'team' AS value
          FROM helix_internal.executions e LEFT JOIN helix_internal.executions x ON x.id = e.corrects),
    p AS MATERIALIZED (SELECT least(d.a, d.b) AS start, greatest(d.a, d.b) AS stop,
                              model.floor_to(least(d.a, d.b), 86400) AS first, model.ceil_to(greatest(d.a, d.b), 86400) AS last
                         FROM (SELECT model.any_bound() AS a, model.any_bound() AS b FROM generate_series(1, READS)) d)
SQL
    SELECT 'exact' AS granularity, ROW(p.*) AS asked, shown.words::text AS shown, expected.words::text AS expected, true AS near
      FROM p
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(c.value, c.kind, c.executions, c.successes, c.cost_usd)::text ORDER BY c.value) AS words
              FROM helix.get_cost_by_dimension('team', p.start, p.stop) c) shown ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(s.value, CASE WHEN s.value IS NULL THEN 'without' ELSE 'value' END, s.n, s.good,
                                 trim_scale(s.usd))::text ORDER BY s.value) AS words
              FROM (SELECT v.value, count(*) FILTER (WHERE v.counts) AS n, count(*) FILTER (WHERE v.good) AS good,
                           sum(v.cost_usd) AS usd
                      FROM valued v WHERE v.at >= p.first AND v.at < p.last
                     GROUP BY 1) s) expected ON true
SQL
    budget_status => [ 1, $one_user, 'p AS MATERIALIZED (SELECT c.user_id FROM chosen c)', <<'SQL' ],
    SELECT 'exact' AS granularity, ROW(p.user_id, b.scope, b.period, b.time_zone) AS asked, trim_scale(b.spent_usd)::text AS shown,
           (SELECT trim_scale(coalesce(sum(e.cost_usd), 0)) FROM ledger e
             WHERE (b.operation_id IS NULL OR e.operation_id = b.operation_id)
               AND date_trunc(b.period, e.at AT TIME ZONE b.time_zone) = date_trunc(b.period, now() AT TIME ZONE b.time_zone))::text
               AS expected, true AS near
      FROM p, LATERAL helix.budget_status(p.user_id) b
SQL
);

# Steps of one length, and steps of a zone's days and months. Sums of quarters and days count in the step that they begin in.
my $steps = <<'SQL';
    asked AS MATERIALIZED (
        SELECT i, c.user_id, model.any_of(model.zones()) AS zone,
               model.any_of('{operation,provider,model,NULL,NULL}'::text[]) AS grouped,
               model.floor_to(model.any_time(), model.any_of('{60,900,3600,86400}'::numeric[])) AS start,
               model.any_of('{1 min,7 min,15 min,1 h,90 min,6 h,24 h,1 day,1 day,7 days,1 mon,1 day 30 min}'::interval[]) AS step,
               1 + floor(random() * 30)::integer AS steps, CASE WHEN random() < 0.2 THEN random() ELSE 0 END AS rest
          FROM generate_series(1, READS) i, chosen c),
    local AS MATERIALIZED (
        SELECT a.*, CASE WHEN EXTRACT(day FROM a.step) > 0 AND random() < 0.7
                         THEN date_trunc('day', a.start AT TIME ZONE a.zone) AT TIME ZONE a.zone ELSE a.start END AS first
          FROM asked a),
    stops AS MATERIALIZED (SELECT l.*, model.floor_to(l.first + l.steps * l.step - l.rest * l.step, 60) AS stop FROM local l),
    p AS MATERIALIZED (
        SELECT s.*, w.quarters_from, least(model.ceil_to(w.minutes_from, 900), w.minutes_closed) AS minutes_from
          FROM stops s, w WHERE s.stop > s.first),
    bounds AS MATERIALIZED (
        SELECT p.i, n, least(p.stop, CASE WHEN EXTRACT(day FROM p.step) = 0 AND EXTRACT(month FROM p.step) = 0
                                          THEN p.first + n * p.step
                                          WHEN n = 0 THEN p.first
                                          ELSE model.first_instant(p.zone, p.first AT TIME ZONE p.zone + n * p.step) END) AS at
          FROM p, generate_series(0, 33) n)
SQL
my $series = <<'SQL' =~ s/SUMS/$sums/r;
    SELECT coalesce(shown.word, 'exact') AS granularity, ROW(p.user_id, p.first, p.stop, p.step, p.zone, p.grouped) AS asked,
           shown.words::text AS shown, expected.words::text AS expected, coalesce(expected.near, true) AS near
      FROM p
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(r.start_at, r.end_at, r.group_key, r.executions, r.successes, r.failures, r.success_rate,
                                 r.cost_usd, r.avg_latency_ms, r.input_tokens, r.cached_input_tokens, r.output_tokens,
                                 r.granularity)::text ORDER BY r.start_at, r.group_key) AS words,
                   jsonb_object_agg(extract(epoch FROM r.start_at) || coalesce(r.group_key, ''),
                                    ARRAY[r.p50_latency_ms, r.p95_latency_ms, r.p99_latency_ms]) AS p,
                   max(r.granularity) AS word
              FROM helix.get_usage_series(p.user_id, p.first, p.stop, p.step, p.zone, p.grouped) r) shown ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(ROW(s.start, s.stop, s.key, s.n, s.good, s.n - s.good, model.rate(s.good, s.n, NULL),
                                 trim_scale(s.usd), s.latency, s.input, s.cached, s.output, s.word)::text
                             ORDER BY s.start, s.key) AS words,
                   bool_and(model.near((SELECT array_agg(x::bigint)
                                          FROM jsonb_array_elements_text(
                                                   shown.p -> (extract(epoch FROM s.start) || coalesce(s.key, ''))) x),
                                       s.p)) AS near
              FROM (SELECT b.at AS start, c.at AS stop, e.key,
                           CASE WHEN b.at < p.quarters_from
                                     AND (b.at <> model.floor_to(b.at, 86400) OR c.at <> model.floor_to(c.at, 86400)) THEN 'day'
                                WHEN b.at < p.minutes_from
                                     AND (b.at <> model.floor_to(b.at, 900) OR c.at <> model.floor_to(c.at, 900))
                                       THEN 'quarter'
                                ELSE 'exact' END AS word, SUMS
                      FROM bounds b
                      JOIN bounds c ON c.i = b.i AND c.n = b.n + 1
                      LEFT JOIN (SELECT e.*, CASE p.grouped WHEN 'operation' THEN e.operation_id WHEN 'provider' THEN e.provider
                                                            WHEN 'model' THEN e.model END AS key,
                                        CASE WHEN NOT e.folded THEN e.at WHEN e.at < p.quarters_from THEN e.utc_day
                                             WHEN e.at < p.minutes_from THEN model.floor_to(e.at, 900) ELSE e.at END AS begins
                                   FROM ledger e WHERE e.at >= p.first - interval '1 day' AND e.at < p.stop + interval '1 day') e
                        ON e.begins >= b.at AND e.begins < c.at
                     WHERE b.i = p.i AND b.at < p.stop AND b.at < c.at AND (e.at IS NOT NULL OR p.grouped IS NULL)
                     GROUP BY b.at, c.at, e.key) s) expected ON true
SQL
$statements{get_usage_series} = [ 20, $one_user, $steps, $series ];
$statements{get_usage_series_of_all} = [ 4, $all_users, $steps, $series ];

# The statements by name, for a psql or pgbench script each.
sub usage_checks {
    return map { $_ => statement($_, @{ $statements{$_} }) } keys %statements;
}

sub statement {
    my ($read, $reads, $ledger_rows, $asked, $compared) = @_;
    my $with = "$ledger_rows,\n$asked" =~ s/READS/$reads/gr;
    return <<"SQL";
INSERT INTO model.checks (read, granularity, checks, wrong, example)
WITH $with,
compared AS (
$compared)
SELECT '$read', c.granularity, count(*), count(*) FILTER (WHERE c.shown IS DISTINCT FROM c.expected OR NOT c.near),
       min(c.asked::text || chr(10) || ' shown ' || coalesce(c.shown, 'null') || chr(10)
           || ' right ' || coalesce(c.expected, 'null'))
           FILTER (WHERE c.shown IS DISTINCT FROM c.expected OR NOT c.near)
  FROM compared c
 GROUP BY 1, 2;
SQL
}

1;
