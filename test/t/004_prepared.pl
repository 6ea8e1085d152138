# Proves that a transaction counts from its commit on and once, however long it was open and however many folds went by: its
# executions are not seen before, are read from the tail after it, and are folded then. So with prepared transactions, also
# across a restart, with savepoints, and with a snapshot that is older than the folds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('node', conf => "helix.fold_interval = '1h'\n");
my $me = user_id(1);
my $mine = "SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = '$me'";
my $status = 'SELECT unfolded_rows, folded_rows FROM helix.ledger_status()';

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub fold { return sql('SELECT helix.fold()') }

# Records one execution of another user and folds: the transaction ids move on.
my $others = 0;
sub others_go_on {
    for (1 .. $_[0] // 10) {
        record($node, user_id => user_id(2));
        $others += fold();
    }
}

sub prepare {
    my ($name, @calls) = @_;
    sql(join '; ', 'BEGIN', @calls, "PREPARE TRANSACTION '$name'");
}

record($node, cost_usd => 1);
is(fold(), '1', 'a committed execution is folded');

# Prepared, rolled back, and rolled back in part.
prepare('kept', record_call(cost_usd => 10), 'SAVEPOINT a', record_call(cost_usd => 5000), 'ROLLBACK TO a',
    record_call(cost_usd => 20), 'SAVEPOINT b', record_call(cost_usd => 30), 'RELEASE b');
prepare('dropped', record_call(cost_usd => 7000));
prepare('late', record_call(cost_usd => 100));
my $open = $node->background_psql('postgres');
$open->query_safe('BEGIN');
record($open, cost_usd => 200);
$open->query_safe('SAVEPOINT c');
record($open, cost_usd => 9000);
$open->query_safe('ROLLBACK TO c');
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($old->query_safe($mine), '1|1', 'an old snapshot reads what is committed');

others_go_on(30);
is(sql($mine), '1|1', 'what is not committed does not count');
is(sql('SELECT cardinality(open_xids) FROM helix_internal.watermark'), '4', 'the watermark remembers four open transactions');
is(sql($status), "0|" . ($others + 1), 'none of them holds up the folds of others');
is_exact($node, 'four open');
is($open->query_safe($mine), '2|201', 'the open one reads its own execution');

sql(q(COMMIT PREPARED 'kept'));
is(sql($mine), '4|61', 'a prepared transaction counts as soon as it is committed');
is(sql($status), '3|' . ($others + 1), 'from the tail');
is($old->query_safe($mine), '1|1', 'but not in an old snapshot');
is_exact($node, 'committed, not folded');
sql(q(ROLLBACK PREPARED 'dropped'));
is(sql($mine), '4|61', 'one rolled back never counts');
is(fold(), '3', 'the fold takes it');
is(fold(), '0', 'once');
is($old->query_safe($mine), '1|1', 'folding changes nothing in an old snapshot');
is($old->query_safe(differences()), '0', 'in which the views equal a recomputation');
is(sql('SELECT cardinality(open_xids) FROM helix_internal.watermark'), '2', 'two are still open');
is_exact($node, 'two open');

# A restart keeps the prepared one and ends the open one.
is($open->query_safe($mine), '5|261', 'an open transaction reads the rollups and its own execution');
$open->quit;
$old->quit;
$node->restart;
others_go_on();
is(sql($mine), '4|61', 'after a restart the sums are the same');
sql(q(COMMIT PREPARED 'late'));
is(sql($mine), '5|161', 'a transaction that was prepared before it counts');
others_go_on(1);
is(sql('SELECT cardinality(open_xids) FROM helix_internal.watermark'), '0', 'none is open any more');
is_exact($node, 'after a restart');

# A transaction that folds counts its own executions neither twice nor never.
my $self = $node->background_psql('postgres');
$self->query_safe('BEGIN');
record($self, cost_usd => 1000);
is($self->query_safe('SELECT helix.fold()'), '0', 'a transaction does not fold its own executions');
is($self->query_safe($mine), '6|1161', 'which it reads');
is($self->query_safe(differences()), '0', 'exactly');
record($self, cost_usd => 2000);
$self->query_safe('COMMIT');
is(sql($mine), '7|3161', 'committed, they count');
others_go_on(1);
is(sql($mine), '7|3161', 'folded, too');
is_exact($node, 'after folding in a transaction');

# A fold that is rolled back has not been; nor one that is prepared, until it is committed.
record($node, cost_usd => 10000);
is($self->query_safe('BEGIN; SELECT helix.fold()'), '1', 'a fold');
$self->query_safe('ROLLBACK');
is(sql($mine), '8|13161', 'rolled back, changes no sum');
is(sql('SELECT unfolded_rows FROM helix.ledger_status()'), '1', 'and leaves the tail');
prepare('fold', 'SELECT helix.fold()');
is(sql($mine), '8|13161', 'a prepared fold changes no sum');
record($node, cost_usd => 20000);
is(sql($mine), '9|33161', 'nor hinders recording');
sql(q(COMMIT PREPARED 'fold'));
is(sql($mine), '9|33161', 'committed, it is as if it had always been');
is(sql('SELECT unfolded_rows FROM helix.ledger_status()'), '1', 'and only the later execution is left');
is_exact($node, 'after a prepared fold');

# The first recording of all takes the watermark; whoever comes meanwhile loses nothing, even when it is rolled back.
$self->quit;
sql('CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION helix');
my ($first, $second) = map { $node->background_psql('fresh') } 1, 2;
$first->query_safe('BEGIN');
record($first, cost_usd => 1);
$second->query_until(qr/go/, "\\echo go\n" . record_call(cost_usd => 2) . ";\n");
$node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'fresh'
    AND query LIKE '%record%' AND (wait_event_type = 'Lock' OR state = 'idle'))) or die 'no second recording';
$first->query_safe('ROLLBACK');
$second->query_safe('SELECT 1');
is($node->safe_psql('fresh', $mine), '1|2', 'rolled back, it gives way to the second');
record($first, cost_usd => 4);
is($node->safe_psql('fresh', 'SELECT helix.fold()'), '2', 'both sessions go on');
is_exact($node, 'a first recording rolled back', 'fresh');
$_->quit for $first, $second;

done_testing();
