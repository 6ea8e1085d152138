# Proves the central claim under everything at once: at any moment, in any snapshot, the views equal a recomputation from the
# ledger, while clients record in every way, correct, roll back, wait, prepare and commit later, and three sessions fold and close
# levels, also in transactions of their own rows, in rolled back savepoints and by older snapshots.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 45;
my $least_checks = 10_000;
my $users = 40;

my $node = helix_node('node', conf => <<'CONF');
helix.fold_interval = '10ms'
helix.close_delay = 0
max_prepared_transactions = 50
CONF
my $folder = $node->basedir;

# Levels are closed by a clock that is 160 times as fast: so the time of the test is two hours, in which all events lie.
my $start = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
my $close = "helix_internal.close_levels('$start'::timestamptz + 160 * (clock_timestamp() - '$start'))";
my $occurred = "'$start'::timestamptz + (random() * 150 - 30) * interval '1 minute'";

# :n is a user's number; :user makes its id.
my $user = q(('aaaaaaaa-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid);
my $pick = "\\set n random(1, $users)\n";
my $call = "SELECT helix.record_operation_execution($user, 'email-compose', current_date - :n % 3, true, 10 * :n, "
  . "(random() * 1e9)::bigint / 1e12, (ARRAY['anthropic', 'deepseek', 'gemini', 'openai'])[:n % 4 + 1], "
  . "p_occurred_at => $occurred);\n";
my $array = <<"SQL" =~ s/\s+/ /gr . "\n";
SELECT helix.record_operation_executions(
  (SELECT jsonb_agg(jsonb_build_object('user_id', 'aaaaaaaa-0000-4000-8000-' || lpad(((:n + i) % $users + 1)::text, 12, '0'),
          'operation_id', 'task-breakdown', 'success', i % 2 = 0, 'latency_ms', 1000 * i, 'cost_usd', 0.000001 * i,
          'model_used', 'gemini')) FROM generate_series(1, 6) i));
SQL

# A stream's end, said twice; a refund; and the end of whatever a user did last, which others may be finalizing too.
my $correct = $call =~ s/;\n\z/ AS id \\gset\n/r . <<"SQL";
SELECT helix.finalize_execution(:id, p_cost_usd => 0.000001 * :n);
\\sleep 30 ms
SELECT helix.finalize_execution(:id, p_cost_usd => 0.0000001 * :n);
SELECT helix.adjust_cost($user, 'email-compose', -0.00000001, 'refund', p_execution_id => :id);
SQL
my $last = <<"SQL" =~ s/\s+/ /gr . "\n";
SELECT helix.finalize_execution(e.id, p_cost_usd => (random() * 1e9)::bigint / 1e12)
  FROM helix_internal.executions e WHERE e.user_id = $user AND e.corrects IS NULL ORDER BY e.xid DESC LIMIT 1;
SQL

# The server copies from a file, since pgbench cannot: twenty rows for as many users.
append_to_file("$folder/copy.csv", join '', map { user_id($_) . ",calendar-prep,true,$_,0.00000000$_,deepseek\n" } 1 .. 20);
my $copy = "COPY helix.executions (user_id, operation_id, success, latency_ms, cost_usd, model_used)
    FROM '$folder/copy.csv' (FORMAT csv);\n";
my $caught = <<"SQL" =~ s/\s+/ /gr . "\n";
DO \$\$
DECLARE
    me CONSTANT uuid := '${\user_id(7)}';
BEGIN
    PERFORM helix.record_operation_execution(me, 'email-respond', NULL, true, 1, 0.5, 'openai');
    BEGIN
        PERFORM helix.record_operation_execution(me, 'email-respond', NULL, true, 1, 99, 'openai');
        RAISE EXCEPTION 'no';
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
END \$\$;
SQL

my @load = (
    start_pgbench($node, 'load', [ '-c4', "-T$seconds", '--rate=120' ],
        single => [ $pick . $call, 20 ],
        array => [ $pick . $array, 4 ],
        copy => [ $copy, 1 ],
        savepoint => [ "${pick}BEGIN; $call SAVEPOINT a; $call SAVEPOINT b; $call"
              . "ROLLBACK TO a; $call RELEASE a; COMMIT;\n", 4 ],
        caught => [ $caught, 3 ],
        correct => [ $pick . $correct, 4 ],
        last => [ "\\set n random(1, 3)\n$last", 4 ],
        abort => [ "${pick}BEGIN;\n${call}${array}ROLLBACK;\n", 3 ]),
    start_pgbench($node, 'slow', [ '-c4', "-T$seconds" ],
        long => "$pick\\set ms random(1000, 3000)\nBEGIN;\n$call\\sleep :ms ms\n${call}COMMIT;\n",
        repeatable => "$pick\\set ms random(200, 1000)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\n$call"
          . "\\sleep :ms ms\n$array COMMIT;\n"),
    start_pgbench($node, 'prepared', [ '-c4', "-T$seconds" ],
        two_phase => "$pick\\set ms random(10, 1500)\nBEGIN;\n$call${array}PREPARE TRANSACTION 'p_:client_id';\n"
          . "\\sleep :ms ms\n\\if random(1, 3) > 1\nCOMMIT PREPARED 'p_:client_id';\n"
          . "\\else\nROLLBACK PREPARED 'p_:client_id';\n\\endif\n"),
    start_pgbench($node, 'fold', [ '-c2', "-T$seconds", '--max-tries=1000' ],
        fold => [ "SELECT helix.fold();\n\\sleep 20 ms\n", 12 ],
        close => [ "SELECT $close;\n\\sleep 20 ms\n", 6 ],
        among_own => [ "${pick}BEGIN;\n${call}SELECT helix.fold();\n\\sleep 30 ms\n${call}COMMIT;\n", 2 ],
        undone => [ "${pick}BEGIN;\n${call}SAVEPOINT f;\nSELECT helix.fold();\nROLLBACK TO f;\n${call}COMMIT;\n", 2 ],
        repeatable => [ "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM helix.cost_trends;\n\\sleep 5 ms\n"
              . "SELECT helix.fold();\nSELECT $close;\nCOMMIT;\n", 2 ]));

# One statement each, of one user: by division by zero it ends the checker, and the test, where it finds a difference.
my $check = "SELECT 1 / (CASE WHEN (" . differences($user) . ") = 0 THEN 1 ELSE 0 END);\n";
my $whole = "SELECT 1 / (CASE WHEN (" . differences() . ") = 0 THEN 1 ELSE 0 END);\n";
my @checks = (
    start_pgbench($node, 'check', [ '-c3', "-T$seconds", '-Mprepared' ], one_user => $pick . $check),
    start_pgbench($node, 'whole', [ '-c1', "-T$seconds", '--rate=2' ], all_users => $whole));

$_->finish for @load, @checks;
my ($index, $checked, $processed) = (0, 0, 0);
for my $name (qw(load slow prepared fold check whole)) {
    my $run = (@load, @checks)[ $index++ ];
    is($run->result(0), 0, $name =~ /check|whole/ ? "$name: no check was wrong" : "$name: ran to its end")
      or diag slurp_file("$folder/$name.log.err");
    my ($count) = slurp_file("$folder/$name.log") =~ /actually processed: (\d+)/;
    note "$name: $count";
    $checked += $count if $name =~ /check|whole/;
    $processed += $count if $name !~ /check|whole/;
}
cmp_ok($checked, '>=', $least_checks, "there were $checked checks");
cmp_ok($processed, '>', 50 * $seconds, "against $processed transactions");

is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'), '0', 'no prepared transaction is left');
ok(wait_until_folded($node), 'the rest is folded');
is_exact($node, 'afterwards');
is($node->safe_psql('postgres', 'SELECT count(*) FROM helix.executions WHERE cost_usd = 99'), '0',
    'what was rolled back is not there');
is($node->safe_psql('postgres', 'SELECT folded_rows FROM helix.ledger_status()'),
    $node->safe_psql('postgres', 'SELECT count(*) FROM helix.executions WHERE corrects IS NULL'),
    'every execution was folded once');
is($node->safe_psql('postgres', 'SELECT count(*) > 100 FROM helix.executions WHERE corrects IS NOT NULL'), 't',
    'many were corrected');
is($node->safe_psql('postgres', 'SELECT worker_last_error FROM helix.ledger_status()'), '', 'the worker had no trouble');
note $node->safe_psql('postgres', 'SELECT count(*) FROM helix.executions') . ' executions';

done_testing();
