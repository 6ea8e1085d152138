# A partition that is attached while others plan their first query of the ledger: none of them may miss it. A budget is what they
# read, since its statements keep their plans, and the first recording is what has the partition made.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($rounds, $sessions, $recorders) = (6, 32, 3);
my $node = helix_node('main', conf => "helix.fold_interval = 1h\nhelix.fold_rows = 1000000\n");
my $hot = user_id(1);
my $record = record_call(user_id => $hot, cost_usd => 1);

# What is no number ends the session.
my $session = <<"SQL";
\\set us random(0, 40000)
\\sleep :us us
\\if :client_id < $recorders
$record;
\\else
SELECT helix.get_remaining_budget('$hot', 'email-compose') AS planned \\gset
\\endif
SELECT count(*) AS waited FROM (SELECT pg_advisory_lock_shared(1)) l \\gset
SELECT CASE WHEN r = 100 - $recorders THEN 1 ELSE ('remaining ' || r)::integer END
  FROM helix.get_remaining_budget('$hot', 'email-compose') r;
SQL

for my $round (1 .. $rounds) {
    $node->safe_psql('postgres', "DROP EXTENSION helix CASCADE; CREATE EXTENSION helix;
        INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$hot', 'month', 100)");
    my $gate = $node->background_psql('postgres');
    $gate->query_safe('SELECT pg_advisory_lock(1)');
    my $run = start_pgbench($node, "round-$round", [ "-c$sessions", '-j2', '-t1' ], "session-$round" => $session);
    $node->poll_query_until('postgres', "SELECT count(*) = $sessions FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
      or die 'the sessions do not come';
    $gate->query_safe('SELECT pg_advisory_unlock(1)');
    $run->finish;
    is($run->result(0), 0, "round $round: all sessions know of the partition and what is in it")
      or diag substr slurp_file($node->basedir . "/round-$round.log.err"), 0, 500;
    $gate->quit;
}

$node->stop;
done_testing();
