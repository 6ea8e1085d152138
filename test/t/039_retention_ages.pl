# Proves that retention removes what is older than its settings say, and nothing that is an hour younger.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('node', conf => <<'CONF');
helix.execution_retention = '20d'
helix.webhook_event_retention = '30d'
helix.request_id_window = '7d'
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

my $me = user_id(1);
my @kinds = (
    {   name => 'finished executions', days => 20, kept => 'SELECT payload FROM helix.schedule_executions',
        add => sub {
            my ($word, $time) = @_;
            sql("SELECT helix.enqueue_execution(NULL, 'manual', '\"$word\"', p_user_id => '$me',
                p_operation_id => 'email-compose')");
            sql(q(SELECT helix.complete_execution(execution_id, 'success') FROM helix.claim_executions('w')));
            sql("UPDATE helix_internal.schedule_executions SET completed_at = $time WHERE payload = '\"$word\"'");
        } },
    {   name => 'request ids of the queue', days => 20, kept => 'SELECT request_id FROM helix_internal.queue_requests',
        add => sub {
            sql("INSERT INTO helix_internal.queue_requests (user_id, request_id, execution_id, requested_at)
                 VALUES ('$me', '$_[0]', gen_random_uuid(), $_[1])");
        } },
    {   name => 'request ids of the ledger', days => 7, kept => 'SELECT request_id FROM helix_internal.request_ids',
        add => sub {
            sql("INSERT INTO helix_internal.request_ids (user_id, request_id, execution_id, recorded_at)
                VALUES ('$me', '$_[0]', 1, $_[1])");
        } },
    {   name => 'events of webhooks', days => 30, kept => 'SELECT signature FROM helix.webhook_events',
        add => sub {    # an id begins with the time
            sql("INSERT INTO helix_internal.webhook_events (id, user_id, event_type, body_size, signature, created_at)
                 SELECT (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid,
                        '$me', 'webhook_error', 1, '$_[0]', t FROM (SELECT $_[1] AS t) s");
        } });

for my $kind (@kinds) {
    $kind->{add}('young', "now() - interval '$kind->{days} days' + interval '1 hour'");
    $kind->{add}('old', "now() - interval '$kind->{days} days' - interval '1 hour'");
}
$node->restart;    # the worker begins with it
for my $kind (@kinds) {
    $node->poll_query_until('postgres', "SELECT count(*) < 2 FROM ($kind->{kept}) k") or die "old $kind->{name} stay";
    like(sql($kind->{kept}), qr/^"?young"?$/, "$kind->{name}: the younger one alone is kept");
}
done_testing();
