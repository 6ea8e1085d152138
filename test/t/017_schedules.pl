# Proves on a real pg_cron that its jobs are what the schedules say: registered in the caller's transaction or not at all, run
# once though the worker looks too, repaired when they drift, and there again after a restart, a restore and a promotion.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $with_cron = <<'CONF';
shared_preload_libraries = 'pg_cron,helix'
cron.use_background_workers = on
cron.database_name = 'postgres'
CONF
my $me = user_id(1);
my $other = user_id(2);
my $registry = q(SELECT job_name, schedule_expression, timezone FROM helix.cron_job_registry ORDER BY 1);
my $jobs = q(SELECT jobname, schedule, active FROM cron.job WHERE jobname LIKE 'helix\_%' ORDER BY 1);
my $drift = 'SELECT count(*) FROM helix.cron_job_registry r FULL JOIN cron.job j '
  . q(ON j.command = 'SELECT helix_internal.run_job(' || quote_literal(r.job_name) || ')' AND j.active )
  . q(WHERE (r.id IS NULL AND j.command LIKE '%run_job%' OR j.jobid IS NULL));

my $node = helix_node('main', conf => $with_cron, init => { allows_streaming => 1 });

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub register {
    my ($name, $expression, %given) = @_;
    my %more = (operation => 'email-compose', user => $me, %given);
    my $zone = $more{zone} ? ", '$more{zone}'" : '';
    return "SELECT job_name, timezone FROM helix.register_cron_job('$name', '$expression', '$more{operation}', '$more{user}'$zone)";
}

sub is_sql {
    my ($sql, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(sql($sql), $expected, $name);
}

# Nobody may be told of a failure and find something changed.
sub refused_and_unchanged {
    my ($sql, $sqlstate, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = sql($registry) . sql($jobs);
    refused($node, $sql, $sqlstate, $pattern, $name);
    is(sql($registry) . sql($jobs), $before, "$name: nothing has changed");
}

# Without pg_cron in the database.
refused($node, register('early', '* * * * *'), '55000', 'HINT:.*postgresql-15-cron.*CREATE EXTENSION pg_cron',
    'without pg_cron a job cannot be registered');
my $insert = 'INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, cron_expression, enabled) VALUES ';
refused($node, "$insert ('$me', 'email-compose', 'cron', '* * * * *', true)", '55000', 'HINT', 'nor a schedule by cron enabled');
sql("$insert ('$me', 'email-compose', 'cron', '* * * * *', false), ('$me', 'email-compose', 'webhook', NULL, true)");
is_sql('SELECT count(*) FROM helix.operation_schedules', 2, 'other schedules work without');
is_sql(q(SELECT helix.check_cron_job_exists('early'), helix.unregister_cron_job('early'), helix_internal.reconcile_cron()),
    'f|f|0', 'and so do questions about jobs');
sql('DELETE FROM helix.operation_schedules');

# A firing of pg_cron, waited for at the end of the other checks.
sql('CREATE EXTENSION pg_cron');
is_sql(register('every_minute', '* * * * *'), 'every_minute|UTC', 'a job is registered');
my $fires_after = sql('SELECT clock_timestamp()');

# Registration is part of the transaction.
sql('BEGIN; ' . register('gone', '5 4 * * *') . '; ROLLBACK');
sql('BEGIN; SAVEPOINT s; ' . register('gone', '5 4 * * *') . '; ROLLBACK TO s; ' . register('kept', '5 4 * * *') . '; COMMIT');
is_sql($jobs, "helix_every_minute|* * * * *|t\nhelix_kept|5 4 * * *|t", 'what is rolled back, or to a savepoint, leaves no job');
sql('BEGIN; ' . register('kept', '6 4 * * *') . '; ROLLBACK');
is_sql(q(SELECT schedule FROM cron.job WHERE jobname = 'helix_kept'), '5 4 * * *', 'a change that is rolled back changes nothing');
sql(register('kept', '30 4 * * *', zone => 'Asia/Kathmandu', operation => 'email-classify'));
is_sql(q(SELECT schedule_expression, timezone, operation_id FROM helix.cron_job_registry WHERE job_name = 'kept'),
    '30 4 * * *|Asia/Kathmandu|email-classify', 'registering again changes the job');
is_sql(q(SELECT schedule FROM cron.job WHERE jobname = 'helix_kept'), '* * * * *', 'in pg_cron too');
is_sql(register('kept', '0 5 * * *'), 'kept|Asia/Kathmandu', 'without a zone it keeps the one it has');

# Names.
is_sql(register('helix_kept', '5 4 * * *'), 'kept|Asia/Kathmandu', 'helix_NAME is NAME');
is_sql(q(SELECT count(*) FROM cron.job), 2, 'in pg_cron too');
is_sql(q(SELECT helix.check_cron_job_exists('kept'), helix.check_cron_job_exists('helix_kept'), helix.check_cron_job_exists('no')),
    't|t|f', 'both names are known');
my $id = 'AAAAAAAA-0000-4000-8000-0000000000FF';
sql("INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type)
    VALUES ('$id', '$me', 'email-compose', 'manual')");
is_sql(register("helix_$id", '1 2 * * *'), 'helix_' . lc($id) . '|UTC', 'helix_<uuid> is that schedule, however it is written');
is_sql("SELECT schedule_type, cron_expression, enabled FROM helix.operation_schedules WHERE id = '$id'", 'cron|1 2 * * *|t',
    'which is by cron from then on');
is_sql("SELECT helix.check_cron_job_exists('helix_$id'), helix.unregister_cron_job('helix_$id'), "
      . "helix.unregister_cron_job('helix_$id')", 't|t|f', 'and is unregistered');
is_sql("SELECT helix.check_cron_job_exists('helix_$id')", 'f', 'which the next statement sees');
is_sql("SELECT enabled FROM helix.operation_schedules WHERE id = '$id'", 'f', 'the schedule stays, disabled');
is_sql("SELECT count(*) FROM cron.job WHERE jobname = 'helix_" . lc($id) . q('), 0, 'without a job');
my $odd = q(it''s "odd" \\ %_ é);
sql(register($odd, '1 1 * * *'));
is_sql("SELECT helix.check_cron_job_exists('$odd'), helix_internal.run_job('$odd', '2100-01-01 01:01')", 't|1',
    'a name may have quotes');
is_sql("SELECT helix.unregister_cron_job('$odd')", 't', 'and is unregistered');
is_sql("SELECT count(*) FROM helix.operation_schedules WHERE job_name = '$odd'", 0, 'and leaves nothing');
sql(register('x' x 57, '1 1 * * *'));
is_sql(q(SELECT helix.check_cron_job_exists(repeat('x', 57)), helix_internal.reconcile_cron()), 't|0', 'a name may have 57 bytes');
sql(q(SELECT helix.unregister_cron_job(repeat('x', 57))));

# Refusals.
sql(q(CREATE ROLE stranger; SELECT cron.schedule('helix_foreign', '0 0 * * *', 'SELECT 1')));
sql(q(SELECT cron.schedule('helix_stranger', '0 0 * * *', 'SELECT 1'); UPDATE cron.job SET username = 'stranger'
    WHERE jobname = 'helix_stranger'));
my $kept_id = sql(q(SELECT id FROM helix.cron_job_registry WHERE job_name = 'kept'));
for my $case (
    [ 'a bad expression', '22023', 'HINT:  Write minute', register('bad', '61 * * * *') ],
    [ 'a bad expression for a known job', '22023', 'HINT', register('kept', 'whenever') ],
    [ '@reboot', '22023', 'HINT', register('bad', '@reboot') ],
    [ '30 February', '22023', 'HINT', register('bad', '0 0 30 2 *') ],
    [ 'an unknown zone', '22023', 'HINT', register('bad', '0 0 * * *', zone => 'Mars/Base') ],
    [ 'an unknown operation', '42704', 'HINT:  helix.operations', register('bad', '0 0 * * *', operation => 'dance') ],
    [ 'a job that is not ours', '42710', 'role "postgres".*HINT:.*cron.unschedule', register('foreign', '0 0 * * *') ],
    [ 'a job of another role', '42710', 'role "stranger".*HINT', register('helix_stranger', '0 0 * * *') ],
    [ 'the name of another user', '42710', 'HINT:  Choose', register('kept', '0 0 * * *', user => $other) ],
    [ 'the id of a job by another name', '42710', 'HINT', register("helix_$kept_id", '0 0 * * *') ],
    [ 'an empty name', '22023', 'HINT', register('', '0 0 * * *') ],
    [ 'a name too long for pg_cron', '22023', 'HINT', register('x' x 58, '0 0 * * *') ],
    [ 'a null', '22004', 'p_schedule', qq(SELECT helix.register_cron_job('bad', NULL, 'email-compose', '$me')) ]) {
    my ($name, $sqlstate, $pattern, $sql) = @$case;
    refused_and_unchanged($sql, $sqlstate, $pattern, "refused: $name");
}
is_sql(q(SELECT username, command FROM cron.job WHERE jobname = 'helix_foreign'), 'postgres|SELECT 1',
    "others' jobs are as they were");

# Signed-in users.
sql('CREATE ROLE api; CREATE ROLE service');
sql(q(SELECT helix.grant_api_access('api', 'service')));
sub signed_in { return qq(SET ROLE api; SET request.jwt.claims = '{"sub": "$_[0]"}'; $_[1]) }
sql(signed_in($me, register('by_api', '7 * * * *')));
is_sql(signed_in($other, q(SELECT helix.check_cron_job_exists('by_api'))), 'f', "another user's job is not seen");
is_sql(signed_in($me, q(SELECT helix.check_cron_job_exists('by_api'))), 't', 'the own one is');
refused_and_unchanged(signed_in($other, register('by_api', '8 * * * *')), '42501', '', 'refused: for another user');
refused_and_unchanged(signed_in($other, register('by_api', '8 * * * *', user => $other)), '42710', 'HINT',
    "refused: another's name");
refused_and_unchanged(signed_in($other, q(SELECT helix.unregister_cron_job('by_api'))), '42501', 'The job "by_api" is another user',
    "refused: unregistering another's");
is_sql(signed_in($me, q(SELECT helix.unregister_cron_job('by_api'))), 't', 'the own one is unregistered');

# Two sessions, one name: the second waits and changes what the first has made.
my $first = $node->background_psql('postgres');
my $second = $node->background_psql('postgres');
$first->query_safe('BEGIN; ' . register('race', '1 1 * * *'));
$second->query_until(qr/go/, "\\echo go\n" . register('race', '2 2 * * *') . ";\n");
ok($node->poll_query_until('postgres', q(SELECT count(*) > 0 FROM pg_locks WHERE NOT granted)), 'a second session waits');
$first->query_safe('COMMIT');
$second->query_safe('SELECT 1');
is_sql(q(SELECT r.schedule_expression, j.schedule FROM helix.cron_job_registry r, cron.job j
    WHERE r.job_name = 'race' AND j.jobname = 'helix_race'), '2 2 * * *|2 2 * * *', 'and then changes the job');
$first->query_safe('BEGIN; ' . q(SELECT helix_internal.run_job('race', '2100-01-01')));
is($second->query_safe(q(SELECT helix_internal.run_job('race', '2100-01-01'))), '0', 'nobody waits for a job that somebody runs');
$first->query_safe('COMMIT');
$_->quit for $first, $second;
is_sql(q(SELECT count(*) FROM helix_internal.queue q JOIN helix_internal.operation_schedules s ON s.id = q.schedule_id
    WHERE s.job_name = 'race'), 1, 'two who run one job at once queue one execution');

# Seconds, which pg_cron 1.4 does not know: the worker serves them.
is_sql(register('fast', '30 seconds'), 'fast|UTC', 'an interval of seconds is registered');

# Schedules register themselves.
sql("INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, cron_expression) "
      . "VALUES ('$other', '$me', 'email-compose', 'cron', '9 * * * *')");
my $own_job = "SELECT schedule FROM cron.job WHERE jobname = 'helix_$other'";
my $change = sub { sql("UPDATE helix.operation_schedules SET $_[0] WHERE id = '$other'") };
is_sql($own_job, '9 * * * *', 'a new schedule registers itself');
$change->(q(cron_expression = '10 9 * * *'));
is_sql($own_job, '10 9 * * *', 'a change of its expression follows');
$change->(q(timezone = 'Europe/Berlin'));
is_sql($own_job, '10 * * * *', 'and of its zone');
$change->(q(cron_expression = '30 2 * * *'));
is_sql($own_job, '0,30 * * * *', 'what runs at the end of a gap is woken then');
$change->('enabled = false');
is_sql($own_job, '', 'disabling unregisters it');
$change->('enabled = true');
is_sql($own_job, '0,30 * * * *', 'enabling registers it');
$change->(q(schedule_type = 'manual'));
is_sql($own_job, '', 'another type unregisters it');
$change->(q(schedule_type = 'cron'));
sql("DELETE FROM helix.operation_schedules WHERE id = '$other'");
is_sql($own_job, '', 'deleting unregisters it');
sql(q(INSERT INTO helix.operations (operation_id, name) VALUES ('old-name', 'Old')));
sql(register('renamed', '1 1 * * *', operation => 'old-name'));
sql(q(UPDATE helix.operations SET operation_id = 'new-name' WHERE operation_id = 'old-name'));
is_sql(q(SELECT operation_id, helix.check_cron_job_exists('renamed') FROM helix.cron_job_registry WHERE job_name = 'renamed'),
    'new-name|t', 'the operation of a job is renamed');

# Drift. A job that cannot be repaired, as somebody else has its name, does not keep the others from it.
sql(register($_, '1 1 * * *')) for qw(a_blocked deleted changed command switched_off);
sql(<<'SQL');
TRUNCATE helix_internal.cron_job_repairs;
BEGIN;
DELETE FROM cron.job WHERE jobname IN ('helix_deleted', 'helix_a_blocked');
UPDATE cron.job SET schedule = '* * * * *' WHERE jobname = 'helix_changed';
UPDATE cron.job SET command = 'SELECT 666' WHERE jobname = 'helix_command';
UPDATE cron.job SET active = false WHERE jobname = 'helix_switched_off';
INSERT INTO cron.job (schedule, command, jobname, username, nodeport)
    VALUES ('1 1 * * *', 'SELECT 1', 'helix_a_blocked', 'stranger', 5432);
INSERT INTO cron.job (schedule, command, jobname, nodeport)
    VALUES ('1 1 * * *', 'SELECT helix_internal.run_job(''nobody'')', 'helix_nobody', 5432),
    ('1 1 * * *', 'SELECT helix_internal.run_job(''nameless'')', NULL, 5432);
COMMIT;
SQL
ok($node->poll_query_until('postgres', 'SELECT count(*) >= 6 FROM helix.cron_job_repairs'), 'the worker repairs');
is_sql(q(SELECT found, regexp_replace(job_name, '\d+', 'N') FROM helix.cron_job_repairs ORDER BY 1, 2), join("\n",
        'changed|helix_changed', 'changed|helix_command', 'missing|helix_deleted', 'not ours|helix_nobody', 'not ours|job N',
        'switched off|helix_switched_off'), 'and reports each');
is_sql("$drift AND r.job_name IS DISTINCT FROM 'a_blocked'", 0, 'the jobs are what the schedules say');
like(slurp_file($node->logfile), qr/helix repaired pg_cron's job "helix_deleted": it was missing/, 'it is in the log');
like(slurp_file($node->logfile), qr/WARNING:  pg_cron has a job "helix_a_blocked" that is not helix's/, 'and so is what failed');
is_sql(q(BEGIN; UPDATE cron.job SET active = false WHERE jobname = 'helix_kept'; SELECT helix.check_cron_job_exists('kept');
    ROLLBACK), 'f', 'a job that is switched off does not count as one');
sql(q(SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = 'helix_a_blocked'; SELECT helix.unregister_cron_job('a_blocked');
    SELECT helix_internal.reconcile_cron()));

# pg_cron has fired meanwhile.
my $fired = q(SELECT count(*) FROM cron.job_run_details WHERE command = 'SELECT helix_internal.run_job(''every_minute'')'
    AND status = 'succeeded');
ok($node->poll_query_until('postgres', "SELECT ($fired) > 0"), 'pg_cron has run the job');
sleep 11; # a look of the worker
my $due = q(scheduled_for, count(*) FROM helix.schedule_executions e JOIN helix.operation_schedules s ON s.id = e.schedule_id
    WHERE s.job_name = 'every_minute');
is_sql("SELECT count(*) FROM (SELECT $due GROUP BY 1 HAVING count(*) > 1) d", 0, 'each time is queued once');
is_sql("SELECT count(*) > 0, max(scheduled_for) = date_trunc('minute', max(scheduled_for)), min(scheduled_for) - '$fires_after' "
      . "BETWEEN '0 s' AND '60 s' FROM (SELECT $due GROUP BY 1) d", 't|t|t', 'the first of them within the first minute');
ok($node->poll_query_until('postgres', q(SELECT count(*) > 0 FROM helix.schedule_executions e
    JOIN helix.operation_schedules s ON s.id = e.schedule_id WHERE s.job_name = 'fast')),
    'and the worker has run the job by seconds');

# Dump and restore, with and without pg_cron.
my $dump = $node->basedir . '/helix.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'pg_dump');
my $registered = sql($registry);
for my $has_cron (1, 0) {
    my $name = $has_cron ? 'with pg_cron' : 'without pg_cron';
    my $target = PostgreSQL::Test::Cluster->new($has_cron ? 'with' : 'without');
    $target->init;
    $target->append_conf('postgresql.conf', "log_statement = none\n"
          . ($has_cron ? $with_cron : "shared_preload_libraries = 'helix'\n"));
    $target->start;
    $target->safe_psql('postgres', 'CREATE ROLE api; CREATE ROLE service; CREATE ROLE stranger');
    my $text = slurp_file($dump);
    $text =~ s/^(?:CREATE|COMMENT ON) EXTENSION [^;]*pg_cron[^;]*;$//mg unless $has_cron;
    $text =~ s/^COPY cron\..*?^\\\.$//msg unless $has_cron;
    $text =~ s/^SELECT pg_catalog.setval\('cron\.[^;]*;$//mg unless $has_cron;
    my $file = $target->basedir . '/restore.sql';
    append_to_file($file, $text);
    local $ENV{PGOPTIONS} = $has_cron ? '' : '-c helix.after_restore=run';
    IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $file ],
        '>', \my $out, '2>', \my $error);
    is($error, '', "restored $name");
    is($target->safe_psql('postgres', $registry), $registered, "$name: the registry is the same");
    my $pauses = $has_cron ? 'restored from a dump' : '';
    is($target->safe_psql('postgres', 'SELECT reason FROM helix.queue_pauses'), $pauses, "$name: paused, unless it was to run");
    my $says = $has_cron ? 'helix pauses' : 'helix goes on with';
    like(slurp_file($target->logfile), qr/LOG:  $says the queue and the schedules of database "postgres"/,
        "$name: the log says so");
    next unless $has_cron;
    ok($target->poll_query_until('postgres', q(SELECT count(*) > 0 FROM helix_internal.queue
        WHERE NOT running AND ready_at <= now())), "$name: something is due");
    is($target->safe_psql('postgres', q(SELECT count(*) FROM helix.claim_executions('w', 100))), '0', "$name: nothing starts");
    is($target->safe_psql('postgres', q(SELECT helix.resume_queue())), 't', "$name: resumed");
    is($target->safe_psql('postgres', q(SELECT count(*) > 0 FROM helix.claim_executions('w', 100))), 't', "$name: it starts");
    ok($target->poll_query_until('postgres', "SELECT ($drift) = 0"), "$name: the jobs are there");
    $target->stop;
}

# Restart: what has drifted while helix was not looking is repaired.
sql(q(DELETE FROM cron.job WHERE jobname = 'helix_kept'));
$node->restart;
ok($node->poll_query_until('postgres', "SELECT ($drift) = 0"), 'after a restart the jobs are what the schedules say');
is_sql($registry, $registered, 'and the registry is as it was');

# Promotion.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay');
is($standby->safe_psql('postgres', q(SELECT helix.check_cron_job_exists('every_minute'))), 't', 'a standby knows the job');
$node->stop('immediate');
$standby->promote;
$standby->safe_psql('postgres', q(DELETE FROM cron.job WHERE jobname = 'helix_kept';
    UPDATE helix_internal.operation_schedules SET next_scheduled_at = now() - interval '10 s' WHERE job_name = 'every_minute'));
my $executions = $standby->safe_psql('postgres', 'SELECT count(*) FROM helix.schedule_executions');
ok($standby->poll_query_until('postgres', "SELECT count(*) > $executions FROM helix.schedule_executions"),
    'on a promoted standby jobs run');
ok($standby->poll_query_until('postgres', "SELECT ($drift) = 0"), 'and are repaired');

# The end.
$standby->safe_psql('postgres', 'DROP EXTENSION helix CASCADE');
is($standby->safe_psql('postgres', 'SELECT jobname FROM cron.job ORDER BY 1'), "helix_foreign\nhelix_stranger",
    'DROP EXTENSION takes its jobs along and no others');

done_testing();
