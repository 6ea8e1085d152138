# A partition that is attached while others plan their first query of the ledger: none of them may miss it. A budget is what they read,
# since its statements keep their plans.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($rounds, $sessions) = (6, 50);
my $node = helix_node('main', conf => "max_connections = 100\n");
my $hot = user_id(1);
$node->safe_psql('postgres', "INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$hot', 'month', 100)");
$node->safe_psql('postgres', record_call(user_id => $hot, cost_usd => 1));

# All wait for the lock, then plan; the other one attaches just then. A number that is none ends the session.
my $session = <<"SQL";
\\set us random(0, 12000)
SELECT count(*) AS waited FROM (SELECT pg_advisory_lock_shared(1)) l \\gset
\\sleep :us us
SELECT helix.get_remaining_budget('$hot', 'email-compose') AS before \\gset
SELECT count(*) AS waited FROM (SELECT pg_advisory_lock_shared(2)) l \\gset
SELECT CASE WHEN r = :expected THEN 1 ELSE ('remaining ' || r)::integer END FROM helix.get_remaining_budget('$hot', 'email-compose') r;
SQL

for my $round (1 .. $rounds) {
    my $month = sprintf '2031_%02d', $round;
    my $day = sprintf '2031-%02d-10', $round;
    my $controller = $node->background_psql('postgres');
    $controller->query_safe('SELECT pg_advisory_lock(1), pg_advisory_lock(2)');
    my $run = start_pgbench($node, "round $round", [ "-c$sessions", '-j2', '-t1', "-Dexpected=" . (99 - $round) ], "session-$round" => $session);
    $node->poll_query_until('postgres', "SELECT count(*) = $sessions FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
      or die 'the sessions do not come';
    $controller->query_safe("SELECT pg_advisory_unlock(1), pg_sleep(random() * 0.012); SELECT helix_internal.maintain_partitions('$day')");
    # What is recorded there counts, whenever that is.
    $controller->query_safe("INSERT INTO helix_internal.executions_$month (id, xid, recorded_at, occurred_at, date, success, priced, user_id,
            operation_id, provider, model, cost_usd)
        VALUES (1000000 + $round, pg_current_xact_id()::text::bigint, '$day', '$day', (now() AT TIME ZONE 'UTC')::date, true, false, '$hot',
            'email-compose', 'openai', 'openai', 1)");
    $node->poll_query_until('postgres', "SELECT count(*) = $sessions FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 2")
      or die 'the sessions do not go on';
    $controller->query_safe('SELECT pg_advisory_unlock(2)');
    $run->finish;
    is($run->result(0), 0, "round $round: all sessions know the partition")
      or diag substr slurp_file($node->basedir . "/round $round.log.err"), 0, 500;
    $controller->quit;
}

$node->stop;
done_testing();
