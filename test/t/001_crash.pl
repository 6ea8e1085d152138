# Proves that nothing acknowledged is lost or counted twice: clients record under load while a backend, the worker or the
# postmaster is killed, or the server is restarted. Afterwards every id that a client has seen is in the ledger once, all sums
# are exact, and the worker is back.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = helix_node('node', conf => "helix.fold_interval = '10ms'\n");
my $logs = $node->basedir;
$node->safe_psql('postgres', 'CREATE TABLE acknowledged (id bigint, request_id text)');

# What the clients do, again and again: the server's answer goes to the client's log only once it has been committed.
my $array = join ', ', map { sprintf q({"user_id": "%s", "operation_id": "calendar-prep", "success": true, "cost_usd": 0.00%d,
    "model_used": "anthropic"}) =~ s/\s+/ /gr, user_id(3), $_ } 1 .. 9;
my @clients = (
    sub { record_call(user_id => user_id(1), cost_usd => "0.000$_[0]") . ";\n" },
    sub { record_call(user_id => user_id(2), request_id => "request-$_[0]") . ", 'request-$_[0]';\n" },
    sub { "SELECT unnest(helix.record_operation_executions('[$array]'));\n" },
    sub { "BEGIN;\n" . record_call(user_id => user_id(1), model_used => 'gemini', cost_usd => 7) . " AS id \\gset\n"
          . "SAVEPOINT s;\n" . record_call(cost_usd => 1000) . " AS lost \\gset\nROLLBACK TO s;\nCOMMIT;\n\\echo :id\n" });
my $rows_of_largest_call = 9;

my $round = 0;
sub start_clients {
    ++$round;
    return map {
        my $client = $_;
        my $script = "$logs/client$client-$round.sql";
        append_to_file($script, join '', map { $clients[$client]->("$round$_") } 10000 .. 29999);
        start_command("$logs/client$client-$round.log", 'psql', '-XAtq', '-F,', '-v', 'ON_ERROR_STOP=1',
            '-d', $node->connstr('postgres'), '-f', $script);
    } 0 .. $#clients;
}

sub recovers_from {
    my ($name, $strike) = @_;
    my $worker = wait_for_worker($node);
    my $recorded = $node->safe_psql('postgres', 'SELECT count(*) FROM helix.executions');
    my @running = start_clients();
    sleep 1;
    $strike->($worker);
    for my $client (@running) {
        $client->finish;
        isnt($client->result(0), 0, "$name: takes a client down in the middle of its work");
    }
    $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'the server does not come back';

    my $acknowledged = 0;
    for my $client (0 .. $#clients) {
        my @lines = split /\n/, slurp_file("$logs/client$client-$round.log");
        cmp_ok(scalar @lines, '>', 20, "$name: client $client has been answered often");
        $acknowledged += @lines;
        append_to_file("$logs/ids-$round.csv", join '', map { /,/ ? "$_\n" : "$_,\n" } @lines);
    }
    $node->safe_psql('postgres', "COPY acknowledged FROM '$logs/ids-$round.csv' (FORMAT csv)");
    is($node->safe_psql('postgres', <<'SQL'), '0', "$name: every acknowledged id is in the ledger once");
SELECT count(*) FROM acknowledged a
  LEFT JOIN (SELECT id, count(*) AS times FROM helix.executions GROUP BY id) e USING (id) WHERE e.times IS DISTINCT FROM 1
SQL
    is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT id) FROM helix.executions'), '0',
        "$name: no id comes twice");
    my $unacknowledged = $node->safe_psql('postgres', "SELECT count(*) - $recorded - $acknowledged FROM helix.executions");
    cmp_ok($unacknowledged, '>=', 0, "$name: no answer without a row");
    cmp_ok($unacknowledged, '<=', @clients * $rows_of_largest_call, "$name: at most the calls in flight have no answer");
    is($node->safe_psql('postgres', 'SELECT count(*) FROM helix.executions WHERE cost_usd = 1000'), '0',
        "$name: what was rolled back stays away");
    is($node->safe_psql('postgres', differences()), '0', "$name: the views equal a recomputation");

    isnt(wait_for_worker($node), $worker, "$name: a new worker is there");
    ok(wait_until_folded($node), "$name: and folds");
    is($node->safe_psql('postgres', 'SELECT worker_pid IS NOT NULL, worker_last_error FROM helix.ledger_status()'), 't|',
        "$name: without an error");
    is_exact($node, "$name, all folded");
    my ($first, $request_id) = split /,/, (split /\n/, slurp_file("$logs/client1-$round.log"))[0];
    is(record($node, user_id => user_id(2), request_id => $request_id), $first,
        "$name: a request sent again gets the first answer");
}

# kill -9 on the process behind a new session that is recording.
recovers_from('a killed backend', sub {
    my $victim = $node->background_psql('postgres', on_error_stop => 0);
    my $pid = $victim->query_safe('SELECT pg_backend_pid()');
    $victim->query_safe('BEGIN');
    record($victim, cost_usd => 1000);
    kill 'KILL', $pid or die "cannot kill $pid";
    $victim->{run}->finish;
});

recovers_from('a killed worker', sub { kill 'KILL', $_[0] or die "cannot kill $_[0]" });

recovers_from('a killed postmaster', sub {
    my ($worker) = @_;
    my $launcher = launcher_pid($node);
    $node->kill9;
    my $waited = 0;
    sleep 0.1 while kill(0, $worker, $launcher) && ($waited += 0.1) < 10;
    is(kill(0, $worker, $launcher), 0, 'a killed postmaster: worker and launcher leave with it');
    # The shared memory is free once the last backend has gone.
    my $started = 0;
    for (1 .. 50) { last if $started = $node->start(fail_ok => 1); sleep 0.2 }
    ok($started, 'a killed postmaster: the server starts again');
});

recovers_from('a fast restart', sub { $node->restart });
recovers_from('an immediate restart', sub { $node->stop('immediate'); $node->start });

my $total = $node->safe_psql('postgres', 'SELECT count(*) FROM acknowledged');
cmp_ok($total, '>', 2000, 'the clients were busy');
note "$total acknowledged";

done_testing();
