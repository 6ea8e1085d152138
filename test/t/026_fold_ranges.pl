# Where a fold looks: whatever has been open for long or briefly is counted once when it ends, and the ledger is never read as a
# whole, however small it was when the worker planned its first fold.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $many = 1500;
my $node = helix_node('main', conf => "helix.fold_interval = 1h\nhelix.fold_rows = 1000000\nautovacuum = off\n");

# Each in a transaction of its own.
sub record_singly {
    my ($count) = @_;
    my $run = start_pgbench($node, "singly-$count", [ '-n', '-c1', "-t$count" ], "single-$count" => 'SET synchronous_commit = off; '
        . record_call() . ';');
    $run->finish;
    is($run->result(0), 0, "$count transactions record");
}

sub fold { return $node->safe_psql('postgres', 'SELECT helix.fold()') }

record($node);    # claims the ledger, so that no fold waits for an open one that does
is(fold(), 1, 'the first one is folded');
my %open = map { $_ => $node->background_psql('postgres') } qw(far near rolled_back);
for my $session (@open{qw(far rolled_back)}) {
    $session->query_safe('BEGIN');
    record($session, cost_usd => 100);
}
record_singly($many);
$open{near}->query_safe('BEGIN');
record($open{near}, cost_usd => 10_000);
record_singly(100);
is(fold(), $many + 100, 'what has ended is folded, past three that are open');
is(fold(), 0, 'nothing is folded twice');

$open{near}->query_safe('COMMIT');
is(fold(), 1, 'the near one is folded when it ends');
$open{rolled_back}->query_safe('ROLLBACK');
is(fold(), 0, 'one that was rolled back adds nothing');
record_singly(50);
$open{far}->query_safe('COMMIT');
is(fold(), 51, 'the far one is folded when it ends, with what came meanwhile');
is($node->safe_psql('postgres', 'SELECT folded_rows, folded_cost_usd FROM helix_internal.watermark'),
    ($many + 153) . '|' . sprintf('%.3f', 100 + 10_000 + ($many + 151) * 0.001),
    'rows and cost are those of all that were committed');
is_exact($node, 'every sum is that of the ledger');
$_->quit for values %open;

# The worker begins while the ledger is small, and it is never analysed.
my $scans = "SELECT seq_scan || ' ' || coalesce((SELECT idx_scan FROM pg_stat_user_indexes i WHERE i.relid = t.relid
    AND indexrelname LIKE '%_user'), 0)
    FROM pg_stat_user_tables t WHERE n_live_tup > 0 AND relname LIKE 'executions_2%'";
$node->append_conf('postgresql.conf', "helix.fold_interval = 50ms\n");
$node->reload;
my $folded = $many + 153;

# Polls what has nothing to do with the ledger's own tables.
sub wait_for_folds {
    $node->poll_query_until('postgres', "SELECT folded_rows = $folded FROM helix_internal.watermark")
        or die 'the worker does not fold';
}

for my $round (1 .. 8) {
    record($node);
    ++$folded;
    wait_for_folds();
}
my $before = $node->safe_psql('postgres', $scans);
for my $round (1 .. 5) {
    record_many($node, 2000);
    $folded += 2000;
    wait_for_folds();
}
is($node->safe_psql('postgres', $scans), $before, 'folds read neither the whole month nor its index of users');
is_exact($node, 'every sum is that of the ledger still');

# Open while much is recorded after it, by one transaction, and nothing else happens then.
my $idle = $node->background_psql('postgres');
$idle->query_safe('BEGIN');
record($idle);
my $rows = 200_000;
$node->safe_psql('postgres', "SELECT count(helix.record_operation_executions(
        array_fill('" . user_id(2)
        . "'::uuid, ARRAY[1000]), array_fill('email-compose'::text, ARRAY[1000]), array_fill(current_date, ARRAY[1000]),
        array_fill(true, ARRAY[1000]), array_fill(10, ARRAY[1000]), array_fill(0.001::numeric, ARRAY[1000]),
        array_fill('openai'::text, ARRAY[1000])))
    FROM generate_series(1, $rows / 1000)");
$folded += $rows;
wait_for_folds();
$node->append_conf('postgresql.conf', "helix.fold_interval = 1h\n");
$node->reload;
$node->safe_psql('postgres', q{SELECT brin_summarize_new_values(indexrelid::regclass) FROM pg_stat_user_indexes
    WHERE indexrelname LIKE 'executions_2%_xid_id'});
my $fetched = q{SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE n_live_tup > 0 AND relname LIKE 'executions_2%'};
$before = $node->safe_psql('postgres', $fetched);
is(fold(), 0, 'there is nothing to fold');
cmp_ok($node->safe_psql('postgres', $fetched) - $before, '<', $rows / 4, 'one that is open costs its own ranges alone');
$idle->query_safe('COMMIT');
is(fold(), 1, 'until it ends');
$idle->quit;

$node->stop;
done_testing();
