# Proves that the queue loses nothing and that fencing makes effects happen once: eight workers claim and complete 10^5
# executions under leases of one second, while clients and backends are killed, workers sleep past their leases, and the
# server goes through a crash. Afterwards each execution has one effect, one line in the history and one cost in the ledger.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $jobs = 100_000;
my $workers = 8;
my $most_seconds = 240; # noisy machines; it takes a fraction
my $node = helix_node('node', conf => <<'CONF');
max_connections = 50
max_wal_size = 2GB
helix.fold_interval = '100ms'
helix.max_queued_per_user = 0
CONF
my $folder = $node->basedir;
sub sql { return $node->safe_psql('postgres', $_[0]) }

# The effect of an execution and its completion are one transaction. late: those that fencing refused.
sql(<<"SQL");
CREATE TABLE effects (execution_id uuid, fencing_token bigint, worker text);
CREATE TABLE late (execution_id uuid, fencing_token bigint);
CREATE PROCEDURE finish(claimed text, worker text) LANGUAGE plpgsql AS \$\$
DECLARE
    job record;
BEGIN
    IF random() < 0.01 THEN
        PERFORM pg_sleep(2.5);
    END IF;
    FOR job IN SELECT (j ->> 'id')::uuid AS id, (j ->> 'token')::bigint AS token FROM jsonb_array_elements(claimed::jsonb) j LOOP
        BEGIN
            INSERT INTO effects VALUES (job.id, job.token, worker);
            PERFORM helix.complete_execution(job.id, 'success', '{}', 0.001, 10, job.token);
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            INSERT INTO late VALUES (job.id, job.token);
        END;
    END LOOP;
END \$\$;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, job_name, max_attempts, parameters)
VALUES ('5c4ed000-0000-4000-8000-000000000001', '${\user_id(1)}', 'email-compose', 'manual', 'bulk', 100, '{"n": 1}');
SQL
# In several transactions, of several priorities; a tenth is due a little later.
for my $part (1 .. 10) {
    sql(<<"SQL");
SELECT count(helix.enqueue_execution('5c4ed000-0000-4000-8000-000000000001', p_priority => i % 10 + 1,
           p_run_at => CASE WHEN i % 10 = 3 THEN now() + interval '5 s' END))
  FROM generate_series(1, $jobs / 10) i
SQL
}
is(sql(q(SELECT count(*) FROM helix.schedule_executions WHERE execution_status = 'pending')), $jobs, "$jobs are pending");

# A worker is a process of psql: it claims in one transaction and finishes in others, in the end of which it may die.
append_to_file("$folder/worker.sql", join '', map { <<'SQL' } 1 .. 3000);
SELECT coalesce(jsonb_agg(jsonb_build_object('id', execution_id, 'token', fencing_token)), '[]') AS claimed
  FROM helix.claim_executions(:'worker', 60, '1 s', p_wait => '2 s') \gset
CALL finish(:'claimed', :'worker');
SQL
my %running; # process id => worker's number

sub start_worker {
    my ($number) = @_;
    my $pid = fork // die "cannot fork: $!";
    if ($pid == 0) {
        open STDOUT, '>>', "$folder/worker$number.log";
        open STDERR, '>>', "$folder/worker$number.err";
        exec 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', "worker=worker$number", '-d',
          $node->connstr('postgres') . " application_name=worker$number", '-f', "$folder/worker.sql";
        die;
    }
    $running{$pid} = $number;
}

sub restart_the_dead {
    for my $pid (keys %running) {
        start_worker(delete $running{$pid}) if waitpid($pid, 1) != 0; # WNOHANG
    }
}

sub ask { # what may fail while the server is down
    my ($status, $out) = $node->psql('postgres', $_[0], timeout => 60);
    return defined $status && $status == 0 ? $out : undef;
}

# One that is late for sure, however the others fare: it finishes when all is done.
my $straggler = sql(q(SELECT jsonb_agg(jsonb_build_object('id', execution_id, 'token', fencing_token))
    FROM helix.claim_executions('straggler', 20, '1 s')));

srand(42);
my %strikes;
my $crashed = 0;
start_worker($_) for 1 .. $workers;
my $began = time;
while (time - $began < $most_seconds) {
    sleep 0.1;
    restart_the_dead();
    my ($left, $victim) = split /\|/,
      ask(q(SELECT (SELECT count(*) FROM helix_internal.queue), (SELECT pid FROM pg_stat_activity
              WHERE application_name LIKE 'worker_' AND state = 'active' ORDER BY random() LIMIT 1))) // next;
    last if $left == 0;
    next unless $victim;
    if (!$crashed && $left < $jobs / 2) {
        kill 'KILL', $victim or next;
        $crashed = 1;
        $strikes{crash}++;
    } elsif (rand() < 0.5) {
        kill 'KILL', (keys %running)[ int(rand(keys %running)) ];
        $strikes{client}++;
    } elsif ((ask("SELECT pg_terminate_backend($victim)") // '') eq 't') {
        $strikes{terminated}++;
    }
}
note sprintf '%.1f s; %s', time - $began, join ', ', map { "$_: $strikes{$_}" } sort keys %strikes;
kill 'KILL', keys %running;
waitpid $_, 0 for keys %running;
$node->poll_query_until('postgres', q(SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'worker_'))
  or die 'a worker does not end';

sql("CALL finish('$straggler', 'straggler')");

cmp_ok($strikes{client}, '>', 5, 'clients have been killed');
cmp_ok($strikes{terminated}, '>', 5, 'backends have been terminated');
is($crashed, 1, 'the server has crashed');
like(slurp_file($node->logfile), qr/terminating any other active server processes/, 'and begun anew');

is(sql('SELECT count(*) FROM helix_internal.queue'), '0', 'nothing is left in the queue');
is(sql('SELECT execution_status, count(*) FROM helix.schedule_executions GROUP BY 1'), "success|$jobs",
    'all are finished with success');
is(sql('SELECT count(*), count(DISTINCT execution_id) FROM effects'), "$jobs|$jobs", 'each has had one effect');
is(sql('SELECT count(*) FROM effects f JOIN helix.schedule_executions e ON e.id = f.execution_id
    AND e.attempt = f.fencing_token AND e.worker = f.worker'), $jobs, 'under the fencing token that completed it');
is(sql('SELECT count(*), sum(cost_usd) FROM helix.executions'), "$jobs|" . $jobs / 1000 . '.000', 'each cost counts once')
  or diag sql('SELECT sum(cost_usd) FROM helix.executions');
cmp_ok(sql('SELECT count(*) FROM helix.schedule_executions WHERE attempt > 1'), '>', 100, 'many were claimed again');
cmp_ok(sql('SELECT count(*) FROM late'), '>', 10, 'late workers were refused');
is(sql("SELECT count(*) FROM late JOIN jsonb_array_elements('$straggler') j ON execution_id = (j ->> 'id')::uuid
    AND fencing_token = (j ->> 'token')::bigint"),
    '20', 'the straggler with all that it had claimed');
is(sql('SELECT count(*) FROM late l JOIN effects f USING (execution_id, fencing_token)'), '0', 'and had no effect');
is(sql(q(SELECT execution_count, running_execution_id IS NULL FROM helix.operation_schedules)), "$jobs|t",
    'the schedule counts them');
ok(wait_until_folded($node), 'all costs are folded');
is_exact($node, 'afterwards');
is(sql('SELECT worker_last_error FROM helix.ledger_status()'), '', 'the worker had no trouble');

# What is old goes, and the schedule goes on counting it.
my $last = sql('SELECT last_execution_at FROM helix.operation_schedules');
sql(q(UPDATE helix_internal.schedule_executions SET completed_at = completed_at - interval '100 days'));
$node->restart; # the worker begins with it
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM helix.schedule_executions') or die 'old executions stay';
is(sql('SELECT execution_count, last_execution_at FROM helix.operation_schedules'), "$jobs|$last",
    'the schedule still knows what retention removed');

done_testing();
