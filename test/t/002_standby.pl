# Proves that a streaming standby reads what the primary reads, whatever is open or being folded there, and writes nothing; and
# that a promoted one goes on exactly, with a transaction that was prepared before the promotion.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $conf = <<'CONF';
helix.fold_interval = '10ms'
max_connections = 40
shared_buffers = 32MB
CONF
my $primary = helix_node('primary', conf => $conf, init => { allows_streaming => 1 });
record_many($primary, 300);

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub catch_up { $primary->wait_for_catchup($standby, 'replay') }

sub same_reads {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    catch_up();
    is(all_reads($standby), all_reads($primary), "$name: the standby reads what the primary reads");
    is($standby->safe_psql('postgres', differences()), '0', "$name: and its views equal a recomputation");
}

sub set_fold_interval {
    $primary->safe_psql('postgres', "ALTER SYSTEM SET helix.fold_interval = '$_[0]'");
    $primary->reload;
    sleep 1; # the worker hears of it when it is idle
}

# Still: unfolded, open, prepared and folded executions in turn.
ok(wait_until_folded($primary), 'the primary folds');
same_reads('all folded');
set_fold_interval('1h');
record_many($primary, 100, seed => 1);
same_reads('some unfolded');
my $open = $primary->background_psql('postgres');
$open->query_safe('BEGIN');
record_many($open, 50, seed => 2);
$primary->safe_psql('postgres', 'BEGIN; ' . record_call(cost_usd => 1000) . "; PREPARE TRANSACTION 'early'");
same_reads('a transaction open and one prepared');
is($primary->safe_psql('postgres', 'SELECT helix.fold()'), '100', 'the fold takes what is committed');
record_many($primary, 40, seed => 3);
same_reads('folded past them');
$open->query_safe('COMMIT');
same_reads('the open one committed');
is($standby->safe_psql('postgres', 'SELECT unfolded_rows FROM helix.ledger_status()'), '90',
    'the standby knows what is unfolded');
is($primary->safe_psql('postgres', 'SELECT helix.fold()'), '90', 'the fold takes it');
same_reads('all folded but the prepared one');
$primary->safe_psql('postgres', q(COMMIT PREPARED 'early'));
same_reads('the prepared one committed');

# In motion: each check is one statement on the standby, while the primary records and folds.
set_fold_interval('10ms');
my $record = 'SELECT helix.record_operation_execution(p_user_id => :user, p_operation_id => \'email-compose\', p_date => NULL, '
  . 'p_success => true, p_latency_ms => 7, p_cost_usd => random()::numeric, p_model_used => \'openai\');';
$record =~ s/:user/('aaaaaaaa-0000-4000-8000-' || lpad(:n, 12, '0'))::uuid/;
$record =~ s/:n/:n::text/;
my $load = start_pgbench($primary, 'load', [ '-c4', '-T8', '--rate=400' ],
    single => [ "\\set n random(1, 8)\n$record\n", 8 ],
    savepoint => "\\set n random(1, 8)\nBEGIN;\n$record\nSAVEPOINT s;\n$record\nROLLBACK TO s;\n$record\nCOMMIT;\n",
    rollback => "\\set n random(1, 8)\nBEGIN;\n$record\nROLLBACK;\n",
    long => "\\set n random(1, 8)\nBEGIN;\n$record\n\\sleep 500 ms\n$record\nCOMMIT;\n");
my $checks = start_pgbench($standby, 'checks', [ '-c2', '-T8', '-Mprepared' ],
    check => 'SELECT 1 / (CASE WHEN (' . differences() . ") = 0 THEN 1 ELSE 0 END);\n");
$_->finish for $load, $checks;
is($load->result(0), 0, 'the load ran') or diag slurp_file($primary->basedir . '/load.log.err');
is($checks->result(0), 0, 'no check on the standby was wrong') or diag slurp_file($standby->basedir . '/checks.log.err');
my ($count) = slurp_file($standby->basedir . '/checks.log') =~ /actually processed: (\d+)/;
cmp_ok($count, '>', 200, 'and there were many');
note "$count checks on the standby";
ok(wait_until_folded($primary), 'the primary has folded the rest');
same_reads('after the load');

# A standby only reads.
refused($standby, 'SELECT helix.fold()', '25006', 'cannot fold during recovery.*HINT', 'a standby does not fold');
refused($standby, record_call(), '25006', '', 'nor record');
refused($standby, "INSERT INTO helix.executions (user_id, operation_id, success, cost_usd, model_used)
    VALUES ('" . user_id(1) . "', 'email-compose', true, 1, 'openai')", '25006', '', 'not even through the view');
refused($primary, record_call() . '; BEGIN READ ONLY; ' . record_call(), '25006', '',
    'nor does a read-only transaction of the primary, in a session that has recorded');
refused($primary, record_call() . '; BEGIN READ ONLY; SELECT helix.record_operation_executions('
      . "jsonb_build_array(jsonb_build_object('user_id', '" . user_id(1) . "', 'operation_id', 'email-compose', 'success', true,
         'cost_usd', 1, 'model_used', 'openai')))", '25006', '', 'nor an array in one');
refused($standby, 'SELECT helix.finalize_execution(1, p_cost_usd => 1)', '25006', '', 'nor finalize');
refused($standby, "SELECT helix.adjust_cost('" . user_id(1) . "', 'email-compose', 1, 'x')", '25006', '', 'nor adjust');
refused($standby, 'SELECT * FROM helix.reprice(now() - interval \'1 day\', now())', '25006', '', 'nor reprice');
refused($standby, "SELECT helix_internal.maintain_partitions(now() + interval '1 year')", '(25006|55000)', '',
    'nor make partitions');
is(worker_pid($standby), '', 'it has no worker');
is(launcher_pid($standby), '', 'and no launcher');
isnt(launcher_pid($primary), '', 'which the primary has');
is($standby->safe_psql('postgres', 'SELECT worker_pid IS NULL, worker_last_error IS NULL FROM helix.ledger_status()'), 't|t',
    'and says so');

# Promotion, with a transaction prepared on the old primary and unfolded rows.
set_fold_interval('1h');
$primary->safe_psql('postgres',
    'BEGIN; ' . record_call(cost_usd => '0.125', request_id => 'late') . "; PREPARE TRANSACTION 'late'");
is($primary->safe_psql('postgres', 'SELECT helix.fold()'), '0', 'there is nothing to fold but the prepared execution');
record_many($primary, 60, seed => 4);
same_reads('before the promotion');
my $reads = all_reads($primary);
my $last_id = $primary->safe_psql('postgres', 'SELECT max(id) FROM helix.executions');
my $rows = $primary->safe_psql('postgres', 'SELECT count(*) FROM helix.executions');
$primary->stop('immediate');
$standby->promote;
$standby->append_conf('postgresql.conf', "helix.fold_interval = '10ms'");
$standby->safe_psql('postgres', "ALTER SYSTEM SET helix.fold_interval = '10ms'");
$standby->reload;
wait_for_worker($standby);
isnt(launcher_pid($standby), '', 'promotion starts the launcher, and that a worker');
ok(wait_until_folded($standby), 'which folds what the old primary left');
is(all_reads($standby), $reads, 'and everything reads as before');
is_exact($standby, 'promoted');
cmp_ok(record($standby, cost_usd => '0.25'), '>', $last_id, 'a new execution has an id of its own');
$standby->safe_psql('postgres', q(COMMIT PREPARED 'late'));
ok(wait_until_folded($standby), 'the worker goes on');
is($standby->safe_psql('postgres', 'SELECT folded_rows FROM helix.ledger_status()'), $rows + 2,
    'the prepared execution counts once');
is($standby->safe_psql('postgres', q(SELECT count(*), sum(cost_usd) FROM helix.executions WHERE request_id = 'late')),
    '1|0.125', 'with its cost');
is_exact($standby, 'in use after the promotion');

done_testing();
