# Every read of usage against plain arithmetic, 100,000 times: of random users, ranges, zones, steps and groups, each in one
# statement with its arithmetic. Meanwhile executions and adjustments come in the past, now and in the future, with their own date
# or without, prices change, and folds, closes and retirements happen at random moments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;
use UsageModel;
use UsageReads;

my $users = 30;
my $least_checks = 100_000;

# No worker: what is folded and closed when is the test's own choice.
my $node = helix_node('node', conf => <<'CONF');
jit = off
helix.databases = ''
helix.close_delay = 0
helix.usage_minutes_retention = 12h
helix.usage_quarters_retention = 4000d
helix.dimensions = 'team'
helix.date_ahead = 500
helix.occurred_at_ahead = 365d
CONF
my $folder = $node->basedir;

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Events follow a fast clock. It begins 45 days ago and goes a day in 4 seconds. So each level is closed and given up many times.
my $start = sql('SELECT clock_timestamp()');
sql(model_setup("least(clock_timestamp(), timestamptz '$start' - interval '45 days' "
      . "+ 21600 * (clock_timestamp() - timestamptz '$start'))", $users));
sql(<<'SQL');
CREATE ROLE reader LOGIN;
CREATE ROLE reader_service;
SELECT helix.grant_api_access('reader', 'reader_service');
GRANT USAGE ON SCHEMA model, helix_internal TO reader;
GRANT ALL ON ALL TABLES IN SCHEMA model TO reader;
INSERT INTO helix.model_prices VALUES ('acme', 'level-model', '1970-01-01', 5, 5, 5);
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd, time_zone, hard)
    SELECT ('aaaaaaaa-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, b.operation, b.period, 1e6, b.zone, false
      FROM generate_series(1, 30) i, (VALUES (NULL, 'day', 'Asia/Kathmandu'), (NULL, 'week', 'America/New_York'),
                                             (NULL, 'month', 'UTC'), ('email-compose', 'day', 'Australia/Lord_Howe'))
                                     b (operation, period, zone)
SQL
record($node);
sql('SELECT helix.fold()');
sql('UPDATE helix_internal.watermark SET slot_since = model.clock()');

my $pick = "\\set n random(1, $users)\n";
my $user = q(('aaaaaaaa-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid);
my $call = <<"SQL" =~ s/\s*\n\s*/ /gr;
SELECT helix.record_operation_execution($user, model.any_of('{email-compose,task-breakdown}'::text[]),
    CASE WHEN random() < 0.3 THEN current_date - floor(random() * 40)::integer END, random() < 0.8,
    CASE WHEN random() < 0.9 THEN floor(3000 * random() ^ 3)::integer END, p.usd,
    CASE WHEN p.usd IS NULL THEN 'level-model' ELSE model.any_of('{anthropic,deepseek,gemini,openai,acme}'::text[]) END,
    p_input_tokens => floor(random() * 1000)::integer, p_output_tokens => CASE WHEN random() < 0.5 THEN 7 END,
    p_occurred_at => model.any_time(),
    p_metadata => CASE WHEN random() < 0.7 THEN jsonb_build_object('team', floor(random() * 5)) END) AS id
  FROM (SELECT CASE WHEN random() < 0.8 THEN (random() * 1e9)::bigint / 1e12 END AS usd OFFSET 0) p
SQL
my $correct = "$pick$call \\gset\n\\sleep 20 ms\nSELECT helix.finalize_execution(:id, p_cost_usd => 0.000001 * :n);\n"
  . "SELECT helix.adjust_cost($user, operation_id, -0.0000001, 'refund', p_execution_id => :id) FROM helix_internal.executions "
  . "WHERE id = :id;\n";
my $adjust = "SELECT helix.adjust_cost($user, 'email-compose', -0.00001, 'refund', p_occurred_at => model.any_time());\n";
my @endless = ('-T3600');
my %load = (
    load => start_pgbench($node, 'load', [ '-c2', '--rate=40', @endless ],
        single => [ "$pick$call;\n", 20 ],
        corrected => [ $correct, 4 ],
        adjusted => [ $pick . $adjust, 2 ],
        undone => [ "${pick}BEGIN;\n$call;\nROLLBACK;\n", 1 ]),
    slow => start_pgbench($node, 'slow', [ '-c2', @endless ],
        long => "$pick\\set ms random(300, 2000)\nBEGIN;\n$call;\n\\sleep :ms ms\n$call;\nCOMMIT;\n"),
    levels => start_pgbench($node, 'levels', [ '-c2', '--max-tries=1000', @endless ],
        fold => [ "SELECT helix.fold();\n\\sleep 60 ms\n", 8 ],
        close => [ "SELECT helix_internal.close_levels(model.clock());\n\\sleep 60 ms\n", 4 ],
        both => [ "BEGIN;\nSELECT helix.fold();\nSELECT helix_internal.close_levels(model.clock());\nCOMMIT;\n", 2 ],
        undone => [ "BEGIN;\nSELECT helix_internal.close_levels(model.clock());\n\\sleep 10 ms\nROLLBACK;\n", 1 ],
        retire => [ "SELECT helix_internal.retire_levels(model.clock());\n\\sleep 30 ms\n", 2 ],
        reprice => [ "UPDATE helix.model_prices SET input_usd_per_mtok = 9 - input_usd_per_mtok WHERE model = 'level-model';\n"
              . "SELECT helix.reprice('1970-01-01', '2200-01-01', 'level-model');\n\\sleep 200 ms\n", 1 ]));

# How often each statement comes. It makes from 4 to 100 checks.
my %weights = (
    get_period_summary => 5, get_all_operation_metrics => 4, get_operation_metrics => 4, calculate_success_rate => 3,
    monthly_costs => 4, cost_trends => 4, operation_execution_analytics => 3, get_cost_trends => 4, get_usage_series => 4,
    get_dashboard => 1, get_cost_by_dimension => 1, budget_status => 2, get_usage_series_of_all => 1);
my %statements = usage_checks();
my %all = map { $_ => [ $statements{$_}, $weights{$_} ] } keys %statements;
my %own = %all;
delete $own{get_usage_series_of_all};
my %old = map {
    $_ => [ "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n\\sleep 200 ms\n$statements{$_}COMMIT;\n", $weights{$_} ]
} keys %statements;

sub start_reader {
    my ($settings, @arguments) = @_;
    local $ENV{PGOPTIONS} = $settings;
    return start_pgbench($node, @arguments);
}
my %checkers = (
    owner => start_reader('', 'owner', [ '-c2', '-Mprepared', '-t900' ], %all),
    old_snapshot => start_reader('-c timezone=Australia/Lord_Howe -c datestyle=German -c intervalstyle=sql_standard',
        'old_snapshot', [ '-c2', '-t150' ], %old),
    signed_in => start_reader('-c role=reader -c helix.user_id=' . user_id(7),
        'signed_in', [ '-c1', '-Mprepared', '-t350' ], %own));

# Quarters are given up once a part of the reads has seen all of them.
$node->poll_query_until('postgres', "SELECT coalesce(sum(checks), 0) > $least_checks / 4 FROM model.checks")
  or BAIL_OUT('there are no checks');
$node->append_conf('postgresql.conf', "helix.usage_quarters_retention = 41d\n");
$node->reload;

for my $name (sort keys %checkers) {
    $checkers{$name}->finish;
    is($checkers{$name}->result(0), 0, "$name: ran to its end") or diag slurp_file("$folder/$name.log.err");
}
for my $name (sort keys %load) {
    ok($load{$name}->pumpable, "$name: went on until then") or diag slurp_file("$folder/$name.log.err");
    $load{$name}->kill_kill;
    unlike(slurp_file("$folder/$name.log.err"), qr/ERROR|aborted/, "$name: without an error");
}

my $checks = sql('SELECT sum(checks) FROM model.checks');
note sql('SELECT read, granularity, sum(checks), sum(wrong) FROM model.checks GROUP BY 1, 2 ORDER BY 1, 2');
cmp_ok($checks, '>=', $least_checks, "there were $checks checks");
is(sql("SELECT read || ' of ' || example FROM model.checks WHERE wrong > 0 ORDER BY length(example) LIMIT 1"), '',
    'none was wrong');
is(sql('SELECT count(DISTINCT read) FROM model.checks'), scalar(keys %statements), 'every read was compared');
is(sql(q(SELECT string_agg(granularity, ' ' ORDER BY granularity) FROM (
        SELECT granularity FROM model.checks WHERE read = 'get_period_summary' GROUP BY 1 HAVING sum(checks) > 100) g)),
    'day exact minute quarter', 'ranges were widened to each level');
is(sql(q(SELECT string_agg(granularity, ' ' ORDER BY granularity) FROM (
        SELECT granularity FROM model.checks WHERE read = 'get_usage_series' GROUP BY 1 HAVING sum(checks) > 20) g)),
    'day exact quarter', 'so were steps');
for my $word ('day', 'utc day') {
    cmp_ok(sql("SELECT sum(checks) FROM model.checks WHERE read = 'get_cost_trends' AND granularity = '$word'"), '>', 100,
        "$word in trends");
}
is(sql(q(SELECT minutes_closed > minutes_from, quarters_closed > quarters_from, quarters_from > '-infinity',
                slot_left_by > 0 FROM helix_internal.watermark)),
    't|t|t|t', 'levels were closed and given up');
is_exact($node, 'afterwards');
sql('SELECT helix.fold()');
is_exact($node, 'folded');

$node->stop;
done_testing();
