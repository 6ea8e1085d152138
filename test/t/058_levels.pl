# The levels of the rollup. While folds and closes happen at random moments, the views equal a recomputation (059_usage_reads.pl has
# all other reads). What kills and dumps find between a fold and a close is as exact.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 12;
my $least_checks = 500;
my $users = 10;

# No worker: what is folded and closed when is the test's own choice.
my $node = helix_node('node', conf => <<'CONF');
helix.databases = ''
helix.close_delay = 0
helix.usage_minutes_retention = 1h
CONF
my $folder = $node->basedir;

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Minutes of all that was ever recorded are there still.
record($node, occurred_at => '2020-01-01T00:00Z');
sql('SELECT helix.fold(); SELECT helix_internal.close_levels(); SELECT helix_internal.retire_levels()');
is(sql('SELECT quarters_from FROM helix_internal.watermark'), '-infinity', 'quarters stay as long as minutes do');

# Time goes 600 times as fast: 12 seconds are 2 hours, in which minutes are closed, and their slots turned and emptied.
my $start = sql('SELECT clock_timestamp()');
my $now = "('$start'::timestamptz + 600 * (clock_timestamp() - '$start'::timestamptz))";
my $user = q(('aaaaaaaa-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid);
my $pick = "\\set n random(1, $users)\n";
my $occurred = "$now + (random() * 100 - 90) * interval '1 minute'";
my $call = "SELECT helix.record_operation_execution($user, (ARRAY['email-compose', 'task-breakdown'])[:n % 2 + 1], "
  . "CASE WHEN random() < 0.3 THEN current_date - 1 END, random() < 0.8, (random() * 3000)::integer, "
  . "(random() * 1e9)::bigint / 1e12, "
  . "(ARRAY['anthropic', 'deepseek', 'gemini', 'openai'])[:n % 4 + 1], p_occurred_at => $occurred) AS id";
my $adjust = "SELECT helix.adjust_cost($user, 'email-compose', -0.00001, 'refund', p_occurred_at => $occurred);\n";
my @load = (
    start_pgbench($node, 'load', [ '-c3', "-T$seconds", '--rate=150' ],
        single => [ "$pick$call;\n", 20 ],
        finalized => [ "$pick$call \\gset\n\\sleep 20 ms\nSELECT helix.finalize_execution(:id, p_cost_usd => 0.000001 * :n);\n"
              . "SELECT helix.adjust_cost($user, (SELECT operation_id FROM helix_internal.executions WHERE id = :id), -0.0000001, "
              . "'refund', p_execution_id => :id);\n", 4 ],
        adjust => [ $pick . $adjust, 2 ],
        abort => [ "${pick}BEGIN;\n$call;\nROLLBACK;\n", 1 ]),
    start_pgbench($node, 'slow', [ '-c2', "-T$seconds" ],
        long => "$pick\\set ms random(300, 2000)\nBEGIN;\n$call;\n\\sleep :ms ms\n$call;\nCOMMIT;\n"),
    start_pgbench($node, 'levels', [ '-c2', "-T$seconds", '--max-tries=1000' ],
        fold => [ "SELECT helix.fold();\n\\sleep 30 ms\n", 8 ],
        close => [ "SELECT helix_internal.close_levels($now);\n\\sleep 30 ms\n", 4 ],
        both => [ "BEGIN;\nSELECT helix.fold();\nSELECT helix_internal.close_levels($now);\nCOMMIT;\n", 2 ],
        undone => [ "BEGIN;\nSELECT helix_internal.close_levels($now);\n\\sleep 10 ms\nROLLBACK;\n", 1 ],
        retire => [ "SELECT helix_internal.retire_levels($now);\n", 1 ]));
my $check = "SELECT 1 / (CASE WHEN (" . differences($user) . ") = 0 THEN 1 ELSE 0 END);\n";
my @checks = (
    start_pgbench($node, 'check', [ '-c2', "-T$seconds", '-Mprepared' ], one_user => $pick . $check),
    start_pgbench($node, 'old', [ '-c1', "-T$seconds" ],
        old_snapshot => "${pick}BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n\\sleep 500 ms\n${check}COMMIT;\n"));
$_->finish for @load, @checks;
my %done;
for my $run ([ load => $load[0] ], [ slow => $load[1] ], [ levels => $load[2] ], [ check => $checks[0] ], [ old => $checks[1] ]) {
    my ($name, $bench) = @$run;
    is($bench->result(0), 0, "$name: ran to its end, and nothing was wrong") or diag slurp_file("$folder/$name.log.err");
    ($done{$name}) = slurp_file("$folder/$name.log") =~ /actually processed: (\d+)/;
    note "$name: $done{$name}";
}
cmp_ok($done{check}, '>=', $least_checks, "there were $done{check} checks");
is(sql(q(SELECT minutes_closed > now(), minutes_from > '-infinity', slot > 0 OR slot_left_by > 0 FROM helix_internal.watermark)),
    't|t|t', 'minutes were closed, and slots of them have turned');
sql('SELECT helix.fold()');
is_exact($node, 'afterwards');

# Phases: each is left by a kill, and dumped.
my $phase = 0;
sub is_exact_everywhere {
    my ($name) = @_;
    my $reads = all_reads($node);
    $node->stop('immediate');
    $node->start;
    is(all_reads($node), $reads, "$name: a crash changes nothing");
    is_exact($node, $name);
    my $copy = 'phase' . ++$phase;
    sql("CREATE DATABASE $copy");
    my $dump = "$folder/$copy.sql";
    $node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], "$name: dumped");
    $node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr($copy) ], "$name: restored");
    is(all_reads($node, $copy), $reads, "$name: the copy reads the same");
    $node->safe_psql($copy, 'SELECT helix.fold(); SELECT helix_internal.close_levels()');
    record($node, database => $copy);
    $node->safe_psql($copy, 'SELECT helix.fold(); SELECT helix_internal.close_levels()');
    is_exact($node, "$name: the copy goes on", $copy);
}

my @times = ("now()", "$now - interval '20 minutes'", "$now + interval '3 hours'");
my $record = sub {
    sql(sprintf(q(SELECT helix.record_operation_execution('%s', 'email-compose', NULL, true, 5, 0.25, 'openai',
        p_occurred_at => %s)), user_id(1), $_)) for @times;
};
$record->();
is_exact_everywhere('recorded');
sql('SELECT helix.fold()');
is_exact_everywhere('folded');
sql("SELECT helix_internal.close_levels($now)");
is_exact_everywhere('closed');
$record->();
sql('SELECT helix.fold()');
sql("SELECT helix_internal.retire_levels($now + interval '1 day')");
is_exact_everywhere('retired');

# A fold, a close, and slots that turn, that are killed while they are open.
for my $step ('helix.fold()', "helix_internal.close_levels($now + interval '1 hour')",
    "helix_internal.retire_levels($now + interval '2 days')") {
    $record->();
    my $reads = all_reads($node);
    my $session = $node->background_psql('postgres');
    my $pid = $session->query_safe('SELECT pg_backend_pid()');
    $session->query_safe("BEGIN; SELECT $step");
    kill 'KILL', $pid;
    $node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
    eval { $session->quit };
    is(all_reads($node), $reads, "$step: killed before its commit");
    sql("SELECT $step");
    is(all_reads($node), $reads, "$step: done again");
    is_exact($node, $step);
}

# Prices change what all levels have, also maxima that get lower.
sql(q(INSERT INTO helix.model_prices VALUES ('acme', 'level-model', '2020-01-01', 7, 7, 7)));
sql(sprintf q(SELECT count(helix.record_operation_execution('%s', 'email-compose', NULL, true, 1, NULL, 'level-model',
        p_input_tokens => 1000000 + i, p_occurred_at => %s + (i - 60) * interval '1 minute')) FROM generate_series(1, 90) i),
    user_id(2), $now);
sql("SELECT helix.fold(); SELECT helix_internal.close_levels($now)");
for my $price (9, 3) {
    sql("UPDATE helix.model_prices SET input_usd_per_mtok = $price WHERE model = 'level-model'");
    is(sql("SELECT executions FROM helix.reprice('2020-01-01', now() + interval '10 days', 'level-model')"), '90',
        "repriced to $price");
    is_exact($node, "repriced to $price");
}
sql("SELECT helix_internal.close_levels($now + interval '3 hours')");
is_exact($node, 'repriced and closed');

$node->stop;
done_testing();
