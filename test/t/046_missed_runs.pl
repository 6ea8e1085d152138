# Proves that what was due while the server was down is missed, whatever its interval is: missed_runs says what becomes of it.
# And that worker_last_error goes once the task that failed works again.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $me = user_id(1);
my $node = helix_node('main', conf => <<'CONF');
shared_preload_libraries = 'pg_cron,helix'
cron.database_name = 'postgres'
CONF
sub sql { return $node->safe_psql('postgres', $_[0]) }

sql('CREATE EXTENSION pg_cron');
my @kinds = qw(none one all);
for my $missed (@kinds) {
    sql("INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, cron_expression, missed_runs, overlap)
        VALUES ('$me', 'email-compose', 'cron', '1 second', '$missed', 'allow')");
}
my $runs = "SELECT count(*) FROM helix.schedule_executions e JOIN helix.operation_schedules s ON s.id = e.schedule_id
    WHERE s.missed_runs = '%s'";
for my $missed (@kinds) {
    ok($node->poll_query_until('postgres', 'SELECT (' . sprintf($runs, $missed) . ') > 1'), "$missed: it runs each second");
}
my $error = q(SELECT worker_last_error FROM helix.ledger_status());
is(sql($error), '', 'no task has failed');

$node->stop;
sleep 8;
$node->start;
my $start = sql('SELECT pg_postmaster_start_time()');
for my $missed (@kinds) {
    my $later = sprintf("$runs AND e.scheduled_for > '%s'", $missed, $start);
    ok($node->poll_query_until('postgres', "SELECT ($later) > 1"), "$missed: it runs on");
}
my $while_down = "$runs AND e.scheduled_for BETWEEN timestamptz '%s' - interval '7 s' AND timestamptz '%s' - interval '1 s'";
is(sql(sprintf $while_down, 'none', $start, $start), 0, 'none: nothing of what was due while the server was down');
cmp_ok(sql(sprintf $while_down, 'one', $start, $start), '<=', 1, 'one: one for all of it at most');
cmp_ok(sql(sprintf $while_down, 'all', $start, $start), '>=', 5, 'all: all of it');

# A task that fails, and works again.
sql('ALTER TABLE helix_internal.queue_requests RENAME TO renamed');
$node->restart;
ok($node->poll_query_until('postgres', "SELECT worker_last_error LIKE 'execution retention: %' FROM helix.ledger_status()"),
    'a task fails') or diag sql($error);
sql('ALTER TABLE helix_internal.renamed RENAME TO queue_requests');
ok($node->poll_query_until('postgres', 'SELECT (worker_last_error, worker_last_error_at) IS NULL FROM helix.ledger_status()'),
    'its error goes once it works again');

$node->stop;
done_testing;
