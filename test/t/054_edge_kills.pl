# Proves that an answer of 200 means that the execution is in the ledger, once, however server and edge end meanwhile.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { clients => 8, seconds => 12 };

my ($node, $folder) = edge_node('node', conf => "fsync = on\n");
my @options = ('--database', $node->connstr('postgres') . ' user=edge');
my $edge = start_edge($node, @options);
my $port = $edge->{port};

# One client: records again and again under request ids of its own, repeats what was not answered, and writes down each id that was.
sub record_on {
    my ($number) = @_;
    my $user = user_id(100 + $number % 4);
    my $token = token_of(role => 'authenticated', sub => $user);
    open my $answered, '>', "$folder/answered.$number" or die;
    my ($until, $call) = (time + seconds, 0);
    while (time < $until) {
        my $id = "$number-" . $call++;
        my $json = qq({"p_user_id": "$user", "p_operation_id": "email-compose", "p_date": null, "p_success": true,)
          . qq( "p_latency_ms": 1, "p_cost_usd": 0.001, "p_model_used": "openai", "p_request_id": "$id"});
        my $status = 0;
        until ($status == 200 || time > $until) {
            my $response = eval { rpc($edge, $token, 'record_operation_execution', $json) };
            $status = $response ? $response->{status} : 0;
            sleep 0.02 unless $status == 200;
            print {$answered} "bad $response->{body}\n" if $response && $status != 200 && $status != 503;
        }
        print {$answered} "$id\n" if $status == 200;
    }
    close $answered;
    return;
}

my @pids;
for my $number (1 .. clients) {
    my $pid = fork // die;
    if ($pid == 0) {
        record_on($number);
        POSIX::_exit(0);
    }
    push @pids, $pid;
}
sleep 2;
$node->stop('immediate');
$node->start;
sleep 2;
stop_edge($edge, 'KILL');
$edge = start_edge($node, @options, '--listen', "127.0.0.1:$port");
sleep 2;
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helix-edge'");
waitpid $_, 0 for @pids;

my @answered = map { split /\n/, slurp_file("$folder/answered.$_") } 1 .. clients;
is(scalar(grep { /^bad/ } @answered), 0, 'no other answer than 200 and 503') or diag(join "\n", grep { /^bad/ } @answered);
my %counted = map { split /\|/ } split /\n/,
  $node->safe_psql('postgres', 'SELECT request_id, count(*) FROM helix.executions GROUP BY 1');
note scalar(@answered), ' were answered';
cmp_ok(scalar(@answered), '>', 200, 'there were enough of them');
is(scalar(grep { ($counted{$_} // 0) != 1 } @answered), 0, 'each of them is in the ledger, once');
is(scalar(grep { $_ != 1 } values %counted), 0, 'and none twice, though calls were repeated');
is($node->safe_psql('postgres', 'SELECT count(*) FROM helix.verify_ledger()'), '0', 'the sums are exact');
stop_edge($edge);

done_testing();
