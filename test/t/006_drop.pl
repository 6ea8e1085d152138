# Proves that workers are never in the way: a database with a running worker is dropped, renamed, moved and copied at once, by
# those who may; helix.databases starts and stops workers by reload; DROP EXTENSION leaves nothing and the worker
# outlives it; and a task that fails is reported, not fatal.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $writer = $ENV{HELIX_LATE_WRITER} or die 'HELIX_LATE_WRITER does not name the module';
my $node = helix_node('node', conf => <<"CONF");
shared_preload_libraries = '$writer,helix'
helix.fold_interval = '10ms'
CONF
my $stopped = 0; # a process that goes on, however the test ends
END { kill CONT => $stopped if $stopped }

sub set_databases {
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.databases = '$_[0]'");
    $node->reload;
}

sub wait_for_workers {
    my ($expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($node->poll_query_until('postgres', q(SELECT coalesce(string_agg(datname, ',' ORDER BY datname), '')
        FROM pg_stat_activity WHERE backend_type = 'helix worker'), $expected), $name);
}

# The process of a database's worker, as a session sees it
sub worker_pid_in {
    my ($session, $database) = @_;
    return $session->query_safe("SELECT pid FROM pg_stat_activity WHERE datname = '$database' AND backend_type = 'helix worker'");
}

# The statement succeeds in far less than the 5 s that PostgreSQL itself would wait for other sessions to leave.
sub succeeds_at_once {
    my ($sql, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $start = time;
    my ($status, $out, $error) = $node->psql('postgres', $sql);
    is($error, '', "$name succeeds");
    cmp_ok(time - $start, '<', 3, "$name takes no time");
}

# Workers come and go with the setting.
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(one two);
$node->safe_psql($_, 'CREATE EXTENSION helix') for qw(one two);
my $worker = wait_for_worker($node);
wait_for_workers('postgres', 'one worker for the one database of the default setting');
set_databases('postgres, one, two');
wait_for_workers('one,postgres,two', 'a reload starts workers');
is(worker_pid($node), $worker, 'and leaves the running one alone');
set_databases('postgres, two');
wait_for_workers('postgres,two', 'a reload stops a worker');
set_databases('');
wait_for_workers('', 'an empty list stops all');
set_databases('postgres, one, two, nowhere');
wait_for_workers('one,postgres,two', 'a database that does not exist hinders no other');
record($node, database => 'one');
ok(wait_until_folded($node, 'one'), 'a worker that came back folds');
my ($status, $out, $error) = $node->psql('postgres', q(ALTER SYSTEM SET helix.databases = 'postgres, "unclosed'));
like($error, qr/invalid value for parameter "helix\.databases"/, 'a list that cannot be read is refused');

# Who has no right to a database cannot send its worker away.
$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE ROLE creator LOGIN CREATEDB');
my $before = worker_pid($node, 'one');
for my $case ([ stranger => 'DROP DATABASE one' ], [ stranger => 'ALTER DATABASE one RENAME TO mine' ],
              [ stranger => 'CREATE DATABASE mine TEMPLATE one' ], [ creator => 'CREATE DATABASE mine TEMPLATE one' ],
              [ creator => 'DROP DATABASE one' ], [ creator => 'ALTER DATABASE one RENAME TO mine' ]) {
    my ($role, $sql) = @$case;
    refused($node, "SET ROLE $role; $sql", '42501', '', "$role may not: $sql");
}
is(worker_pid($node, 'one'), $before, 'the worker has stayed');
refused($node, 'BEGIN; DROP DATABASE one', '25001', 'transaction block', 'nor does a transaction drop a database');

# The owner's statements need no waiting and no trick.
wait_for_worker($node, 'one');
succeeds_at_once('CREATE DATABASE copy TEMPLATE one', 'CREATE DATABASE ... TEMPLATE');
is(all_reads($node, 'copy'), all_reads($node, 'one'), 'the copy reads the same');
wait_for_workers('one,postgres,two', 'the worker of the template comes back');

# A worker that the launcher has asked for, and that has not come up when a statement asks for the database, stays away as well.
my $early = $node->background_psql('postgres');
kill STOP => $stopped = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0]; # nobody is started
$early->query_safe('SELECT pg_terminate_backend(' . worker_pid_in($early, 'one') . ')');
sleep 2;
$early->query_safe('CREATE DATABASE second_copy TEMPLATE one');
kill CONT => $stopped;
sleep 2;
is(worker_pid_in($early, 'one'), '', 'a worker that is being started stays away');
wait_for_workers('one,postgres,two', 'until the database is free');
$early->quit;

succeeds_at_once('ALTER DATABASE two RENAME TO second', 'ALTER DATABASE RENAME');
set_databases('postgres, one, second');
wait_for_workers('one,postgres,second', 'under the new name a worker starts');
record($node, database => 'second', cost_usd => 3);
ok(wait_until_folded($node, 'second'), 'and folds');
mkdir $node->basedir . '/space' or die "cannot make a folder: $!";
$node->safe_psql('postgres', sprintf q(CREATE TABLESPACE space LOCATION '%s/space'), $node->basedir);
succeeds_at_once('ALTER DATABASE second SET TABLESPACE space', 'ALTER DATABASE SET TABLESPACE');
wait_for_workers('one,postgres,second', 'and the worker comes back');
succeeds_at_once('DROP DATABASE one', 'DROP DATABASE');
$node->safe_psql('postgres', 'ALTER DATABASE second OWNER TO creator');
# A process that is about to end is one of the database's still, and of a role that its owner may not terminate.
$node->safe_psql('postgres', q(ALTER SYSTEM SET late_writer.exit_delay = '500ms'));
$node->reload;
succeeds_at_once('SET ROLE creator; DROP DATABASE second WITH (FORCE)',
    'DROP DATABASE WITH (FORCE) by an owner without more rights');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET late_writer.exit_delay');
$node->reload;
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_database WHERE datname IN ('one', 'second'))), '0', 'they are gone');
$node->safe_psql('postgres', 'CREATE DATABASE one');
$node->safe_psql('one', 'CREATE EXTENSION helix');
record($node, database => 'one');
ok(wait_until_folded($node, 'one'), 'a new database of an old name gets its worker');
is($node->safe_psql('one', 'SELECT worker_pid IS NOT NULL FROM helix.ledger_status()'), 't', 'which reports to it');

# An error of a task is shown, ends nothing, and is over when its cause is.
$worker = wait_for_worker($node);
record($node, cost_usd => 2);
ok(wait_until_folded($node), 'the worker folds');
$node->safe_psql('postgres', 'ALTER TABLE helix_internal.cost_trends RENAME COLUMN total_cost_usd TO hidden');
record($node, cost_usd => 4);
ok($node->poll_query_until('postgres', q(SELECT last_error LIKE 'fold: %total_cost_usd%'
    AND last_error_at > now() - interval '1 min' FROM helix_internal.worker_status())), 'a failing fold is shown by name');
is($node->safe_psql('postgres', 'SELECT worker_pid, worker_last_error_at IS NOT NULL FROM helix.ledger_status()'), "$worker|t",
    'the worker stays');
my $failures = sub { my @lines = slurp_file($node->logfile) =~ /ERROR:.*total_cost_usd/g; return scalar @lines };
my $failed_before = $failures->();
sleep 3;
cmp_ok($failures->() - $failed_before, '<', 6, 'and tries once a second, however short the interval');
$node->safe_psql('postgres', 'ALTER TABLE helix_internal.cost_trends RENAME COLUMN hidden TO total_cost_usd');
ok(wait_until_folded($node), 'and goes on as soon as it can');
is(worker_pid($node), $worker, 'the same worker');
is_exact($node, 'after the error');

# DROP EXTENSION takes everything along, in a transaction that may yet be rolled back.
my $leftovers = <<'SQL';
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'helix%'
UNION ALL SELECT 'relation ' || relname FROM pg_class WHERE relname ~ '(helix|executions_[0-9]|cost_trends|watermark)'
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE probin LIKE '%helix%' OR proname LIKE '%helix%'
UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE '%helix%'
UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname = 'helix'
UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typname ~ '(helix|cost_trends|executions)'
UNION ALL SELECT 'policy ' || polname FROM pg_policy
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger
UNION ALL SELECT 'default privileges ' || oid FROM pg_default_acl
UNION ALL SELECT 'initial privileges ' || objoid FROM pg_init_privs WHERE objoid >= 16384
UNION ALL SELECT 'dependency ' || d.objid FROM pg_depend d
           WHERE d.objid >= 16384 AND d.classid = 'pg_class'::regclass
             AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid)
SQL
my $reads = all_reads($node);
$node->safe_psql('postgres', 'BEGIN; DROP EXTENSION helix; ROLLBACK');
is(all_reads($node), $reads, 'a DROP EXTENSION that is rolled back changes nothing');
isnt($node->safe_psql('postgres', 'SELECT count(*) FROM pg_inherits'), '0', 'there are partitions');
my $session = $node->background_psql('postgres');
record($session);
$node->safe_psql('postgres', 'DROP EXTENSION helix');
is($node->safe_psql('postgres', $leftovers), '', 'DROP EXTENSION leaves nothing');
my (undef, undef, $gone) = $node->psql('postgres', 'SELECT helix.fold()');
like($gone, qr/schema "helix" does not exist/, 'and nothing answers');
sleep 1;
is(worker_pid($node), $worker, 'the worker outlives it');
$node->safe_psql('postgres', 'CREATE EXTENSION helix');
my $first = record($session, cost_usd => '0.5');
is($node->safe_psql('postgres', 'SELECT count(*), min(id) FROM helix.executions'), "1|$first",
    'a session that knew the old helix records in the new one');
$session->quit;
ok(wait_until_folded($node), 'the worker folds for the new one');
is($node->safe_psql('postgres', 'SELECT worker_pid, folded_rows, folded_cost_usd FROM helix.ledger_status()'), "$worker|1|0.5",
    'the same worker, the new sums');
is_exact($node, 'a second life');

done_testing();
