# Proves that helix notices when pg_cron cannot run its jobs: Debian's pg_hba.conf asks pg_cron for a password that it does not
# have. Schedules run late by the worker then, the log and cron_status() say so, and background workers mend it.
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
cron.host = '127.0.0.1'
listen_addresses = '127.0.0.1'
max_worker_processes = 24
CONF
sub sql { return $node->safe_psql('postgres', $_[0]) }

sub admit {
    my ($method) = @_;
    my $hba = $node->data_dir . '/pg_hba.conf';
    unlink $hba;
    append_to_file($hba, "local all all trust\nhost all all 127.0.0.1/32 $method\n");
    $node->reload;
}

admit('scram-sha-256');
is(sql('SELECT pg_cron, jobs FROM helix.cron_status()'), 'f|', 'without pg_cron there is nothing to know');
sql('CREATE EXTENSION pg_cron');
sql("SELECT helix.register_cron_job('every_minute', '* * * * *', 'email-compose', '$me')");
sql("SELECT cron.schedule('foreign', '* * * * *', 'SELECT 1')");
is(sql('SELECT pg_cron, jobs, failing_jobs, last_failed_at FROM helix.cron_status()'), 't|1|0|', 'nothing has run yet');

# The runs fail.
ok($node->poll_query_until('postgres', 'SELECT failing_jobs = 1 FROM helix.cron_status()'), 'the failing job is seen');
is(sql(q(SELECT jobs, last_failure, last_succeeded_at IS NULL FROM helix.cron_status())),
    '1|connection failed|t', 'with the reason, and another\'s job is not counted');
is(sql(q(SELECT helix.check_cron_job_exists('every_minute'))), 't', 'though the job is registered and live');
sub log_count {
    my ($pattern) = @_;
    return scalar(() = slurp_file($node->logfile) =~ /$pattern/g);
}
my $latest = qr/DETAIL:  The latest runs of 1 of 1 jobs failed: connection failed\./;
my $fails = qr/LOG:  pg_cron's runs of helix's jobs fail\n.*$latest.*\n.*HINT:.*cron\.use_background_workers = on/;
ok($node->poll_query_until('postgres', q(SELECT count(*) >= 1 FROM helix.schedule_executions WHERE triggered_by = 'cron')),
    'the worker runs what is due');
sql('SELECT pg_sleep(11)') if log_count($fails) == 0; # its next look
is(log_count($fails), 1, 'the log says so');
sql('SELECT helix_internal.reconcile_cron(); SELECT pg_sleep(21)');
is(log_count(qr/runs of helix's jobs fail/), 1, 'once');
sql('CREATE ROLE api; CREATE ROLE service');
sql(q(SELECT helix.grant_api_access('api', 'service')));
is(sql('SET ROLE service; SELECT failing_jobs FROM helix.cron_status()'), 1, 'services may look');
refused($node, 'SET ROLE api; SELECT helix.cron_status()', '42501', 'permission denied', 'users may not');

# Admitted, they succeed.
admit('trust');
ok($node->poll_query_until('postgres', 'SELECT failing_jobs = 0 AND last_succeeded_at IS NOT NULL FROM helix.cron_status()'),
    'once pg_cron is admitted the runs succeed');
sql('SELECT pg_sleep(11)');
is(log_count(qr/LOG:  pg_cron's runs of helix's jobs succeed again/), 1, 'the log says that too');

$node->stop;
done_testing;
