# Proves that retention removes what is older than its settings say, and nothing that is an hour younger.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('node', conf => <<'CONF');
helix.execution_retention = '20d'
helix.webhook_event_retention = '30d'
helix.request_id_window = '7d'
helix.ledger_retention = '1d'
helix.preference_log_retention = '40d'
helix.budget_warning_retention = '50d'
helix.secret_audit_retention = '60d'
helix.cron_run_retention = '3d'
shared_preload_libraries = 'pg_cron,helix'
cron.database_name = 'postgres'
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

my $me = user_id(1);
my $run = 'SELECT helix_internal.run_job(\'\'job\'\')';
sub cron_run {
    my ($message, $time, %other) = @_;
    my %row = (command => $run, username => 'CURRENT_USER', database => 'current_database()', status => 'succeeded', %other);
    sql("INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, return_message, start_time, end_time)
        VALUES (1, nextval('cron.runid_seq'), $row{database}, $row{username}, '$row{command}', '$row{status}', '$message', $time,
            $time)");
}
sql('CREATE EXTENSION pg_cron');
my @kinds = (
    {   name => 'batches that have ended', days => 20, kept => 'SELECT name FROM helix.operation_batches',
        add => sub {
            my ($name, $time) = @_;
            sql("SELECT helix.cancel_batch(helix.create_batch('$me', '$name', 'parallel', '[{\"operation_id\": \"email-compose\"}]',
                p_start => true))");
            sql("UPDATE helix_internal.batch_operations SET executed_at = $time WHERE batch_id = (SELECT id
                FROM helix.operation_batches WHERE name = '$name')");
            sql("UPDATE helix_internal.operation_batches SET created_at = $time WHERE name = '$name'");
        } },
    {   name => 'changes of preferences', days => 40, kept => 'SELECT change_details FROM helix.preference_audit_log',
        add => sub {
            sql("INSERT INTO helix.preference_audit_log (user_id, preference_type, change_details, changed_by, changed_at)
                VALUES ('$me', 'theme', '\"$_[0]\"', CURRENT_USER, $_[1])");
        } },
    {   name => 'warnings of budgets', days => 50, kept => 'SELECT operation_id FROM helix.budget_warnings',
        add => sub {
            sql("INSERT INTO helix.budget_warnings (budget_id, user_id, operation_id, period_start, level, limit_usd, spent_usd,
                reserved_usd, created_at) VALUES (gen_random_uuid(), '$me', '$_[0]', ($_[1])::date, 'warning', 1, 1, 0, $_[1])");
        } },
    {   name => 'changes of secrets', days => 60, kept => 'SELECT secret_ref FROM helix.webhook_secret_audits',
        add => sub {
            sql("INSERT INTO helix.webhook_secret_audits (user_id, schedule_id, secret_ref, action, performed_by, created_at)
                VALUES ('$me', '$me', '$_[0]', 'rotated', CURRENT_USER, $_[1])");
        } },
    {   name => 'runs of cron jobs', days => 3, kept => q(SELECT return_message FROM cron.job_run_details
            WHERE return_message IN ('young', 'old')), add => \&cron_run },
    {   name => 'finished executions', days => 20, kept => 'SELECT payload FROM helix.schedule_executions WHERE batch_id IS NULL',
        add => sub {
            my ($word, $time) = @_;
            sql("SELECT helix.enqueue_execution(NULL, 'manual', '\"$word\"', p_user_id => '$me',
                p_operation_id => 'email-compose')");
            sql(q(SELECT helix.complete_execution(execution_id, 'success') FROM helix.claim_executions('w')));
            sql("UPDATE helix_internal.schedule_executions SET completed_at = $time WHERE payload = '\"$word\"'");
        } },
    {   name => 'request ids of the queue', days => 20, kept => 'SELECT request_id FROM helix_internal.queue_requests',
        add => sub {
            sql("INSERT INTO helix_internal.queue_requests (user_id, request_id, execution_id, requested_at)
                 VALUES ('$me', '$_[0]', gen_random_uuid(), $_[1])");
        } },
    {   name => 'request ids of the ledger', days => 32, # a month and a day: as long as the ledger has the execution
        kept => 'SELECT request_id FROM helix_internal.request_ids',
        add => sub {
            sql("INSERT INTO helix_internal.request_ids (user_id, request_id, execution_id, recorded_at)
                VALUES ('$me', '$_[0]', 1, $_[1])");
        } },
    {   name => 'events of webhooks', days => 30, kept => 'SELECT signature FROM helix.webhook_events',
        add => sub {    # an id begins with the time
            sql("INSERT INTO helix_internal.webhook_events (id, user_id, event_type, body_size, signature, created_at)
                 SELECT (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid,
                        '$me', 'webhook_error', 1, '$_[0]', t FROM (SELECT $_[1] AS t) s");
        } });

for my $kind (@kinds) {
    $kind->{add}('young', "now() - interval '$kind->{days} days' + interval '1 hour'");
    $kind->{add}('old', "now() - interval '$kind->{days} days' - interval '1 hour'");
}
# What is not helix's, has not ended, or may still be needed stays, however old it is.
my $long_ago = q(now() - interval '60 days');
sql(q(CREATE ROLE another));
cron_run('a foreign command', $long_ago, command => 'SELECT 1');
cron_run('another role', $long_ago, username => q('another'));
cron_run('another database', $long_ago, database => q('another'));
cron_run('without a time', 'NULL', status => 'failed');
sql("INSERT INTO helix.budget_warnings (budget_id, user_id, period_start, level, limit_usd, spent_usd, reserved_usd, created_at)
    VALUES (gen_random_uuid(), '$me', current_date - 30, 'exceeded', 1, 1, 0, now() - interval '60 days')");
sql("SELECT helix.create_batch('$me', 'draft', 'parallel', '[{\"operation_id\": \"email-compose\"}]')");
sql("SELECT helix.create_batch('$me', 'unfinished', 'parallel', '[{\"operation_id\": \"email-compose\"}]', p_start => true)");
sql("UPDATE helix_internal.operation_batches SET created_at = $long_ago WHERE name IN ('draft', 'unfinished')");
my $kept = q(SELECT string_agg(return_message, ', ' ORDER BY runid) FROM cron.job_run_details WHERE return_message <> 'young');
my $others = sql($kept) =~ s/old, //r;
$node->restart;    # the worker begins with it
for my $kind (@kinds) {
    $node->poll_query_until('postgres', "SELECT count(*) = 0 FROM ($kind->{kept}) k (what) WHERE what::text ~ 'old'")
      or die "old $kind->{name} stay";
    like(sql("SELECT * FROM ($kind->{kept}) k (what) WHERE what::text ~ '^\"?(young|old)'"), qr/^"?young"?$/,
        "$kind->{name}: the younger one alone is kept");
}
is(sql($kept), $others, "runs of other jobs, and those that have not ended, stay: $others");
is(sql('SELECT count(*) FROM helix.budget_warnings WHERE level = \'exceeded\''), 1, 'a warning whose period may not be over stays');
is(sql(q(SELECT string_agg(name, ', ' ORDER BY name) FROM helix.operation_batches)), 'draft, unfinished, young',
    'drafts and unfinished batches stay');
done_testing();
