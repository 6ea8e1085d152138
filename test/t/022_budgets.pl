# Budgets hold: 32 clients reserve, settle, release and forget in one budget, and a log of all their calls shows that it was never
# passed and that nothing was refused while there was room. So it is among overlapping groups, after backends were killed, and for
# the queue.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $seconds = $ENV{HELIX_BUDGET_SECONDS} || 14;
my $limit = 100;
my $node = helix_node('main', conf => "deadlock_timeout = 200ms\nmax_connections = 80\nhelix.date_ahead = 60\n");
my $hot = user_id(1);

# Costs are recorded with random dates and times of occurring, which let nothing pass. Every call leaves a row: when it began, and
# what it did. It ended before its client's next one began.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE calls (n bigserial, client text, at timestamptz, kind text, user_id uuid, id uuid, amount numeric, until timestamptz,
    used numeric);
CREATE FUNCTION user_of(p_user integer) RETURNS uuid LANGUAGE sql AS $$
    SELECT ('aaaaaaaa-0000-4000-8000-' || lpad(p_user::text, 12, '0'))::uuid $$;
CREATE FUNCTION attempt(p_client text, p_number integer, p_amount numeric, p_ttl interval, OUT given integer, OUT reservation uuid)
    LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp(); p_user uuid := user_of(p_number); detail text;
BEGIN
    given := 0;
    reservation := helix.reserve_budget(p_user, 'email-compose', p_amount, p_ttl);
    given := 1;
    INSERT INTO calls (client, at, kind, user_id, id, amount, until)
        SELECT p_client, began, 'give', p_user, id, p_amount, expires_at FROM helix_internal.budget_reservations
         WHERE id = reservation;
EXCEPTION WHEN SQLSTATE 'HX001' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    INSERT INTO calls (client, at, kind, user_id, amount, used) VALUES (p_client, began, 'refuse', p_user, p_amount,
        substring(detail from 'spent ([0-9.]+)')::numeric + substring(detail from 'reserved ([0-9.]+)')::numeric
            + 100 - substring(detail from 'limit ([0-9.]+)')::numeric);
END $$;
CREATE FUNCTION settle(p_client text, p_reservation uuid, p_share numeric) RETURNS void LANGUAGE sql AS $$
    INSERT INTO calls (client, at, kind, user_id, id, amount)
        SELECT p_client, clock_timestamp(), 'settle', user_id, id, amount * p_share FROM calls
         WHERE id = p_reservation AND kind = 'give';
    SELECT helix.record_operation_execution(user_id, 'email-compose',
        (ARRAY[NULL, current_date + (random() * 80 - 40)::integer])[ceil(random() * 2)],
               true, 1, amount, 'openai', p_reservation_id => id,
               p_occurred_at
                   => (ARRAY[NULL, clock_timestamp() - random() * interval '40 days' + interval '20 hours'])[ceil(random() * 2)])
      FROM calls WHERE id = p_reservation AND kind = 'settle' $$;
CREATE FUNCTION release(p_client text, p_reservation uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO calls (client, at, kind, user_id, id) SELECT p_client, clock_timestamp(), 'release', user_id, id FROM calls
        WHERE id = p_reservation;
    SELECT helix.release_reservation(p_reservation) $$;
CREATE INDEX ON calls (id);
ALTER DATABASE postgres SET client_min_messages = error;
SQL

# What a client does, over and over; some reservations are left to expire.
sub script {
    my ($pick, $run) = @_;
    return <<"SQL";
$pick
\\set amount random(1, 20)
\\set what random(1, 10)
\\set ms random(1, 20)
\\if :what > 9
SELECT given, reservation FROM attempt('$run :client_id', :user, :amount, '1 second') \\gset
\\else
SELECT given, reservation FROM attempt('$run :client_id', :user, :amount, '5 minutes') \\gset
\\endif
\\if :given
\\sleep :ms ms
\\if :what <= 6
SELECT settle('$run :client_id', ':reservation', 0.001);
\\elif :what <= 9
SELECT release('$run :client_id', ':reservation');
\\endif
\\endif
SQL
}

# What is no number ends it: a budget that has been passed in a snapshot, and what was reserved in the same snapshot.
my $watch = <<"SQL";
SELECT coalesce(min(pg_catalog.format('%s, at %s, of %s', to_jsonb(s), clock_timestamp(),
    (SELECT jsonb_agg(r) FROM helix_internal.budget_reservations r))), '0')::integer
  FROM generate_series(1, 6) i, helix.budget_status(user_of(i)) s WHERE remaining_usd < 0;
SQL

# Refusals for which there was room whatever the order of calls that overlapped: most that can have been in use is what was given
# before the refusal's end and not certainly over at its beginning, and what is certainly spent.
my $phantoms = <<"SQL";
SET jit = off;
CREATE TEMP TABLE c AS
    SELECT *, coalesce(lead(at) OVER (PARTITION BY client ORDER BY n), 'infinity') AS ended FROM calls WHERE user_id = '$hot';
CREATE TEMP TABLE given AS
    SELECT g.at, g.amount, coalesce(o.ended, g.until) AS over, CASE o.kind WHEN 'settle' THEN o.amount ELSE 0 END AS left_over
      FROM c g LEFT JOIN c o ON o.id = g.id AND o.kind IN ('settle', 'release') WHERE g.kind = 'give';
SELECT count(*) FROM c r
 WHERE r.kind = 'refuse' AND r.amount + (
     SELECT coalesce(sum(CASE WHEN g.over < r.at THEN g.left_over ELSE g.amount END), 0) FROM given g
         WHERE g.at <= r.ended) <= $limit
SQL
# Refusals that say themselves that there was room.
my $confessed = "SELECT count(*) FROM calls WHERE kind = 'refuse' AND used + amount <= 100";
# What the log says is in use, less what the database says.
my $difference = <<"SQL";
SELECT (SELECT coalesce(sum(amount) FILTER (WHERE kind = 'settle'), 0) FROM calls) - (SELECT sum(total_cost_usd)
    FROM helix.cost_trends),
       (SELECT coalesce(sum(g.amount), 0) FROM calls g WHERE g.kind = 'give' AND g.until > now()
           AND NOT EXISTS (SELECT FROM calls o WHERE o.id = g.id AND o.kind IN ('settle', 'release')))
     - (SELECT coalesce(sum(amount_usd), 0) FROM helix_internal.budget_reservations WHERE expires_at > now())
SQL

# pgbench counts deadlocks and goes on.
sub without_error {
    my ($run, $process, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($failed) = slurp_file($node->basedir . "/$run.log") =~ /failed transactions: (\d+)/;
    is(join(' ', $process->result(0), $failed // 'unknown'), '0 0', $name)
        or diag substr slurp_file($node->basedir . "/$run.log.err"), 0, 2000;
}

sub run_clients {
    my ($name, $pick, %options) = @_;
    my @runs = (
        start_pgbench($node, "clients-$name", [ '-c32', '-j2', "-T$seconds" ], call => script($pick, $name)),
        start_pgbench($node, "watch-$name", [ '-c2', "-T$seconds" ], watch => $watch));
    $options{meanwhile}->() if $options{meanwhile};
    $_->finish for @runs;
    return if $options{meanwhile};
    without_error("clients-$name", $runs[0], "$name: no client met an error, nor a deadlock");
    without_error("watch-$name", $runs[1], "$name: no snapshot shows a budget that is passed");
}

sub check_log {
    my ($name) = @_;
    note "$name: ", $node->safe_psql('postgres', "SELECT string_agg(kind || ' ' || c, ', ' ORDER BY kind)
        FROM (SELECT kind, count(*) AS c FROM calls GROUP BY 1) k");
    is($node->safe_psql('postgres', $confessed), '0', "$name: no refusal says that there was room");
    is($node->safe_psql('postgres', $difference) =~ s/(?<=0)\.0+//gr, '0|0',
        "$name: what is spent and reserved is what the log says");
}

# One hard budget, one user.
$node->safe_psql('postgres', "INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$hot', 'month', $limit)");
run_clients('one budget', '\set user 1');
is($node->safe_psql('postgres', $phantoms), '0', 'one budget: nothing was refused while there was room');
is($node->safe_psql('postgres', "SELECT bool_and(c > 100) FROM (SELECT count(*) AS c FROM calls GROUP BY kind) k"), 't',
    'one budget: there was enough of each');
check_log('one budget');

# The worker removes what has expired.
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM helix_internal.budget_reservations
    WHERE expires_at < now() - interval '1 second'"),
    'the worker removes expired reservations');

# Backends are killed: the server starts anew, and what was committed is what counts.
for my $round (1 .. 3) {
    run_clients("killed $round", '\set user 1', meanwhile => sub {
        sleep 1.5;
        my ($pid) = split /\n/, $node->safe_psql('postgres',
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%attempt%' AND pid <> pg_backend_pid() ORDER BY random()");
        kill 'KILL', $pid if $pid;
    });
    $node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
    $node->safe_psql('postgres', $watch);
}
check_log('killed');

# Users in overlapping groups of different depth, each with budgets of several periods.
$node->safe_psql('postgres', <<'SQL');
TRUNCATE calls;
SELECT helix.release_reservation(id) FROM helix_internal.budget_reservations;
DELETE FROM helix.budgets;
INSERT INTO calls (client, at, kind, amount) SELECT 'before', now(), 'settle', sum(total_cost_usd) FROM helix.cost_trends;
INSERT INTO helix.budget_groups (id, name) VALUES (user_of(101), 'group 1');
INSERT INTO helix.budget_groups (id, name, parent_id) SELECT user_of(100 + i), 'group ' || i, user_of(100 + i / 2)
    FROM generate_series(2, 7) i;
INSERT INTO helix.budget_group_members SELECT user_of(100 + g), user_of(u) FROM generate_series(1, 6) u, generate_series(2, 7) g
    WHERE (u * g) % 3 < 2 OR g = u + 1;
INSERT INTO helix.budgets (group_id, period, limit_usd) SELECT user_of(100 + g), p, 30 + random() * 70
  FROM generate_series(1, 7) g, unnest('{day,week,month}'::text[]) p;
INSERT INTO helix.budgets (user_id, period, limit_usd) SELECT user_of(u), 'week', 40 FROM generate_series(1, 6) u;
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd) SELECT user_of(u), 'email-compose', 'day', 40
    FROM generate_series(1, 6) u;
SQL
$node->safe_psql('postgres',
    "UPDATE helix.budgets SET limit_usd = limit_usd + (SELECT sum(total_cost_usd) FROM helix.cost_trends)");
run_clients('groups', '\set user random(1, 6)');
check_log('groups');

# The queue: workers claim and complete what costs no more than the estimate.
$node->safe_psql('postgres', <<'SQL');
SELECT helix.release_reservation(id) FROM helix_internal.budget_reservations;
DELETE FROM helix.budgets;
DELETE FROM helix.budget_group_members;
DELETE FROM helix_internal.past_memberships; -- the groups would keep what was spent so far
INSERT INTO helix.budget_group_members SELECT user_of(104 + u % 4), user_of(u) FROM generate_series(11, 18) u;
INSERT INTO helix.budgets (group_id, period, limit_usd) SELECT user_of(g), 'month', 0.2 FROM generate_series(102, 103) g;
INSERT INTO helix.budgets (user_id, period, limit_usd) SELECT user_of(u), 'month', 0.04 + (u % 3) * 0.03
    FROM generate_series(11, 18) u;
SELECT count(helix.enqueue_execution(NULL, p_user_id => user_of(10 + i % 10), p_operation_id => 'email-compose',
    p_priority => 1 + i % 10)) FROM generate_series(1, 1500) i;
CREATE FUNCTION work(p_worker text) RETURNS void LANGUAGE sql AS $$
    SELECT helix.complete_execution(c.execution_id, 'success', NULL, 0.005, 1, c.fencing_token) FROM helix.schedule_executions e
      JOIN LATERAL (SELECT e.id AS execution_id, e.attempt::bigint AS fencing_token) c ON true
     WHERE e.worker = p_worker AND e.execution_status = 'running' $$;
SQL
my $queue_watch = $watch =~ s/generate_series\(1, 6\)/generate_series(11, 18)/r;
my @queue = (
    start_pgbench($node, 'queue', [ '-c8', '-j2', "-T$seconds" ],
        work => "SELECT count(*) FROM helix.claim_executions('w :client_id', 7);\n\\sleep 5 ms\nSELECT work('w :client_id');\n"),
    start_pgbench($node, 'queue-watch', [ '-c1', "-T$seconds" ], watch => $queue_watch));
$_->finish for @queue;
without_error('queue', $queue[0], 'queue: no worker met an error, nor a deadlock');
without_error('queue-watch', $queue[1], 'queue: no snapshot shows a budget that is passed');
my $unfinished = "SELECT count(*) FROM helix.schedule_executions WHERE execution_status IN ('pending', 'running')";
for (1 .. 20) { # what met a locked budget comes up to 10 s later
    for my $i (0 .. 7) {
        $node->safe_psql('postgres', "SELECT helix.claim_executions('w $i', 1000)") for 1 .. 12;
        $node->safe_psql('postgres', "SELECT work('w $i')");
    }
    last if !$node->safe_psql('postgres', $unfinished);
    sleep 1;
}
is($node->safe_psql('postgres', $unfinished), '0', 'queue: all has ended');
is($node->safe_psql('postgres', 'SELECT count(*) FROM helix_internal.budget_reservations WHERE expires_at > now()'), '0',
    'queue: nothing is left reserved');
is($node->safe_psql('postgres', <<'SQL'), 't|t|t', 'queue: what ran is spent, what was skipped says why, who has no limit ran');
SELECT (SELECT count(*) * 0.005 FROM helix.schedule_executions e WHERE e.execution_status = 'success')
         = (SELECT sum(cost_usd) FROM helix.executions WHERE user_id BETWEEN user_of(10) AND user_of(19)),
       (SELECT bool_and(error_message LIKE 'budget exceeded: Budget %') AND count(*) > 100 FROM helix.schedule_executions
           WHERE execution_status = 'skipped'),
       (SELECT count(*) = 300 FROM helix.schedule_executions
           WHERE execution_status = 'success' AND user_id IN (user_of(10), user_of(19)))
SQL
# What an execution costs is less than its reservation, so in the end there may be room again.
is($node->safe_psql('postgres', <<'SQL'), '0', 'queue: nothing was skipped while there was room');
SELECT count(*) FROM helix.schedule_executions e, regexp_match(e.error_message, 'limit ([0-9.]+) .* spent ([0-9.]+), '
    'reserved ([0-9.]+), requested ([0-9.]+);') m
 WHERE e.execution_status = 'skipped' AND (m[2]::numeric + m[3]::numeric + m[4]::numeric <= m[1]::numeric) IS NOT FALSE
SQL

# Spending without reservations: the worker tells.
$node->safe_psql('postgres', "INSERT INTO helix.budgets (user_id, period, limit_usd) SELECT user_of(30), 'month', 1");
record($node, user_id => user_id(30), cost_usd => '0.85');
ok($node->poll_query_until('postgres', "SELECT string_agg(level, ' ') = 'warning' FROM helix.budget_warnings
    WHERE user_id = user_of(30)"),
    'the worker warns of 85 %');
record($node, user_id => user_id(30), cost_usd => '0.35');
ok($node->poll_query_until('postgres', "SELECT string_agg(level, ' ' ORDER BY id) = 'warning exceeded' FROM helix.budget_warnings
    WHERE user_id = user_of(30)"),
    'and of 120 %');

# Reservations beyond a soft limit: each warns its caller, and the log has one line.
my $log_so_far = -s $node->logfile;
$node->safe_psql('postgres', "INSERT INTO helix.budgets (user_id, period, limit_usd, hard) SELECT user_of(31), 'month', 1, false");
my @warned = map {
    my ($status, $out, $err) = $node->psql('postgres',
        "SET client_min_messages = warning; SELECT helix.reserve_budget(user_of(31), 'email-compose', 0.75)");
    $err =~ /WARNING:  budget exceeded/ ? 1 : ();
} 1 .. 5;
is(scalar @warned, 4, 'callers are warned of a soft limit');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM helix.budget_warnings
    WHERE user_id = user_of(31) AND level = 'exceeded'"), 'the worker sees it');
$node->safe_psql('postgres', "SELECT helix.reserve_budget(user_of(31), 'email-compose', 0.75)");
$node->safe_psql('postgres', 'SELECT helix_internal.warn_of_budgets()');
my $log = slurp_file($node->logfile, $log_so_far);
is(scalar(() = $log =~ /LOG:  a budget is exceeded/g), 1, 'the log has one line');
unlike($log, qr/WARNING:  budget exceeded/, 'and none for each reservation');
is_exact($node, 'in the end');
$node->stop;
done_testing();
