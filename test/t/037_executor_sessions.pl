# Proves that a job sees nothing of the job before it in the same process: settings, claims, locks, prepared statements, sequences.
# And that a handler is interrupted when its execution ends, by whomever, while its process goes on.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $alice = user_id(1);
my $bob = user_id(2);
my $node = helix_node('executors', conf => <<'CONF');
helix.executors = 1
helix.handler_timeout = 2s
search_path = 'public'
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

# What a handler may leave behind, and what PostgreSQL refuses it. `look` says what a job finds.
sql(<<'SQL');
CREATE ROLE api_user;
CREATE ROLE api_service;
SELECT helix.grant_api_access('api_user', 'api_service');
GRANT api_service TO api_user;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO api_user;
CREATE SEQUENCE numbers;
GRANT USAGE ON SEQUENCE numbers TO api_user;
CREATE FUNCTION litter(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    refused jsonb = '{}';
BEGIN
    PERFORM set_config('request.jwt.claims', '{"sub": "cccccccc-0000-4000-8000-000000000003"}', false),
        set_config('helix.user_id', 'cccccccc-0000-4000-8000-000000000003', false), set_config('search_path', 'evil', false),
        set_config('app.tenant', 'evil', false), set_config('TimeZone', 'Asia/Tokyo', false),
        set_config('default_transaction_read_only', 'on', false), set_config('statement_timeout', '1234', false),
        pg_advisory_lock(42), pg_advisory_lock_shared(43), nextval('public.numbers'), setseed(0.5);
    FOREACH statement IN ARRAY ARRAY['CREATE TEMP TABLE litter ()', 'PREPARE litter AS SELECT 1', 'LISTEN litter',
        'SET ROLE api_service',
            'SET SESSION AUTHORIZATION api_user', 'DECLARE litter CURSOR WITH HOLD FOR SELECT 1', 'DISCARD ALL'] LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN OTHERS THEN
            refused = refused || jsonb_build_object(statement, SQLSTATE);
        END;
    END LOOP;
    IF payload ? 'fail' THEN
        RAISE 'failed';
    END IF;
    RETURN refused || jsonb_build_object('process', pg_backend_pid());
END $$;
CREATE FUNCTION look(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    last_number text;
BEGIN
    BEGIN
        last_number = currval('public.numbers');
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        last_number = 'none';
    END;
    RETURN jsonb_build_object('process', pg_backend_pid(), 'currval', last_number, 'random', random(),
        'claims', current_setting('request.jwt.claims'), 'helix.user_id', current_setting('helix.user_id'),
        'user', helix.current_user_id(), 'role', current_user, 'session', session_user = (SELECT extowner::regrole::text
            FROM pg_extension WHERE extname = 'helix'),
        'search_path', current_setting('search_path'), 'app.tenant', coalesce(current_setting('app.tenant', true), ''),
        'TimeZone', current_setting('TimeZone') = (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),
        'read_only', current_setting('transaction_read_only'), 'statement_timeout', current_setting('statement_timeout'),
        'locks', (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
        'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), 'cursors', (SELECT count(*) FROM pg_cursors
            WHERE is_holdable),
        'listens', (SELECT count(*) FROM pg_listening_channels()), 'temporary', pg_my_temp_schema()::int);
END $$;
-- It litters too, and then takes its time.
CREATE FUNCTION dawdle(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.litter(execution, '{}'), pg_sleep((payload ->> 's')::float8);
    RETURN jsonb_build_object('process', pg_backend_pid());
END $$;
INSERT INTO helix.operations (operation_id, name, handler)
    SELECT name, name, (name || '(uuid, jsonb)')::regprocedure FROM unnest('{litter,look,dawdle}'::text[]) name;
SQL

sub queue {
    my ($user, $operation, $payload) = @_;
    return sql("SET ROLE api_user; SET helix.user_id = '$user';"
          . "SELECT helix.enqueue_execution(NULL, 'manual', '$payload', p_user_id => '$user', p_operation_id => '$operation')");
}

sub field {
    my ($field, $id) = @_;
    return sql("SELECT result ->> '$field' FROM helix.schedule_executions WHERE id = '$id'");
}

sub run {
    my ($user, $operation, $condition, $payload) = @_;
    my $id = queue($user, $operation, $payload // '{}');
    ok($node->poll_query_until('postgres', "SELECT $condition FROM helix.schedule_executions WHERE id = '$id'"),
        "$operation has run")
      or diag sql("SELECT * FROM helix.schedule_executions WHERE id = '$id'");
    return $id;
}

sub is_clean {
    my ($id, $user, $name) = @_;
    my %expected = (
        currval => 'none', claims => qq({"sub": "$user", "role": "api_user"}), 'helix.user_id' => $user, user => $user,
        role => 'api_user', session => 'true', search_path => 'pg_catalog, pg_temp', 'app.tenant' => '', TimeZone => 'true',
        read_only => 'off', statement_timeout => '0', locks => 0, prepared => 0, cursors => 0, listens => 0, temporary => 0);
    is(field($_, $id), $expected{$_}, "$name: $_") for sort keys %expected;
}

# One after the other in one process.
my $litter = run($alice, 'litter', q(execution_status = 'success'));
my $looked = run($bob, 'look', q(execution_status = 'success'));
is(field('process', $looked), field('process', $litter), 'both jobs ran in one process');
is_clean($looked, $bob, 'after a job');
my %refused = ('CREATE TEMP TABLE litter ()' => '42501', 'PREPARE litter AS SELECT 1' => '42501', 'LISTEN litter' => '42501',
    'SET ROLE api_service' => '42501',
    'SET SESSION AUTHORIZATION api_user' => '42501', 'DECLARE litter CURSOR WITH HOLD FOR SELECT 1' => '42501',
    'DISCARD ALL' => '42501');
is(field($_, $litter), $refused{$_}, "$_ is refused") for sort keys %refused;

# The seed is another each time.
run($alice, 'litter', q(execution_status = 'success'));
my $again = run($bob, 'look', q(execution_status = 'success'));
isnt(field('random', $again), field('random', $looked), 'random() does not go on from another job\'s seed');

# The same after a failure, whose time limit ends with it.
run($alice, 'litter', q(error_message IS NOT NULL), '{"fail": true}');
sleep 3;
my $after_failure = run($bob, 'look', q(execution_status = 'success'));
is(field('process', $after_failure), field('process', $again), 'a failed job does not end the process');
is_clean($after_failure, $bob, 'after a failed job');
is(sql(q(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')), 0, 'no advisory lock stays');

# A handler whose execution ends is interrupted within a second, and the process goes on as a fresh session.
$node->append_conf('postgresql.conf', 'helix.handler_timeout = 20s');
$node->reload;
sub handling { return sql(q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'helix errand' AND wait_event = 'PgSleep')) }
my $process = field('process', $after_failure);
my %ends = (
    'is cancelled' => [ q(SELECT helix.cancel_execution('%s', 'no longer needed')), 'skipped|cancelled: no longer needed' ],
    'is cancelled with its batch' => [ '', 'skipped|cancelled' ],
    'is completed by a service' => [ q(SELECT helix.complete_execution('%s', 'success')), 'success|' ]);
for my $how (sort keys %ends) {
    my ($end, $state) = @{ $ends{$how} };
    my ($id, $batch);
    if ($end) {
        $id = queue($alice, 'dawdle', '{"s": 15}');
        $end = sprintf $end, $id;
    } else {
        $batch = sql("SET ROLE api_user; SET helix.user_id = '$alice'; SELECT helix.create_batch('$alice', 'b', 'parallel',
            '[{\"operation_id\": \"dawdle\", \"parameters\": {\"s\": 15}}]', p_start => true)");
        $id = sql("SELECT execution_id FROM helix.batch_operations WHERE batch_id = '$batch'");
        $end = "SELECT helix.cancel_batch('$batch')";
    }
    ok($node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'helix errand'
        AND wait_event = 'PgSleep')), "a handler $how: it runs");
    sql('BEGIN; ' . $end . '; ROLLBACK');
    sql('BEGIN; SAVEPOINT s; ' . $end . '; ROLLBACK TO s; COMMIT');
    sql('SELECT pg_sleep(0.3)');
    is(handling(), 1, '... and runs on where that is rolled back');
    sql('BEGIN; SAVEPOINT s; ' . $end . '; RELEASE s; COMMIT; SELECT pg_sleep(1)');
    is(handling(), 0, '... and is interrupted within a second');
    is(sql("SELECT execution_status, error_message FROM helix.schedule_executions WHERE id = '$id'"), $state, "... $state");
    my $next = run($bob, 'look', q(execution_status = 'success'));
    is(field('process', $next), $process, '... the next job has the same process');
    is_clean($next, $bob, "after a handler that $how");
}

# Whoever cancels the process's query ends an attempt. Between jobs, and where nothing has ended, signals do nothing.
my $cancelled = queue($alice, 'dawdle', '{"s": 15}');
$node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'helix errand'
    AND wait_event = 'PgSleep')) or die 'no handler runs';
kill 'USR2', $process;
sql('SELECT pg_sleep(0.3)');
is(handling(), 1, 'a signal for a job that has not ended does nothing');
sql("SELECT pg_cancel_backend($process)");
ok($node->poll_query_until('postgres', "SELECT error_message LIKE 'canceling statement due to user request (57014)'
    FROM helix.schedule_executions WHERE id = '$cancelled'"), 'pg_cancel_backend() ends the attempt');
sql("SELECT helix.cancel_execution('$cancelled'), pg_cancel_backend($process), pg_sleep(0.3)");
my $last = run($bob, 'look', q(execution_status = 'success'));
is(field('process', $last), $process, 'and the process goes on');

# What cannot be recorded of a failure ends no process either.
sql(q(CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON helix_internal.queue FOR EACH ROW WHEN (NEW.last_error IS NOT NULL)
    EXECUTE FUNCTION refuse()));
my $unrecorded = queue($alice, 'litter', '{"fail": true}');
my $untold = qr/LOG:  helix could not note that a handler has failed: refused\n.*DETAIL:  The handler's error is: failed/;
for (1 .. 100) {
    last if slurp_file($node->logfile) =~ $untold;
    sql('SELECT pg_sleep(0.1)');
}
like(slurp_file($node->logfile), $untold, 'what cannot be recorded is told to the log');
is(field('process', run($bob, 'look', q(execution_status = 'success'))), $process, 'and the process goes on');
unlike(slurp_file($node->logfile), qr/"helix executor".* exited with exit code 1/, 'no executor has ended by an error');

$node->stop;
done_testing;
