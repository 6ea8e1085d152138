# Proves that helix-edge follows the primary when a standby is promoted, without a restart, and reads from a standby by GET.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my ($first) = edge_node('first', init => { allows_streaming => 1 });
$first->backup('copy');
my $second = PostgreSQL::Test::Cluster->new('second');
$second->init_from_backup($first, 'copy', has_streaming => 1);
$second->start;

my $hosts = sprintf 'host=%s,%s port=%d,%d user=edge dbname=postgres', $first->host, $second->host, $first->port, $second->port;
my $user = user_id(1);
my $token = token_of(role => 'authenticated', sub => $user);
my $json = qq({"p_user_id": "$user", "p_operation_id": "email-compose", "p_date": null, "p_success": true, "p_latency_ms": 1,)
  . q( "p_cost_usd": 1, "p_model_used": "openai"});
my $total = "/rest/v1/rpc/get_total_monthly_cost?p_user_id=$user";

my $edge = start_edge($first, '--database', "$hosts target_session_attrs=read-write");
is(rpc($edge, $token, 'record_operation_execution', $json)->{status}, 200, 'it writes to the primary');
$first->wait_for_catchup($second);

my $reader = start_edge($first, '--database', "$hosts target_session_attrs=standby");
my $read = request($reader, 'GET', $total, undef, signed_in($token));
is("$read->{status} $read->{body}", '200 1', 'another one reads from the standby');
my $refused = rpc($reader, $token, 'record_operation_execution', $json);
is($refused->{status}, 405, 'which takes no writing');
is(json_of($refused, 'code'), '"25006"', 'and says so');
stop_edge($reader);

$first->stop('immediate');
for my $time (qw(first second third)) {
    my $gone = rpc($edge, $token, 'record_operation_execution', $json) // { status => 'no answer', headers => {} };
    is($gone->{status}, 503, "without a primary it answers, a $time time");
    is($gone->{headers}{'retry-after'}, 1, 'and says when to come again');
}
$second->promote;
my $until = time + 20;
my $status = 0;
while ($status != 200 && time < $until) {
    sleep 0.1;
    $status = rpc($edge, $token, 'record_operation_execution', $json)->{status};
}
is($status, 200, 'the promoted standby is found');
is($second->safe_psql('postgres', "SELECT helix.get_total_monthly_cost('$user')"), '2', 'and has what was recorded on both');
stop_edge($edge);

done_testing();
