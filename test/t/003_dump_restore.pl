# Proves that a dump carries the ledger: restored into another cluster or another database, plain or parallel, with the worker
# of that database running, it reads the same to the last decimal, and recording and folding go on exactly from there.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $quiet = "helix.fold_interval = '1h'\n";
my $eager = "helix.fold_interval = '10ms'\n";
my $own_rows = q(SELECT 'operation', operation_id, name FROM helix.operations WHERE NOT shipped
    UNION ALL SELECT 'price', provider || ' ' || model || ' ' || valid_from, input_usd_per_mtok::text
                FROM helix.model_prices WHERE NOT shipped ORDER BY 1, 2);
my $catalog_size = 'SELECT (SELECT count(*) FROM helix.operations), (SELECT count(*) FROM helix.model_prices)';
my $watermark = 'SELECT w::text FROM helix_internal.watermark w';

# The source's transaction ids are beyond 32 bits, so those of the other clusters are much lower. It has no worker: one folds when
# it starts, and it starts when it likes.
my $source = helix_node('source', conf => $quiet . "helix.databases = ''\n",
    before_start => sub { command_ok([ 'pg_resetwal', '-e', '7', $_[0]->data_dir ], 'source: high transaction ids') });
$source->safe_psql('postgres', 'CREATE DATABASE app');
$source->safe_psql('app', <<'SQL');
CREATE EXTENSION helix;
INSERT INTO helix.operations (operation_id, name) VALUES ('own-operation', 'Ours'), ('email-compose', 'Renamed');
INSERT INTO helix.model_prices SELECT provider, model, valid_from, 77, 7, 777 FROM helix.model_prices
 WHERE model = 'gemini-2.5-pro';
INSERT INTO helix.model_prices VALUES ('openai', 'own-model', '2020-01-01', 1, 1, 1);
SQL

# Folded rows, rows of a transaction that was open at the fold, and rows recorded after it.
record_many($source, 500, database => 'app');
my $open = $source->background_psql('app');
$open->query_safe('BEGIN');
record_many($open, 70, seed => 5);
my $known =
  record($source, database => 'app', request_id => 'known', operation_id => 'own-operation', cost_usd => '0.0123456789');
is($source->safe_psql('app', 'SELECT helix.fold()'), '501', 'source: the committed executions are folded');
$open->query_safe('COMMIT');
$open->quit;
record_many($source, 300, database => 'app', seed => 9);
is($source->safe_psql('app', 'SELECT unfolded_rows, folded_rows FROM helix.ledger_status()'), '370|501',
    'source: some executions are folded and some are not');
is($source->safe_psql('app', 'SELECT next_xid > 7::bigint << 32, cardinality(open_xids) FROM helix_internal.watermark'), 't|1',
    'source: the watermark holds high transaction ids and an open one');
is_exact($source, 'source', 'app');

my %before = map { $_->[0] => $source->safe_psql('app', $_->[1]) }
  [ own => $own_rows ], [ catalog_size => $catalog_size ], [ watermark => $watermark ];
$before{reads} = all_reads($source, 'app');
my $last_id = $source->safe_psql('app', 'SELECT max(id) FROM helix.executions');
like($before{own}, qr/^operation\|email-compose\|Renamed\noperation\|own-operation\|Ours\n
        price\|gemini[^\n]*\|77\nprice\|openai\ own-model[^\n]*$/x,
    'source: own rows, two of them in the place of shipped ones');

my $dumps = $source->basedir;
command_ok([ 'pg_dump', '-d', $source->connstr('app'), '-f', "$dumps/app.sql" ], 'pg_dump');
command_ok([ 'pg_dump', '-Fc', '-d', $source->connstr('app'), '-f', "$dumps/app.dump" ], 'pg_dump -Fc');

sub restore_plain {
    my ($node, $database) = @_;
    return IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', "$dumps/app.sql" ],
        '>', \my $out, '2>', $_[2]);
}

sub restore_parallel {
    my ($node, $database) = @_;
    return IPC::Run::run([ 'pg_restore', '-j2', '-d', $node->connstr($database), "$dumps/app.dump" ],
        '>', \my $out, '2>', $_[2]);
}

# Restores into a new database that already has a worker, and uses it.
sub restored_is_exact {
    my ($node, $database, $restore, $name) = @_;
    note $name;
    $node->safe_psql('postgres', "CREATE DATABASE $database");
    $node->append_conf('postgresql.conf', "helix.databases = 'postgres, $database'\n$eager");
    $node->reload;
    my $worker = wait_for_worker($node, $database);

    my $errors;
    ok($restore->($node, $database, \$errors), "$name: the restore succeeds");
    is($errors, '', "$name: without a word");
    sleep 2; # a worker that would fold by itself has had two hundred occasions
    is($node->safe_psql($database, $watermark), $before{watermark}, "$name: nothing folds before the first recording");
    is(all_reads($node, $database), $before{reads}, "$name: everything reads the same");
    is($node->safe_psql($database, $own_rows), $before{own}, "$name: own operations and prices are there");
    is($node->safe_psql($database, $catalog_size), $before{catalog_size}, "$name: and the shipped ones, once each");
    is_exact($node, "$name, as restored", $database);

    is(record($node, database => $database, request_id => 'known', operation_id => 'own-operation',
            cost_usd => '0.0123456789'), $known,
        "$name: a request id is still known");
    is($node->safe_psql($database, <<"SQL"), 't|t|t|871', "$name: the ledger is adopted");
SELECT w.base_id >= $last_id, w.system_identifier = c.system_identifier,
       w.database = (SELECT oid FROM pg_database WHERE datname = current_database()), w.folded_rows
  FROM helix_internal.watermark w, pg_control_system() c
SQL
    is(all_reads($node, $database), $before{reads}, "$name: which changes no number");
    my $id = record($node, database => $database, operation_id => 'own-operation', cost_usd => '0.000000000001');
    cmp_ok($id, '>', $last_id, "$name: a new id is larger than every old one");
    record_many($node, 200, database => $database, seed => 3);
    ok(wait_until_folded($node, $database), "$name: the worker folds what is new");
    is($node->safe_psql($database, 'SELECT folded_rows FROM helix.ledger_status()'), '1072', "$name: all of it, once");
    is(worker_pid($node, $database), $worker, "$name: by the worker that was there all the time");
    is($node->safe_psql($database, 'SELECT worker_last_error FROM helix.ledger_status()'), '', "$name: which had no trouble");
    is($node->safe_psql($database, 'SELECT count(*) - count(DISTINCT id) FROM helix.executions'), '0', "$name: ids are unique");
    is_exact($node, "$name, in use", $database);
}

my $target = helix_node('target');
cmp_ok($target->safe_psql('postgres', 'SELECT pg_current_xact_id()::text'), '<', 2**32, 'target: low transaction ids');
restored_is_exact($target, 'app', \&restore_plain, 'another cluster');
restored_is_exact($target, 'app2', \&restore_parallel, 'another cluster, pg_restore -j2');
restored_is_exact($source, 'copy', \&restore_plain, 'another database');

# The first touch may come from several sessions at once, recording and folding: one adopts, none fails.
$target->append_conf('postgresql.conf', $quiet . "helix.databases = 'postgres'\n");
$target->reload;
$target->safe_psql('postgres', 'CREATE DATABASE rush');
my $errors;
ok(restore_plain($target, 'rush', \$errors), 'rush: restored') or diag $errors;
my $gate = $target->background_psql('rush');
$gate->query_safe('BEGIN; LOCK TABLE helix_internal.executions IN ROW EXCLUSIVE MODE');
my @sessions;
for my $touch (record_call(cost_usd => 1), 'SELECT helix.fold()', (record_call(cost_usd => 1)) x 3, 'SELECT helix.fold()') {
    push @sessions, $target->background_psql('rush', on_error_stop => 0);
    $sessions[-1]->query_until(qr/go/, "\\echo go\n$touch;\n");
    my $waiting = @sessions;
    $target->poll_query_until('postgres', qq(SELECT count(*) = $waiting FROM pg_stat_activity
        WHERE datname = 'rush' AND wait_event_type = 'Lock')) or die 'a session did not come to the gate';
}
$gate->query_safe('COMMIT');
$gate->quit;
my $failures = join '', map { $_->query('SELECT 1'); $_->{stderr} } @sessions;
is($failures, '', 'rush: no session fails');
$_->quit for @sessions;
is($target->safe_psql('rush', 'SELECT unfolded_rows + folded_rows FROM helix.ledger_status()'), '875', 'rush: all are counted');
is_exact($target, 'rush', 'rush');

# What the owner gets by copying the files of a database, and by coming home again.
$source->append_conf('postgresql.conf', $quiet);
$source->reload;
$source->safe_psql('postgres', 'CREATE DATABASE clone TEMPLATE app');
is(all_reads($source, 'clone'), $before{reads}, 'clone: reads the same');
record_many($source, 50, database => 'clone', seed => 8);
is($source->safe_psql('clone', 'SELECT helix.fold()'), '50', 'clone: the fold counts what is new');
is($source->safe_psql('clone', 'SELECT folded_rows FROM helix.ledger_status()'), '921', 'clone: after adopting the rest');
is_exact($source, 'clone', 'clone');
$source->safe_psql('app', 'DROP EXTENSION helix');
ok(restore_plain($source, 'app', \$errors), 'home again: restored') or diag $errors;
is(all_reads($source, 'app'), $before{reads}, 'home again: reads the same');
record_many($source, 50, database => 'app', seed => 8);
is($source->safe_psql('app', 'SELECT helix.fold()'), '420', 'home again: the transaction ids still mean what they did');
is_exact($source, 'home again', 'app');

# Executions that came with the dump are folded, whatever their transaction ids would mean here: repricing corrects their sums.
$source->safe_psql('postgres', 'CREATE DATABASE priced');
$source->safe_psql('priced', <<'SQL');
CREATE EXTENSION helix;
INSERT INTO helix.model_prices VALUES ('openai', 'own-model', '2020-01-01', 1, 1, 1);
SQL
my @tokens = (database => 'priced', cost_usd => undef, model => 'own-model', input_tokens => 1_000_000, date => '2026-01-01');
record($source, @tokens);
$source->safe_psql('priced', 'SELECT helix.fold()');
record($source, @tokens);
command_ok([ 'pg_dump', '-d', $source->connstr('priced'), '-f', "$dumps/app.sql" ], 'priced: pg_dump');
$target->safe_psql('postgres', 'CREATE DATABASE priced');
ok(restore_plain($target, 'priced', \$errors), 'priced: restored') or diag $errors;
record($target, @tokens);
$target->safe_psql('priced', q(UPDATE helix.model_prices SET input_usd_per_mtok = 5 WHERE model = 'own-model'));
is($target->safe_psql('priced', q(SELECT * FROM helix.reprice('2020-01-01', now() + interval '1 day'))), '3|3|15',
    'priced: all are repriced');
is($target->safe_psql('priced', 'SELECT total_operations, total_cost_usd FROM helix.cost_trends'), '3|15',
    'priced: so is their sum');
is($target->safe_psql('priced', 'SELECT max_cost_single_execution FROM helix.operation_execution_analytics'), '5',
    'priced: and the dearest of them');
is_exact($target, 'priced', 'priced');

# A dump taken while the transaction of the very first recording is still open holds the executions of others.
$source->safe_psql('postgres', 'CREATE DATABASE early');
$source->safe_psql('early', 'CREATE EXTENSION helix');
my $first = $source->background_psql('early');
$first->query_safe('BEGIN');
record($first, cost_usd => 1);
my $other = $source->background_psql('early');
$other->query_until(qr/go/, "\\echo go\n" . record_call(cost_usd => 2) . ";\n");
sleep 1;
command_ok([ 'pg_dump', '-d', $source->connstr('early'), '-f', "$dumps/app.sql" ], 'early: pg_dump');
$first->query_safe('COMMIT');
$_->quit for $first, $other;
$target->safe_psql('postgres', 'CREATE DATABASE early');
ok(restore_plain($target, 'early', \$errors), 'early: restored') or diag $errors;
record($target, database => 'early');
$target->safe_psql('early', 'SELECT helix.fold()');
is($target->safe_psql('early', 'SELECT unfolded_rows FROM helix.ledger_status()'), '0', 'early: all are folded');
is_exact($target, 'early', 'early');

done_testing();
