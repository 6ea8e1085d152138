# Recommendations by the worker: none without a cause in 1,000 random histories, and one user's broken row stops nobody else.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $users = 1000;
my $node = helix_node('main', conf => <<'CONF');
helix.databases = ''
jit = off
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Every user has one of six histories, by turns, of 50 to 110 executions a model and month. They come near a cause and have none:
#   0  a cheaper model that fails a fifth more often (its failures are a cause, which is counted apart)
#   1  a model of the same price, with the same latency and the same failures (at most 5 %)
#   2  prompts that are too short, or a fourth of which is cached
#   3  a budget of 1.1 to 3.5 times what is spent
#   4  a model with a batch tier, half of whose runs cron starts, of which a twentieth is retried
#   5  a model that retires in 91 days or later
sql(<<"SQL");
INSERT INTO helix.model_prices VALUES ('acme', 'large', '2026-01-01', 10, 1, 40), ('acme', 'twin', '2026-01-01', 10, 1, 40),
    ('acme', 'small', '2026-01-01', 1, 0.1, 4), ('acme', 'late', '2026-01-01', 10, 1, 40);
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, usd_per_million)
    VALUES ('acme', 'large', '2026-01-01', 'input', 'batch', 5), ('acme', 'large', '2026-01-01', 'output', 'batch', 20);
INSERT INTO helix.model_retirements VALUES ('acme', 'late', (now() AT TIME ZONE 'UTC')::date + 91);
CREATE FUNCTION person(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    \$\$ SELECT ('4ec00000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid \$\$;
SELECT setseed(0.42);
CREATE TABLE histories AS
    SELECT n, n % 6 AS turn, random() AS chance, 0.05 * random() AS failing, 50 + floor(60 * random())::integer AS size
      FROM generate_series(1, $users) n;
CREATE TABLE parts AS
    SELECT h.*, m.model, a.month,
           CASE WHEN m.model = 'small' THEN h.failing + 0.2 + 0.2 * h.chance ELSE h.failing END AS true_failing,
           CASE h.turn WHEN 2 THEN CASE WHEN h.chance < 0.5 THEN 3800 ELSE 20000 END ELSE 3000 END AS input
      FROM histories h
     CROSS JOIN LATERAL unnest(CASE h.turn WHEN 0 THEN '{large,small}' WHEN 1 THEN '{large,twin}' WHEN 5 THEN '{late}'
                                          ELSE '{large}' END::text[]) m (model)
     CROSS JOIN generate_series(0, CASE WHEN h.turn = 3 THEN 1 ELSE 0 END) a (month);
SELECT count(*) FROM (
    SELECT helix.record_operation_executions(jsonb_agg(jsonb_build_object('user_id', person(p.n), 'operation_id', 'email-compose',
        'model_used', 'acme', 'model', p.model, 'success', random() >= p.true_failing,
        'latency_ms', floor(500 * exp(0.6 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))),
        'input_tokens', p.input - p.input / 4, 'cached_input_tokens', p.input / 4, 'output_tokens', 100,
        'occurred_at', now() - interval '2 hours' - (p.month * 30 + 29 * random()) * interval '1 day')))
      FROM parts p, generate_series(1, p.size)
     GROUP BY p.n) r;
SELECT helix.fold();
INSERT INTO helix.budgets (user_id, period, limit_usd)
    SELECT person(h.n), 'month', s.usd * (1.1 + 2.4 * h.chance)::numeric
      FROM histories h
     CROSS JOIN LATERAL (SELECT sum(cost_usd) / 2 AS usd FROM helix.executions e WHERE e.user_id = person(h.n)) s
     WHERE h.turn = 3;
INSERT INTO helix_internal.schedule_executions (id, user_id, operation_id, execution_status, triggered_by, priority, attempt,
        run_at, created_at)
    SELECT gen_random_uuid(), person(h.n), 'email-compose', 'success', CASE WHEN i % 2 = 0 THEN 'cron' ELSE 'manual' END, 5,
           CASE WHEN random() < 0.05 THEN 2 ELSE 1 END, now(), now()
      FROM histories h, generate_series(1, h.size) i WHERE h.turn = 4;
SQL
my $started = time;
sql("SELECT sum(helix.generate_recommendations(person(n))) FROM generate_series(1, $users) n");
note("$users users took ", time - $started, ' s');
is(sql(q(SELECT r.user_id, r.kind, r.description FROM helix.optimization_recommendations r
          WHERE r.kind <> 'failures' OR r.subject <> 'acme/small')), '', 'nothing is recommended without a cause');
cmp_ok(sql(q(SELECT count(*) FROM helix.optimization_recommendations)), '>', $users / 6 * 0.7,
    'what surely fails too often is told');
is(sql(q(SELECT count(*) FROM helix.verify_ledger())), '0', 'the ledger is untouched');

# ---- The worker: alice's sums are broken, and bob comes after her.
my ($alice, $bob, $idle) = map { sql("SELECT person($_)") } 6, 12, 18;
sql(<<"SQL");
SELECT helix_internal.close_levels(now() + interval '1 hour');
DELETE FROM helix.optimization_recommendations;
DELETE FROM helix_internal.operation_execution_analytics WHERE user_id > '$idle';
UPDATE helix_internal.operation_execution_analytics SET latency_sketch = '\\xff' WHERE user_id = '$alice';
UPDATE helix_internal.operation_execution_analytics SET period_start = period_start - interval '40 days' WHERE user_id = '$idle';
SQL
$node->append_conf('postgresql.conf', "helix.databases = 'postgres'");
$node->restart;
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM helix_internal.recommendation_runs WHERE user_id = '$bob')"),
    'the worker comes to the user behind the broken one');
is(sql(qq(SELECT kind, subject FROM helix.optimization_recommendations WHERE user_id = '$bob')), 'failures|acme/small',
    'and finds what there is');
is(sql(qq(SELECT count(*) FROM helix_internal.recommendation_runs WHERE user_id IN ('$alice', '$idle'))), '0',
    'not what is broken, nor who has run nothing for 30 days');
like(slurp_file($node->logfile), qr/sketch/, 'the log says what is broken');
is(sql(q(SELECT worker_last_error FROM helix.ledger_status())), '', 'for the worker that is no error');

done_testing();
