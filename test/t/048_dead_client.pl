# Proves that a claim that waits for a client which is gone claims nothing for it: what arrives then goes to a living one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('node');
sub sql { return $node->safe_psql('postgres', $_[0]) }

my $pid = fork // die "cannot fork: $!";
if ($pid == 0) {
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=doomed', '-c',
      "SELECT * FROM helix.claim_executions('doomed', 10, p_wait => '60 s')";
    die "cannot start psql: $!";
}
my $session = "SELECT FROM pg_stat_activity WHERE application_name = 'doomed'";
$node->poll_query_until('postgres', "SELECT EXISTS ($session AND state = 'active' AND wait_event_type = 'Extension')")
  or die 'it does not wait';
kill 'KILL', $pid;
waitpid $pid, 0;
# While it sleeps it is woken by what arrives, and looks at its client before it claims.
sql("SELECT helix.enqueue_execution(NULL, p_user_id => '${\user_id(1)}', p_operation_id => 'email-compose')");
ok($node->poll_query_until('postgres', "SELECT NOT EXISTS ($session)"), 'the session of the dead client ends');
is(sql('SELECT count(*) FROM helix_internal.queue WHERE running'), '0', 'and has claimed nothing');
is(sql("SELECT count(*) FROM helix.claim_executions('alive', 10)"), '1', 'a living one gets what has arrived');

done_testing();
