# Proves that one user's row never fails or delays the work of others: for each shared pass, alice's row is broken or kept locked
# in an open transaction, and bob's work goes on meanwhile.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($alice, $bob) = (user_id(1), user_id(2));
my $node = helix_node('main', conf => <<'CONF');
shared_preload_libraries = 'pg_cron,helix'
cron.use_background_workers = on
cron.database_name = 'postgres'
max_worker_processes = 20
helix.execution_retention = '1h'
helix.executors = 2
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub is_sql {
    my ($sql, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(sql($sql), $expected, $name);
}

# Within the usual time of a pass, generously: a pass that waits for alice would wait for the whole test.
sub happens {
    my ($sql, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($node->poll_query_until('postgres', $sql), $name);
}

# A session of alice with a transaction that stays open.
sub open_transaction {
    my (@statements) = @_;
    my $session = $node->background_psql('postgres', on_error_stop => 1);
    $session->query_safe($_) for 'BEGIN', @statements;
    return $session;
}

sub end {
    my ($session) = @_;
    $session->query_safe('ROLLBACK');
    $session->quit;
}

# Past all checks, as an older version, another tzdata or a broken disk may leave it.
sub break_row { sql("SET session_replication_role = replica; $_[0]") }

sub forget_check_of_zone {
    my $checks = sql(q(SELECT string_agg(format('ALTER TABLE helix.budgets DROP CONSTRAINT %I', conname), ';') FROM pg_constraint
        WHERE conrelid = 'helix.budgets'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%time_zone%'));
    sql($checks) if $checks;
}

my $schedule = 'INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, cron_expression, enabled) VALUES';
sql('CREATE EXTENSION pg_cron');
sql("$schedule ('$alice', 'email-compose', 'cron', '5 seconds', true), ('$bob', 'email-compose', 'cron', '5 seconds', true)");

sub runs_of_bob { return sql("SELECT count(*) FROM helix.schedule_executions WHERE user_id = '$bob' AND triggered_by = 'cron'") }

sub bob_is_scheduled {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    sql("DELETE FROM helix_internal.queue WHERE user_id = '$bob'");
    sql("DELETE FROM helix_internal.schedule_executions WHERE user_id = '$bob'");
    happens("SELECT count(*) > 0 FROM helix.schedule_executions WHERE user_id = '$bob' AND triggered_by = 'cron'", $name);
}

subtest 'schedules' => sub {
    my $session = open_transaction("UPDATE helix.operation_schedules SET parameters = '{}' WHERE user_id = '$alice'");
    bob_is_scheduled(q(alice keeps her schedule locked: bob's runs));
    record($node, user_id => $bob, cost_usd => '1.25');
    ok(wait_until_folded($node), 'and the ledger is folded');
    end($session);

    break_row("UPDATE helix_internal.operation_schedules SET timezone = 'Gone/Away' WHERE user_id = '$alice'");
    bob_is_scheduled(q(the zone of alice's schedule is gone: bob's runs));
    break_row("UPDATE helix_internal.operation_schedules SET timezone = 'UTC' WHERE user_id = '$alice'");
};

subtest 'reconciliation' => sub {
    break_row(qq(UPDATE helix_internal.operation_schedules SET cron_expression = '5 5 * * *', pg_cron_expression = 'nonsense'
                  WHERE user_id = '$alice'));
    sql("SELECT cron.unschedule(jobid) FROM cron.job");
    my $repaired = sub {
        my ($who) = @_;
        return qq(SELECT count(*) = 1 FROM cron.job j JOIN helix_internal.operation_schedules s ON s.pg_cron_name = j.jobname
                   WHERE s.user_id = '$who');
    };
    sql("UPDATE helix.operation_schedules SET cron_expression = '7 * * * *' WHERE user_id = '$bob'");
    sql("SELECT cron.unschedule(jobid) FROM cron.job");
    happens($repaired->($bob), q(an expression of alice that pg_cron cannot read: bob's job is repaired));
    break_row(qq(UPDATE helix_internal.operation_schedules SET cron_expression = '7 * * * *', pg_cron_expression = '7 * * * *'
                  WHERE user_id = '$alice'));
    happens($repaired->($alice), 'hers is too, once it can be read');
    sql('DELETE FROM cron.job');
    my $session = open_transaction("UPDATE helix.operation_schedules SET cron_expression = '8 * * * *' WHERE user_id = '$alice'");
    happens($repaired->($bob), q(alice is changing her schedule: bob's job is repaired));
    end($session);
    sql('DELETE FROM helix.operation_schedules');
    sql('DELETE FROM helix_internal.queue');
};

sub enqueue { return sql("SELECT helix.enqueue_execution(NULL, p_user_id => '$_[0]', p_operation_id => 'email-compose')") }

sub claimed { return sql("SELECT string_agg(user_id::text, ' ' ORDER BY user_id) FROM helix.claim_executions('w', 10)") }

subtest 'claims' => sub {
    sql("INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$alice', 'day', 5), ('$bob', 'day', 5)");
    my $session = open_transaction("SELECT helix.reserve_budget('$alice', 'email-compose', 0.5)");
    my $hers = enqueue($alice);
    enqueue($bob);
    is(claimed(), $bob, q(alice is spending her budget in an open transaction: bob's execution is claimed));
    is_sql("SELECT execution_status || ' ' || attempt FROM helix.schedule_executions WHERE id = '$hers'", 'pending 0',
        'hers waits, and no attempt is lost');
    end($session);
    happens("SELECT count(*) = 1 FROM helix.claim_executions('w', 10) WHERE user_id = '$alice'", 'it is claimed when she is done');
    sql("SELECT helix.cancel_execution(id) FROM helix.schedule_executions WHERE execution_status = 'running'");

    $session = open_transaction("INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$alice', 'week', 5)");
    enqueue($alice);
    enqueue($bob);
    is(claimed(), $bob, q(alice is changing her budgets: bob's execution is claimed));
    end($session);
    happens("SELECT count(*) = 1 FROM helix.claim_executions('w', 10) WHERE user_id = '$alice'",
        'hers is claimed when she is done');

    forget_check_of_zone();
    break_row("UPDATE helix.budgets SET time_zone = 'Gone/Away' WHERE user_id = '$alice'");
    enqueue($alice);
    enqueue($bob);
    is(claimed() =~ s/\Q$alice\E ?//r, $bob, q(the zone of alice's budget is gone: bob's execution is claimed));
    sql("DELETE FROM helix.budgets WHERE user_id = '$alice'");
    sql('DELETE FROM helix_internal.queue');

    my $stopped = sql("SELECT id FROM helix.create_batch('$alice', 'stopped', 'parallel',
        '[{\"operation_id\": \"email-compose\"}, {\"operation_id\": \"email-compose\"}]', p_max_cost_usd => 0.1) AS b (id)");
    sql("SELECT helix.start_batch('$stopped')")
        if sql("SELECT status FROM helix.operation_batches WHERE id = '$stopped'") eq 'draft';
    break_row("UPDATE helix_internal.batch_operations SET cost_actual = 1 WHERE batch_id = '$stopped'");
    $session = open_transaction("SELECT FROM helix_internal.operation_batches WHERE id = '$stopped' FOR UPDATE");
    my $skipped = "SELECT count(*) FROM helix.batch_operations WHERE batch_id = '$stopped' AND status = 'skipped'";
    enqueue($bob);
    is(claimed(), $bob, q(a batch of alice that is to be skipped is locked: bob's execution is claimed));
    end($session);
    for (1 .. 60) { # a claim skips them
        sql(q(SELECT FROM helix.claim_executions('w', 10)));
        last if sql($skipped) == 2;
        sleep 1;
    }
    is_sql($skipped, 2, 'hers are skipped when it no longer is');
    sql('DELETE FROM helix_internal.queue');
};

# An execution that somebody has claimed for the last time; of a schedule where one is given.
sub claimed_once {
    my ($who, $schedule) = @_;
    my $id = $schedule ? sql("SELECT helix.enqueue_execution('$schedule')") : enqueue($who);
    sql("SELECT FROM helix.claim_executions('w', 10)");
    sql("UPDATE helix_internal.queue SET attempt = max_attempts WHERE id = '$id'");
    return $id;
}

subtest 'leases' => sub {
    my $schedule = sql(qq(INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, overlap)
        VALUES ('$alice', 'email-compose', 'manual', 'queue') RETURNING id));
    my $failed = sub { return "SELECT execution_status = 'failed' FROM helix.schedule_executions WHERE id = '$_[0]'" };
    my ($hers, $his) = (claimed_once($alice, $schedule), claimed_once($bob));
    my $session = open_transaction("UPDATE helix.operation_schedules SET parameters = '{}' WHERE id = '$schedule'");
    sql("UPDATE helix_internal.queue SET lease_until = now() - interval '1 s'");
    happens($failed->($his), q(alice keeps the schedule of a lost execution locked: bob's lost one has failed));
    end($session);
    happens($failed->($hers), 'hers has when she is done');
    sql('DELETE FROM helix.operation_schedules');
};

subtest 'warnings' => sub {
    sql('DELETE FROM helix.budgets');
    sql("INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$alice', 'day', 5), ('$bob', 'day', 5)");
    break_row("UPDATE helix.budgets SET time_zone = 'Gone/Away' WHERE user_id = '$alice'");
    record($node, user_id => $_, cost_usd => '4.9') for $alice, $bob;
    happens("SELECT count(*) > 0 FROM helix.budget_warnings WHERE user_id = '$bob'",
        q(the zone of alice's budget is gone: bob is warned));
    break_row("UPDATE helix.budgets SET time_zone = 'UTC' WHERE user_id = '$alice'");
    my $session = open_transaction("UPDATE helix.budgets SET limit_usd = 4 WHERE user_id = '$alice'");
    record($node, user_id => $_, cost_usd => '0.2') for $alice, $bob;
    happens("SELECT count(*) = 1 FROM helix.budget_warnings WHERE user_id = '$bob' AND level = 'exceeded'",
        'alice is changing her budget: bob is warned that his is exceeded');
    end($session);
    sql('DELETE FROM helix.budgets');
};

subtest 'fold' => sub {
    my $most = 9_223_372_036_854_775_807;
    for (1 .. 3) { # as much as may be recorded at once
        $node->psql('postgres', record_call(user_id => $alice, latency_ms => 2_147_483_647, cost_usd => '999999999',
            input_tokens => $most, cached_input_tokens => $most, output_tokens => $most));
        $node->psql('postgres', record_call(user_id => $alice, latency_ms => 2_147_483_647, cost_usd => '999999999',
            input_tokens => 1_000_000_000_000, output_tokens => 1_000_000_000_000));
    }
    my $session = open_transaction(record_call(user_id => $alice));
    record($node, user_id => $bob);
    happens('SELECT unfolded_rows = 0 FROM helix.ledger_status()', q(alice's rows are extreme: everything is folded));
    end($session);
    is_exact($node, 'and');
};

subtest 'retention' => sub {
    my $schedule = sql(qq(INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type)
        VALUES ('$alice', 'email-compose', 'manual') RETURNING id));
    my ($hers, $his) = (enqueue($alice), enqueue($bob));
    my $of_schedule = sql("SELECT helix.enqueue_execution('$schedule')");
    sql("SELECT helix.complete_execution(execution_id, 'success') FROM helix.claim_executions('w', 10)");
    break_row("UPDATE helix_internal.schedule_executions SET completed_at = completed_at - interval '2 h'
                WHERE id IN ('$hers', '$his', '$of_schedule')");
    my $session = open_transaction("SELECT FROM helix_internal.schedule_executions WHERE id = '$hers' FOR UPDATE",
        "UPDATE helix.operation_schedules SET parameters = '{}' WHERE id = '$schedule'");
    local $PostgreSQL::Test::Utils::timeout_default = 180;
    happens("SELECT count(*) = 0 FROM helix.schedule_executions WHERE id IN ('$his', '$of_schedule')",
        'alice keeps an old execution and a schedule locked: all others are removed');
    end($session);
    is_sql("SELECT execution_count FROM helix.operation_schedules WHERE id = '$schedule'", 1,
        'her schedule still knows of the one that was removed');
};

is($node->psql('postgres', 'SELECT 1'), 0, 'the server is there');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|XX000/, 'nothing has crashed');
$node->stop;
done_testing();
