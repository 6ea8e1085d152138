# Operations with a handler: the server itself runs them, as the role that asked for it, in one transaction with their completion.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $alice = 'a11ce000-0000-0000-0000-000000000001';
my $bob = 'b0b00000-0000-0000-0000-000000000002';

my $node = PostgreSQL::Test::Cluster->new('executors');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'helix'
helix.databases = 'postgres, other'
helix.handler_timeout = 2s
helix.executors = 1
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION helix;
CREATE ROLE api_user;
CREATE ROLE api_service;
SELECT helix.grant_api_access('api_user', 'api_service');
CREATE TABLE effects (execution uuid, who name, signed_in uuid, payload jsonb, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT ON effects TO api_user;
CREATE TABLE secrets AS SELECT 'secret' AS word;
CREATE FUNCTION note(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
    INSERT INTO public.effects (execution, who, signed_in, payload)
        VALUES (execution, current_user, helix.current_user_id(), payload);
    SELECT jsonb_build_object('cost_usd', 0.5, 'seen', (SELECT count(*) FROM helix.executions)) $$;
CREATE FUNCTION note_and_fail(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
    INSERT INTO public.effects (execution, who) VALUES (execution, 'failed');
    SELECT jsonb_build_object('x', 1 / 0) $$;
CREATE FUNCTION sleep(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
    INSERT INTO public.effects (execution, payload) VALUES (execution, payload);
    SELECT jsonb_build_object('slept', pg_sleep((payload ->> 's')::float)::text) $$;
CREATE FUNCTION peep(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb(word) FROM public.secrets $$;
CREATE FUNCTION climb(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    BEGIN EXECUTE 'SET ROLE postgres'; RETURN '1'; END $$;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.effects (who) VALUES (current_user); RETURN NULL; END $$;
CREATE TABLE watched (x int);
ALTER TABLE watched OWNER TO api_user;
CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch();
CREATE FUNCTION defer(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
    INSERT INTO public.watched VALUES (1); SELECT '1'::jsonb $$;
CREATE FUNCTION no_json(execution uuid, payload jsonb) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$;
INSERT INTO helix.operations (operation_id, name, handler)
    SELECT name, name, (name || '(uuid, jsonb)')::regprocedure
      FROM unnest('{note,note_and_fail,sleep,peep,climb,defer,no_json}'::text[]) name;
SQL

# queue(ROLE, USER, OPERATION, PAYLOAD): its id
sub queue {
    my ($role, $user, $operation, $payload) = @_;
    return $node->safe_psql('postgres',
        "SET ROLE $role; SET helix.user_id = '$user';"
          . "SELECT helix.enqueue_execution(NULL, 'manual', '$payload', p_user_id => '$user', p_operation_id => '$operation')");
}

sub execution {
    my ($columns, $id) = @_;
    return $node->safe_psql('postgres', "SELECT $columns FROM helix.schedule_executions WHERE id = '$id'");
}

sub wait_for {
    my ($condition, $id, $what) = @_;
    ok($node->poll_query_until('postgres', "SELECT $condition FROM helix.schedule_executions WHERE id = '$id'"), $what)
      or diag execution('*', $id);
}

# As the role that queued, with its user signed in; the ledger shows that user's rows alone.
$node->safe_psql('postgres', "SELECT helix.record_operation_execution('$bob', 'email-compose', NULL, true, 1, 1, 'openai')");
my $noted = queue('api_user', $alice, 'note', '{"a": 1}');
wait_for("execution_status = 'success'", $noted, 'a handler runs by itself');
is($node->safe_psql('postgres', 'SELECT who, signed_in, payload FROM effects'), "api_user|$alice|{\"a\": 1}",
    'as the role and user that queued');
is(execution("result, cost_actual, attempt, worker, latency_ms BETWEEN 0 AND 2000", $noted),
    '{"seen": 0, "cost_usd": 0.5}|0.5|1|helix executor|t',
    'its result is stored, row security held, and its cost is the result\'s');
is($node->safe_psql('postgres', "SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = '$alice'"),
    '1|0.5', 'the ledger has it');

# Failures: nothing of the handler stays, the attempt is recorded, and tried again later.
my $failed = queue('api_user', $alice, 'note_and_fail', '{}');
wait_for("error_message IS NOT NULL", $failed, 'a handler that fails');
is(execution("execution_status, error_message, attempt, run_at > now() + '1 second'", $failed),
    'pending|division by zero (22012)|1|t', 'is tried again after a pause');
is($node->safe_psql('postgres', "SELECT count(*) FROM effects WHERE execution = '$failed'"), '0', 'and leaves nothing behind');
is($node->safe_psql('postgres', "SELECT success, error FROM helix.executions WHERE operation_id = 'note_and_fail'"),
    'f|division by zero (22012)', 'the ledger has the attempt');

my $late = queue('api_user', $alice, 'sleep', '{"s": 60}');
wait_for("error_message LIKE '%timeout (57014)'", $late, 'a handler that takes too long is stopped');
is($node->safe_psql('postgres', "SELECT count(*) FROM effects WHERE execution = '$late'"), '0', 'and leaves nothing behind');

# What the role may not, its handler may not.
my %refusals = (peep => 'permission denied for table secrets (42501)',
    climb => 'cannot set parameter "role" within security-definer function (42501)',
    defer => 'cannot fire deferred trigger within security-restricted operation (42501)',
    no_json => 'a handler must return one jsonb (42P13)');
for my $operation (sort keys %refusals) {
    my $id = queue('api_user', $alice, $operation, '{}');
    wait_for('error_message IS NOT NULL', $id, "$operation fails");
    is(execution('error_message', $id), $refusals{$operation}, "$operation: $refusals{$operation}");
}

# A schedule's handler runs as the role that made the schedule, whoever triggers it.
my $schedule = $node->safe_psql('postgres',
    "SET ROLE api_user; SET helix.user_id = '$alice';"
      . "INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, parameters)
          VALUES ('$alice', 'note', 'manual', '{\"s\": 1}') RETURNING id");
my $scheduled = $node->safe_psql('postgres', "SELECT helix.enqueue_execution('$schedule')");
wait_for("execution_status = 'success'", $scheduled, 'a schedule\'s handler runs');
is($node->safe_psql('postgres', "SELECT who, payload FROM effects WHERE execution = '$scheduled'"), 'api_user|{"s": 1}',
    'as the role that made it');

# Of those who have decided what runs, the handler has the rights of the one with fewer, and never a superuser's.
sub refused_statement {
    my ($sql, $pattern, $name) = @_;
    my ($status, $out, $error) = $node->psql('postgres', $sql, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
    like($error, $pattern, $name);
}
my $never = qr/ERROR:  42501: a handler never runs as a superuser.*HINT:  SET ROLE/s;
my $as_alice = "SET ROLE api_user; SET helix.user_id = '$alice';";
my $given = "INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, parameters)
    VALUES ('$alice', '%s', 'manual', '{}') RETURNING id";
refused_statement("SELECT helix.enqueue_execution(NULL, p_user_id => '$alice', p_operation_id => 'note')", $never,
    'a superuser does not queue it');
refused_statement(sprintf($given, 'note'), $never, 'nor make a schedule of it');
refused_statement("SELECT helix.create_batch('$alice', 'b', 'parallel', '[{\"operation_id\": \"note\"}]', p_start => true)", $never,
    'nor a batch');
my $from_superuser = $node->safe_psql('postgres', sprintf $given, 'email-compose');
my $runs_as = "SELECT run_as FROM helix_internal.operation_schedules WHERE id = '%s'";
my $queued_as = "SELECT run_as FROM helix_internal.queue WHERE id = '%s'";
$node->safe_psql('postgres', "UPDATE helix.operation_schedules SET enabled = true WHERE id = '$from_superuser'");
is($node->safe_psql('postgres', sprintf $runs_as, $from_superuser), 'postgres',
    'a superuser\'s schedule of another operation is a superuser\'s');
my $unchanged = $node->safe_psql('postgres',
    "$as_alice SELECT helix.enqueue_execution('$from_superuser', 'manual', '{\"mine\": 1}', now() + '1 h')");
is($node->safe_psql('postgres', sprintf $queued_as, $unchanged), 'api_user', 'what a user queues by it runs as the user\'s role');
$node->safe_psql('postgres', "$as_alice UPDATE helix.operation_schedules SET operation_id = 'note' WHERE id = '$from_superuser'");
is($node->safe_psql('postgres', sprintf $runs_as, $from_superuser), 'api_user', 'so does all of it once the user has changed it');
my $chosen = $node->safe_psql('postgres', "$as_alice SELECT helix.enqueue_execution('$from_superuser', 'manual', '{\"mine\": 2}')");
wait_for("execution_status = 'success'", $chosen, 'the user\'s operation runs with the user\'s payload');
is($node->safe_psql('postgres', "SELECT who, payload FROM effects WHERE execution = '$chosen'"), 'api_user|{"mine": 2}',
    'as the user\'s role');
my $by_service = $node->safe_psql('postgres', "SET ROLE api_service;
    SELECT helix.enqueue_execution('$from_superuser', 'manual', '{}', now() + '1 h')");
is($node->safe_psql('postgres', sprintf $queued_as, $by_service), 'api_user',
    'a service that queues a user\'s schedule does not lend its rights');
$node->safe_psql('postgres', "SET ROLE api_service; UPDATE helix.operation_schedules SET enabled = true
    WHERE id = '$from_superuser'");
is($node->safe_psql('postgres', sprintf $runs_as, $from_superuser), 'api_user', 'nor one that changes it');
my $of_service = $node->safe_psql('postgres', 'SET ROLE api_service;' . sprintf $given, 'note');
is($node->safe_psql('postgres', sprintf $runs_as, $of_service), 'api_service', 'a service\'s schedule is the service\'s');
$node->safe_psql('postgres', "$as_alice UPDATE helix.operation_schedules SET parameters = '{\"mine\": 3}'
    WHERE id = '$of_service'");
is($node->safe_psql('postgres', sprintf $runs_as, $of_service), 'api_user', 'until its user changes it');
my $draft = $node->safe_psql('postgres', "SELECT helix.create_batch('$alice', 'b', 'parallel', '[{\"operation_id\": \"note\"}]')");
$node->safe_psql('postgres', "$as_alice SELECT helix.start_batch('$draft')");
is($node->safe_psql('postgres', "SELECT DISTINCT who FROM effects"), 'api_user', 'nothing has run as another role')
  if $node->poll_query_until('postgres', "SELECT status = 'completed' FROM helix.operation_batches WHERE id = '$draft'");

# A role that has become a superuser since, or is gone: the attempt fails and says why.
$node->safe_psql('postgres', q(CREATE ROLE riser IN ROLE api_user));
my ($risen, $gone) = map { $node->safe_psql('postgres', "SET ROLE riser; SET helix.user_id = '$alice';"
    . "SELECT helix.enqueue_execution(NULL, 'manual', '{}', now() + '2 s', p_user_id => '$alice', p_operation_id => 'note')") }
    1 .. 2;
$node->safe_psql('postgres', "ALTER ROLE riser SUPERUSER; UPDATE helix_internal.queue SET run_as = 'nobody' WHERE id = '$gone'");
wait_for('error_message IS NOT NULL', $_, 'the attempt fails') for $risen, $gone;
is(execution('error_message', $risen), 'a handler never runs as a superuser (42501)', 'of a role that is a superuser now');
is(execution('error_message', $gone), 'the role of the execution is gone (42704)', 'of a role that is gone');

# Only a superuser names a handler, and only a function that stays.
my $set = "UPDATE helix.operations SET handler = '%s' WHERE operation_id = 'email-compose'";
refused_statement('SET ROLE api_service;' . sprintf($set, 'note(uuid, jsonb)'),
    qr/ERROR:  42501: permission denied to set a handler.*HINT/s, 'a service sets no handler');
refused_statement(q(SET ROLE api_service; INSERT INTO helix.operations (operation_id, name, handler)
    VALUES ('x', 'x', 'note(uuid, jsonb)')),
    qr/ERROR:  42501: permission denied to set a handler/, 'with no new operation either');
refused_statement(q(CREATE FUNCTION pg_temp.evil(uuid, jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT $2';)
    . sprintf($set, 'pg_temp.evil(uuid, jsonb)'),
    qr/ERROR:  22023: the function cannot be a handler.*temporary schema.*HINT/s, 'a temporary function is no handler');
refused_statement(sprintf($set, 'pg_sleep(double precision)'),
    qr/ERROR:  22023: the function cannot be a handler.*not a function of \(uuid, jsonb\)/s,
    'nor one of other arguments');
$node->safe_psql('postgres', "SET ROLE api_service; UPDATE helix.operations SET name = 'Note' WHERE operation_id = 'note'");

# One executor: one at a time. The process is reused.
my @sleeps = map { queue('api_user', $alice, 'sleep', '{"s": 0.2}') } 1 .. 3;
wait_for("execution_status = 'success'", $_, 'one of three') for @sleeps;
is($node->safe_psql('postgres', <<"SQL"), 'f', 'helix.executors = 1: never two at once');
SELECT bool_or(next_start < completed_at) FROM (
    SELECT completed_at, lead(started_at) OVER (ORDER BY started_at) AS next_start FROM helix.schedule_executions
     WHERE operation_id = 'sleep' AND execution_status = 'success') e
SQL
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'helix errand'"), '1',
    'by one process');

# An operation that gets another id, or goes, while its handler runs: both executions end, their costs count, and the process stays.
sub executor_pid { return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'helix errand'") }
$node->safe_psql('postgres', q(CREATE FUNCTION cost(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('cost_usd', 0.25, 'slept', pg_sleep((payload ->> 's')::float)::text) $$;
INSERT INTO helix.operations (operation_id, name, handler) VALUES ('first_id', 'Named anew', 'cost(uuid, jsonb)')));
my @renamed = map { queue('api_user', $alice, 'first_id', "{\"s\": $_}") } 1.5, 0;
wait_for("execution_status = 'running'", $renamed[0], 'a handler runs');
my $executor = executor_pid();
$node->safe_psql('postgres', q(UPDATE helix.operations SET operation_id = 'second_id' WHERE operation_id = 'first_id'));
is(execution('execution_status', $renamed[0]), 'running', 'its operation is renamed meanwhile');
wait_for("execution_status = 'success'", $_, 'it and the one behind it end well') for @renamed;
is($node->safe_psql('postgres', q(SELECT operation_id, count(*), sum(cost_usd) FROM helix.executions WHERE operation_id LIKE '%_id'
    GROUP BY 1)),
    'second_id|2|0.50', 'under the new id');
my $orphan = queue('api_user', $alice, 'second_id', '{"s": 1.5}');
wait_for("execution_status = 'running'", $orphan, 'another runs');
$node->safe_psql('postgres', q(ALTER TABLE helix.operations DISABLE TRIGGER follow_operation;
DELETE FROM helix.operations WHERE operation_id = 'second_id'; ALTER TABLE helix.operations ENABLE TRIGGER follow_operation));
wait_for("execution_status = 'success'", $orphan, 'it ends well, though its operation is gone');
is($node->safe_psql('postgres', q(SELECT sum(cost_usd) FROM helix.executions WHERE operation_id = 'second_id')), '0.75',
    'and its cost counts');
is(executor_pid(), $executor, 'the process has outlived both');

# Outside workers do not get in the way, and a database with an executor in it can be dropped.
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', <<'SQL');
CREATE EXTENSION helix;
CREATE FUNCTION note(execution uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
INSERT INTO helix.operations (operation_id, name, handler) VALUES ('note', 'note', 'note(uuid, jsonb)');
SELECT helix.grant_api_access('api_user', 'api_service');
SQL
my $elsewhere = $node->safe_psql('other', "SET ROLE api_service;
    SELECT helix.enqueue_execution(NULL, p_user_id => '$alice', p_operation_id => 'note')");
ok($node->poll_query_until('other', "SELECT execution_status = 'success' FROM helix.schedule_executions WHERE id = '$elsewhere'"),
    'another database has its own');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = 'other' AND backend_type = 'helix errand'"),
    '1', 'its executor is still there');
$node->safe_psql('postgres', 'DROP DATABASE other');
pass('and does not keep it from being dropped');

# Switched off, nothing runs.
$node->append_conf('postgresql.conf', 'helix.executors = 0');
$node->restart;
my $waiting = queue('api_user', $alice, 'note', '{}');
sleep 3;
is(execution('execution_status', $waiting), 'pending', 'helix.executors = 0: nobody runs it');

$node->stop;
done_testing;
