# Batches of random shape against a model, and what happens when many touch one batch at once.
# HELIX_SEED=n repeats a run of the model.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BatchModel;
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{HELIX_SEED} || int rand 1e9;
srand $seed;
note "HELIX_SEED=$seed";
my $user = user_id(1);
my $node = helix_node('main', conf => "deadlock_timeout = 300ms\nmax_connections = 60\n");
my $session = $node->background_psql('postgres', on_error_stop => 0);

sub sql { return $session->query_safe($_[0]) }

sub create { my ($batch, %options) = @_; return $batch->{id} = sql($batch->create_call($user, %options)) }

# The claims made, in the order of their operations' positions: [position, execution, token].
sub claim {
    my ($batch, $count) = @_;
    my $rows = sql(<<"SQL");
SELECT o.sequence_order - 1, c.execution_id, c.fencing_token FROM helix.claim_executions('w', $count) c
  JOIN helix_internal.queue q ON q.id = c.execution_id JOIN helix_internal.batch_operations o ON o.id = q.batch_operation_id
 ORDER BY 1
SQL
    return map { [ split /\|/ ] } split /\n/, $rows;
}

# The batch as the database shows it, in the model's words.
sub seen {
    my ($batch) = @_;
    return sql(<<"SQL");
SELECT (SELECT string_agg(CASE o.status WHEN 'pending' THEN CASE WHEN q.ready_at < 'infinity' THEN 'ready' ELSE 'waiting' END
                          ELSE o.status END, ' ' ORDER BY o.sequence_order)
          FROM helix.batch_operations o LEFT JOIN helix_internal.queue q ON q.id = o.execution_id WHERE o.batch_id = b.id)
       || ' / ' || concat_ws('|', b.status, b.total_operations, b.completed_operations, b.failed_operations, b.skipped_operations,
                             s.running_operations, b.total_cost_actual)
       || CASE WHEN (b.status, b.total_operations, b.completed_operations, b.failed_operations, b.skipped_operations,
                     b.total_cost_actual)
                  = (s.status, s.total_operations, s.completed_operations, s.failed_operations, s.skipped_operations,
                     s.total_cost_actual) THEN '' ELSE ' but get_batch_status() differs' END
       || CASE WHEN s.pending_operations = s.total_operations - s.running_operations - s.completed_operations
                       - s.failed_operations - s.skipped_operations THEN '' ELSE ' but the pending ones are miscounted' END
       || CASE WHEN (b.completed_at IS NOT NULL) = (b.completed_operations + b.failed_operations + b.skipped_operations
                       = b.total_operations) THEN '' ELSE ' but completed_at is wrong' END
  FROM helix.operation_batches b, helix.get_batch_status(b.id) s WHERE b.id = '$batch->{id}'
SQL
}

sub agrees {
    my ($batch, $after) = @_;
    my $want = join(' ', map { $batch->state($_) } 0 .. $batch->{size} - 1) . ' / ' . $batch->summary;
    my $got = seen($batch);
    return 1 if $got eq $want;
    diag "HELIX_SEED=$seed, batch $batch->{number} ($batch->{type}) after $after:\n  $got, not\n  $want\n"
      . "  needs " . join(' ', map { '[' . join(',', @$_) . ']' } @{ $batch->{needs} });
    return 0;
}

# One claimed operation ends somehow.
sub end_one {
    my ($batch, $claim) = @_;
    my ($i, $execution, $token) = @$claim;
    my ($chance, $cost) = (rand, int rand 5);
    if ($chance < 0.2) {
        my $said = sql("SELECT helix.fail_execution('$execution', 'no', $token, p_retry_in => '0')");
        my $last = $batch->{attempts}[$i] == 3;
        $last ? $batch->finish($i, 'failed') : $batch->retry($i);
        return "fail_execution($i): $said";
    }
    my $status = $chance < 0.7 ? 'success' : $chance < 0.9 ? 'failed' : 'skipped';
    $cost = 0 if $status eq 'skipped'; # with another it is refused
    sql("SELECT helix.complete_execution('$execution', '$status', NULL, $cost, 1, $token)");
    $batch->finish($i, $status eq 'success' ? 'completed' : $status, $cost);
    return "complete_execution($i, $status, $cost)";
}

sub claim_some {
    my ($batch, $running) = @_;
    my $count = 1 + int rand 4;
    my $due = $batch->in_state('ready');
    my @claims = claim($batch, $count);
    # A retried one of a stopped batch waits until a claim finds the reason.
    if ($batch->is_stopped) { $batch->go_on if $due }
    else {
        my $want = $due < $count ? $due : $count;
        # The worker may be giving them their turns at this moment: a claim waits for no lock.
        for (1 .. 40) {
            last if @claims >= $want;
            sleep 0.05;
            push @claims, claim($batch, $want - @claims);
        }
        return "a claim of $count that got " . @claims . " of $due" if @claims != $want;
    }
    for (@claims) {
        return "a claim of operation $_->[0], which is " . $batch->state($_->[0]) if $batch->state($_->[0]) ne 'ready';
        $batch->claim($_->[0]);
    }
    push @$running, @claims;
    return '';
}

# Runs a batch to its end, comparing at each step; '' or what differs.
sub walk {
    my ($batch) = @_;
    create($batch);
    agrees($batch, 'create_batch') or return 'create_batch';
    return '' if rand() < 0.05 && cancel_whole($batch, []);
    sql("SELECT helix.start_batch('$batch->{id}')");
    $batch->start;
    agrees($batch, 'start_batch') or return 'start_batch';
    my @running;
    for (1 .. 40 * $batch->{size}) {
        last if $batch->is_over;
        my $what = 'claim_executions';
        if (rand() < 0.5) { my $wrong = claim_some($batch, \@running); return $wrong if $wrong }
        elsif (@running && rand() < 0.9) { $what = end_one($batch, splice @running, int rand @running, 1) }
        elsif (rand() < 0.15) { $what = cancel_one($batch, \@running) }
        elsif (rand() < 0.03) { $what = cancel_whole($batch, \@running) }
        agrees($batch, $what) or return $what;
    }
    return 'not over' unless $batch->is_over;
    return sql("SELECT helix.cancel_batch('$batch->{id}')") eq 'f' ? '' : 'cancel_batch of what is over';
}

sub cancel_one {
    my ($batch, $running) = @_;
    my @open = grep { !$batch->ended($_) } 0 .. $batch->{size} - 1;
    my $i = $open[ rand @open ];
    sql("SELECT helix.cancel_execution(execution_id) FROM helix.batch_operations WHERE batch_id = '$batch->{id}'
        AND sequence_order = $i + 1");
    @$running = grep { $_->[0] != $i } @$running;
    $batch->finish($i, 'skipped');
    return "cancel_execution($i)";
}

sub cancel_whole {
    my ($batch, $running) = @_;
    is sql("SELECT helix.cancel_batch('$batch->{id}', 'enough')"), 't', 'cancel_batch of one that is open';
    $batch->cancel;
    refused($node, "SELECT helix.complete_execution('$_->[1]', 'success', p_fencing_token => $_->[2])", '55000', 'skipped',
        'the worker of a cancelled one fails to complete it') for @$running;
    @$running = ();
    is sql("SELECT count(*) FROM helix_internal.batch_operations WHERE batch_id = '$batch->{id}' AND ended = 'skipped' "
          . "AND error_message <> 'cancelled: enough' AND error_message !~ 'skipped|cancelled|limit'"), '0', 'each says why';
    return 'cancel_batch';
}

subtest 'random batches, step by step, against the model' => sub {
    for my $number (1 .. 120) {
        my $batch = BatchModel->random(1 + int rand 14);
        $batch->{number} = $number;
        my $wrong = walk($batch);
        is $wrong, '', "batch $number" if $wrong;
        last if $wrong;
    }
    is sql('SELECT count(*) FROM helix_internal.queue'), '0', 'nothing is left in the queue';
};

# ---- two at once

my $other = $node->background_psql('postgres', on_error_stop => 0);

# Sends without waiting; the answer comes with finish_query.
sub send_query { my ($to, $query) = @_; $to->query_until(qr//, "$query;\n"); return }
sub wait_until_blocked {
    return $node->poll_query_until('postgres', q(SELECT count(*) > 0 FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND backend_type = 'client backend'));
}

for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE') {
    subtest "two dependencies end at the same instant, $level" => sub {
        for my $type (qw(parallel conditional)) {
            my $batch = BatchModel->new(type => $type, needs => [ [], [], [ 0, 1 ] ]);
            create($batch);
            sql("SELECT helix.start_batch('$batch->{id}')");
            my @claims = claim($batch, 10);
            is scalar @claims, 2, "$type: two are ready";
            $other->query_safe("BEGIN ISOLATION LEVEL $level");
            $other->query_safe('SELECT count(*) FROM helix_internal.batch_operations');
            sql('BEGIN');
            sql("SELECT helix.complete_execution('$claims[0][1]', 'success')");
            send_query($other, "SELECT helix.complete_execution('$claims[1][1]', 'success')");
            wait_until_blocked();
            sql('COMMIT');
            $other->query('COMMIT');
            like seen($batch), qr/^completed completed ready /, "$type: what needs both is ready";
            sql("SELECT helix.cancel_batch('$batch->{id}')");
        }
    };
}

subtest 'an operation that is just being released can be cancelled' => sub {
    my $batch = BatchModel->new(type => 'parallel', needs => [ [], [], [1] ]);
    create($batch);
    sql("SELECT helix.start_batch('$batch->{id}')");
    my @claims = claim($batch, 10);
    my $waiting = sql("SELECT execution_id FROM helix.batch_operations WHERE batch_id = '$batch->{id}' AND sequence_order = 3");
    sql('BEGIN');
    sql("SELECT helix.complete_execution('$claims[0][1]', 'success')");
    send_query($other, "SELECT helix.cancel_execution('$waiting')");
    wait_until_blocked();
    my (undef, $failed) = $session->query("SELECT helix.complete_execution('$claims[1][1]', 'success')");
    $session->query('COMMIT');
    $other->query('SELECT 1');
    is $session->{stderr} . $other->{stderr}, '', 'without a deadlock';
    $_->{stderr} = '' for $session, $other;
    sql("SELECT helix.complete_execution('$claims[1][1]', 'success')") if seen($batch) =~ m{ running .*/};
    sql("SELECT helix.cancel_execution('$waiting')");
    like seen($batch), qr/^completed completed skipped /, 'and all of it ends';
};
subtest 'what a batch has cost is what the ledger says' => sub {
    my $batch = BatchModel->new(type => 'parallel', budget => 3, needs => [ [], [], [] ]);
    sql("SET helix.user_id = '" . user_id(77) . "'");
    $batch->{id} = sql($batch->create_call(user_id(77)));
    sql("SELECT helix.start_batch('$batch->{id}')");
    my ($retried, $priced) = claim($batch, 2);
    sql("SELECT helix.fail_execution('$retried->[1]', 'no', p_cost_actual => 2, p_retry_in => '1 hour')");
    sql("SELECT helix.complete_execution('$priced->[1]', 'success', p_model => 'claude-haiku-4-5', p_input_tokens => 2000000)");
    is sql("SELECT total_cost_actual FROM helix.operation_batches WHERE id = '$batch->{id}'"),
        sql(q(SELECT sum(cost_usd) FROM helix_internal.executions WHERE user_id = ') . user_id(77) . q(')),
        'also of attempts that are tried again, and of priced ones';
    like seen($batch), qr{^\S+ completed skipped }, 'and the limit counts them';
    sql("SELECT helix.cancel_batch('$batch->{id}')");
};
$other->quit;

# ---- many at once

# One transaction each: claims, or ends what the worker has claimed. How an operation ends is in its parameters.
$session->query_safe(<<'SQL');
CREATE TABLE claims (execution_id uuid, batch_id uuid, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION work(worker text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    execution record;
    done integer := 0;
BEGIN
    IF random() < 0.4 THEN
        WITH claimed AS (SELECT c.* FROM helix.claim_executions(worker, 1 + (random() * 4)::integer) c)
        INSERT INTO claims SELECT c.execution_id, c.batch_id FROM claimed c;
    END IF;
    FOR execution IN SELECT q.* FROM helix_internal.queue q WHERE q.worker = work.worker AND q.running LIMIT random() * 3 LOOP
        done := done + 1;
        BEGIN
            CASE execution.payload ->> 'end'
                WHEN 'success' THEN PERFORM helix.complete_execution(execution.id, 'success', p_cost_actual => 1);
                WHEN 'failed' THEN PERFORM helix.complete_execution(execution.id, 'failed', p_cost_actual => 1);
                WHEN 'retried' THEN
                    IF execution.attempt < 3
                    THEN PERFORM helix.fail_execution(execution.id, 'again', p_retry_in => '0');
                    ELSE PERFORM helix.complete_execution(execution.id, 'success', p_cost_actual => 1);
                    END IF;
                ELSE PERFORM helix.fail_execution(execution.id, 'for good', p_retry_in => '0');
            END CASE;
        EXCEPTION WHEN object_not_in_prerequisite_state THEN -- cancelled since the loop has read it, or something is wrong
            IF NOT EXISTS (SELECT FROM helix.schedule_executions e WHERE e.id = execution.id AND e.error_message LIKE 'cancelled%')
            THEN RAISE; END IF;
        END;
    END LOOP;
    RETURN done;
END $$;
SQL

# Four workers for some seconds; a deadlock is tried again, any other error ends a worker.
sub start_workers {
    my ($name, $seconds, %others) = @_;
    return start_pgbench($node, $name, [ '-c', 4, '-j', 4, '-T', $seconds, '--max-tries=50' ],
        work => [ "SELECT work('w' || :client_id)", 20 ], %others);
}

sub worked_well {
    my ($workers, $name) = @_;
    $workers->finish;
    my $log = slurp_file($node->basedir . "/$name.log");
    is $workers->result(0) . slurp_file($node->basedir . "/$name.log.err"), '0', 'the workers met no error';
    like $log, qr/failed transactions: 0 /, 'that repeating does not mend';
    note $log =~ /(retried[^\n]*)/;
    return;
}

# What must hold whenever one looks; '' or what does not.
my $breaches = <<'SQL';
SELECT concat_ws(', ', b.id, b.batch_type, 'ready: ' || c.ready, CASE WHEN c.counts <> (b.total_operations, b.completed_operations,
           b.failed_operations, b.skipped_operations, b.total_cost_actual) THEN 'miscounted' END)
  FROM helix.operation_batches b, LATERAL (
       SELECT (SELECT count(*) FROM helix_internal.queue q WHERE q.batch_id = b.id AND q.ready_at < 'infinity') AS ready,
              (count(*)::integer, (count(*) FILTER (WHERE o.status = 'completed'))::integer,
                  (count(*) FILTER (WHERE o.status = 'failed'))::integer,
               (count(*) FILTER (WHERE o.status = 'skipped'))::integer, coalesce(sum(o.cost_actual), 0)) AS counts
         FROM helix.batch_operations o WHERE o.batch_id = b.id) c
 WHERE c.ready > CASE WHEN b.batch_type = 'sequential' THEN 1 ELSE b.max_concurrency END
    OR c.counts <> (b.total_operations, b.completed_operations, b.failed_operations, b.skipped_operations, b.total_cost_actual)
SQL

# Looks again and again until all batches are over; what was wrong.
sub watch {
    my ($seconds) = @_;
    my $end = time + $seconds;
    while (time < $end) {
        my $found = sql($breaches);
        return $found if $found ne '';
        return '' if sql(q(SELECT count(*) FROM helix.operation_batches WHERE completed_at IS NULL AND status <> 'draft')) eq '0';
        sleep 0.05;
    }
    return 'not over: '
        . sql(q(SELECT string_agg(b.id || ' ' || o.sequence_order || ' ' || o.status || ' ' || coalesce(q.ready_at::text,
            'no execution'), ', ')
        FROM helix.operation_batches b JOIN helix.batch_operations o ON o.batch_id = b.id
        LEFT JOIN helix_internal.queue q ON q.id = o.execution_id
       WHERE b.completed_at IS NULL AND b.status <> 'draft' AND o.status IN ('pending', 'running')));
}

# Looks until all is over, while the workers work and, on a slow machine, others after them.
sub watch_workers {
    my ($workers, $name) = @_;
    my $wrong = watch(25);
    worked_well($workers, $name);
    for my $shift (2 .. 6) {
        last if $wrong !~ /^not over/;
        $workers = start_workers("$name$shift", 15);
        $wrong = watch(20);
        worked_well($workers, "$name$shift");
    }
    is $wrong, '', 'all end, the limits are kept and the counters are right at every look';
    return;
}

# Nothing began before all that it depends on had ended; no more than the limit were claimed and not ended at once.
my $early = <<'SQL';
SELECT count(*) FROM helix_internal.batch_operations o JOIN helix_internal.schedule_executions e ON e.batch_operation_id = o.id
  JOIN claims c ON c.execution_id = e.id JOIN helix_internal.batch_operations d ON d.id = ANY (o.depends_on)
 WHERE c.at < d.executed_at
SQL
my $crowded = <<'SQL';
SELECT count(*) FROM helix_internal.operation_batches b JOIN claims c ON c.batch_id = b.id, LATERAL (
    SELECT count(DISTINCT o.execution_id) AS number FROM claims o JOIN helix_internal.schedule_executions e ON e.id = o.execution_id
     WHERE o.batch_id = b.id AND o.at <= c.at AND e.completed_at > c.at) n
 WHERE n.number > CASE WHEN b.batch_type = 'sequential' THEN 1 ELSE b.max_concurrency END
SQL
my $disorder = <<'SQL';
SELECT count(*) FROM (SELECT o.sequence_order, lag(o.sequence_order) OVER (PARTITION BY b.id ORDER BY o.executed_at) AS before
  FROM helix_internal.operation_batches b JOIN helix_internal.batch_operations o ON o.batch_id = b.id
 WHERE b.batch_type = 'sequential' AND NOT EXISTS (SELECT FROM helix_internal.batch_operations d
                                                    WHERE d.batch_id = b.id AND d.depends_on IS NOT NULL)) s
 WHERE before > sequence_order
SQL

sub forget { sql('DELETE FROM helix_internal.queue; DELETE FROM helix_internal.operation_batches; TRUNCATE claims'); return }

subtest 'four workers on the same batches' => sub {
    forget();
    my @batches;
    my @kinds = qw(success success success failed retried lost);
    for my $number (1 .. 24) {
        my $batch = BatchModel->random(40);
        $batch->{needs} = [ map { [] } 1 .. 40 ] if $number % 6 == 0;
        $batch->{budget} = undef;
        $batch->{ends} = [ map { $kinds[ rand @kinds ] } 1 .. 40 ];
        create($batch, parameters => sub { qq({"end": "$batch->{ends}[$_[0]]"}) });
        push @batches, $batch;
    }
    my $workers = start_workers('many', 20);
    sql("SELECT helix.start_batch('$_->{id}')") for @batches;
    watch_workers($workers, 'many');
    is sql($early), '0', 'nothing began before what it depends on had ended';
    is sql($crowded), '0', 'never more at once than allowed';
    is sql($disorder), '0', 'sequential ones went in order';
    for my $batch (@batches) {
        $batch->start;
        while (my ($i) = $batch->in_state('ready')) {
            $batch->claim($i)->finish($i, $batch->{ends}[$i] =~ /success|retried/ ? ('completed', 1)
                : ('failed', $batch->{ends}[$i] eq 'failed' ? 1 : 0));
        }
        agrees($batch, 'the work of four') or fail "batch $batch->{id}";
    }
    is sql('SELECT count(*) FROM helix_internal.queue'), '0', 'the queue is empty';
};

subtest 'batches are started, cancelled and run out of money while workers are at them' => sub {
    forget();
    my @batches = map { BatchModel->random(60) } 1 .. 30;
    for my $batch (@batches) {
        $batch->{budget} = int rand 50 if rand() < 0.3;
        create($batch, parameters => sub { q({"end": "success"}) });
    }
    my $workers = start_workers('chaos', 20,
        cancel => [ "SELECT helix.cancel_batch(id, 'enough')
            FROM (SELECT id FROM helix.operation_batches WHERE completed_at IS NULL ORDER BY random() LIMIT 1) b
            WHERE random() < 0.2", 1 ],
        single => [ "SELECT helix.cancel_execution(id) FROM (SELECT id FROM helix_internal.queue ORDER BY random() LIMIT 1) q",
            1 ]);
    my @starters = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 2;
    for my $batch (@batches) {
        send_query($_, "SELECT helix.start_batch('$batch->{id}')") for @starters;
        sleep 0.05;
    }
    $_->query('SELECT 1') for @starters;
    watch_workers($workers, 'chaos');
    my $errors = join '', map { $_->{stderr} } @starters;
    is sql('SELECT count(*) FROM helix_internal.operation_batches WHERE started_at IS NULL AND cancelled_at IS NULL'), '0',
        'each batch was started';
    is sql('SELECT count(*) FROM (SELECT FROM helix_internal.schedule_executions e WHERE batch_operation_id IS NOT NULL
        GROUP BY batch_operation_id HAVING count(*) > 1) d'),
        '0', 'and no operation ran as two executions';
    is sql($early), '0', 'nothing began before what it depends on had ended';
    is sql($crowded), '0', 'never more at once than allowed';
    cmp_ok sql(q(SELECT count(*) FROM helix.operation_batches WHERE status = 'cancelled')), '>', 2, 'some were cancelled';
    is sql('SELECT count(*) FROM helix_internal.queue'), '0', 'the queue is empty';
    $_->quit for @starters;
};

# ---- a thousand operations

subtest 'a thousand operations' => sub {
    my %shapes = (
        'none, 8 at once' => sub { [] }, 'chain' => sub { $_[0] ? [ $_[0] - 1 ] : [] },
        'one that needs 999' => sub { $_[0] == 999 ? [ 0 .. 998 ] : [] },
        'layers of 20' => sub { my $layer = int($_[0] / 20); $layer ? [ map { $layer * 20 - 20 + $_ } 0 .. 9 ] : [] });
    sql(<<'SQL');
CREATE PROCEDURE run_through() LANGUAGE plpgsql AS $$
DECLARE
    execution record;
    found boolean := true;
BEGIN
    WHILE found LOOP
        found := false;
        FOR execution IN SELECT * FROM helix.claim_executions('w', 10) LOOP
            found := true;
            PERFORM helix.complete_execution(execution.execution_id, 'success', p_fencing_token => execution.fencing_token);
        END LOOP;
        COMMIT;
    END LOOP;
END $$
SQL
    for my $shape (sort keys %shapes) {
        forget();
        my $batch = BatchModel->new(type => 'conditional', limit => $shape =~ /at once/ ? 8 : undef,
            needs => [ map { $shapes{$shape}->($_) } 0 .. 999 ]);
        my @times = time;
        create($batch); push @times, time;
        sql("SELECT helix.start_batch('$batch->{id}')"); push @times, time;
        sql('CALL run_through()'); push @times, time;
        note sprintf '%s: create %.3f s, start %.3f s, run %.3f s', $shape, map { $times[$_] - $times[ $_ - 1 ] } 1 .. 3;
        like seen($batch), qr/completed\|1000\|1000\|0\|0\|0/, "$shape: all of them completed";
        cmp_ok $times[1] - $times[0], '<', 5, "$shape: created in time";
        cmp_ok $times[3] - $times[2], '<', 20, "$shape: run through in time";
    }
    forget();
    my $batch = BatchModel->new(type => 'conditional', needs => [ map { $_ ? [ $_ - 1 ] : [] } 0 .. 999 ]);
    create($batch);
    sql("SELECT helix.start_batch('$batch->{id}')");
    my ($claim) = claim($batch, 1);
    my $began = time;
    sql("SELECT helix.complete_execution('$claim->[1]', 'failed')");
    cmp_ok time - $began, '<', 3, 'the first of a chain fails: the others are skipped in time';
    like seen($batch), qr/failed\|1000\|0\|1\|999\|0/, 'all of them';
};

$session->quit;
done_testing;
