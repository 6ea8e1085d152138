# The server and the real helix-edge together: it starts with its settings, answers, is back at once after kill -9, takes changed
# settings, bears wrong ones, and ends with the server. 053_edge_process.pl shows what it is given, by a stub.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $edge = { port => $port };
my ($node) = edge_node(
    'node',
    conf => "helix.edge_listen = '127.0.0.1:$port'\n",
    # Its password counts.
    before_start => sub {
        my ($new) = @_;
        my $rules = slurp_file($new->data_dir . '/pg_hba.conf');
        unlink $new->data_dir . '/pg_hba.conf';
        $new->append_conf('pg_hba.conf', "local all helix_edge_local scram-sha-256\n$rules");
    });
my $ada = user_id(1);
my $token = token_of(role => 'authenticated', sub => $ada);

# The status of a request, 0 where nobody answers.
sub status_of {
    my ($where, $path) = @_;
    my $response = eval { request($where, 'GET', $path) };
    return $response ? $response->{status} : 0;
}

# The seconds until a request is answered 200.
sub answers_after {
    my ($where, $path) = @_;
    my $began = time;
    sleep 0.01 until status_of($where, $path) == 200 || time > $began + 20;
    return time - $began;
}

# Of the program that was started last.
sub edge_pid {
    my @pids = slurp_file($node->logfile) =~ /helix has started helix-edge \(PID (\d+)\)/g;
    return $pids[-1];
}

sub set {
    my (%settings) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET $_ = '$settings{$_}'") for sort keys %settings;
    $node->reload;
    return;
}

sub logs {
    my ($pattern, $from, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(eval { $node->wait_for_log($pattern, $from); 1 }, $name);
}

sub is_gone {
    my ($pid) = @_;
    my $until = time + 5;
    sleep 0.02 while -e "/proc/$pid" && slurp_file("/proc/$pid/stat") !~ /\) Z / && time < $until;
    return time < $until;
}

# Whether somebody could listen there now.
sub is_free {
    my ($number) = @_;
    return defined IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $number, Listen => 1, ReuseAddr => 1);
}

sub recorded {
    my ($id, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = rpc($edge, $token, 'record_operation_execution',
            qq({"p_user_id": "$ada", "p_operation_id": "email-compose", "p_date": null, "p_success": true, "p_latency_ms": 1,)
          . qq( "p_cost_usd": 0.5, "p_model_used": "openai", "p_request_id": "$id"}));
    return is($response && $response->{status}, 200, $name);
}

subtest 'it is started' => sub {
    cmp_ok(answers_after($edge, '/healthz'), '<', 20, 'it answers');
    cmp_ok(answers_after($edge, '/readyz'), '<', 5, 'the database lets it in');
    recorded('one', 'a user records');
    is($node->safe_psql('postgres', "SELECT user_id, cost_usd FROM helix.executions WHERE request_id = 'one'"), "$ada|0.5", 'so');
    is($node->safe_psql('postgres', "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = 'helix-edge'"),
        'helix_edge_local', 'as its own role');
};

subtest 'kill -9' => sub {
    for my $round (1 .. 2) {
        my $before = edge_pid();
        kill 'KILL', $before;
        my $alive = answers_after($edge, '/healthz');
        my $ready = answers_after($edge, '/readyz');
        note sprintf 'round %d: alive after %.2f s, ready %.2f s later', $round, $alive, $ready;
        cmp_ok($alive, '<', 1.5, 'it answers again within a second, or a bit more on a busy machine');
        cmp_ok($ready, '<', 1, 'and has its database');
        isnt(edge_pid(), $before, 'another process');
    }
    recorded('two', 'it records');
};

subtest 'a reload' => sub {
    my $large = qq({"p_user_id": "$ada", "x": ") . ('x' x 2000) . '"}';
    is(rpc($edge, $token, 'get_total_monthly_cost', $large)->{status}, 404, 'a body of 2 kB is read');
    my $before = edge_pid();
    set('helix.edge_options' => '--rpc-body-limit 1kB');
    ok(is_gone($before), 'other options end the one before');
    answers_after($edge, '/readyz');
    is(rpc($edge, $token, 'get_total_monthly_cost', $large)->{status}, 413, 'and count');
    my $other = PostgreSQL::Test::Cluster::get_free_port();
    set('helix.edge_listen' => "127.0.0.1:$other");
    cmp_ok(answers_after({ port => $other }, '/healthz'), '<', 10, 'another address');
    is(status_of($edge, '/healthz'), 0, 'in place of the one before');
    $node->safe_psql('postgres', 'CREATE FUNCTION helix.doze() RETURNS int LANGUAGE sql AS $$ SELECT pg_sleep(1); SELECT 7 $$');
    my $socket = connect_edge({ port => $other });
    syswrite $socket, "POST /rest/v1/rpc/doze HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer $token\r\nContent-Length: 0\r\n\r\n";
    sleep 0.3;
    set('helix.edge_listen' => "127.0.0.1:$port", 'helix.edge_options' => '');
    my $answer = read_response($socket);
    is($answer && "$answer->{status} $answer->{body}", '200 7', 'what was on its way is answered');
    cmp_ok(answers_after($edge, '/readyz'), '<', 10, 'then it is back at its first address');
    is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server has gone on');
};

subtest 'wrong settings' => sub {
    my $from = -s $node->logfile;
    set('helix.edge_options' => '--no-such-option 1');
    logs(qr/there is no option --no-such-option.*helix-edge \(PID \d+\) has ended: exit status 1/s, $from, 'no option');
    is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server goes on');
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1);
    $from = -s $node->logfile;
    set('helix.edge_options' => '', 'helix.edge_listen' => '127.0.0.1:' . $taken->sockport);
    logs(qr/Address already in use.*has ended: exit status 1/s, $from, 'an address where somebody listens');
    $from = -s $node->logfile;
    set('helix.edge_listen' => "127.0.0.1:$port", 'helix.edge_database' => 'nowhere');
    logs(qr/database "nowhere" does not exist/, $from, 'a database that is not there');
    is(status_of($edge, '/healthz'), 0, 'nothing listens meanwhile');
    set('helix.edge_database' => 'postgres');
    cmp_ok(answers_after($edge, '/readyz'), '<', 10, 'right settings count at once');
    recorded('three', 'it records');
};

subtest 'the end' => sub {
    my $pid = edge_pid();
    set('helix.edge_listen' => '');
    ok(is_gone($pid) && is_free($port), 'switched off, it leaves');
    set('helix.edge_listen' => "127.0.0.1:$port");
    for my $how ('fast', 'immediate') {
        answers_after($edge, '/readyz');
        $pid = edge_pid();
        my @held = map { connect_edge($edge) } 1 .. 3; # clients that stay do not hold it up
        $node->stop($how);
        ok(is_gone($pid), "it ends with the server: $how");
        ok(is_free($port), 'the port is free');
        $node->start;
    }
    answers_after($edge, '/readyz');
    $pid = edge_pid();
    my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
    kill 'KILL', $postmaster;
    ok(is_gone($pid), 'and with one that is killed');
    $node->stop('immediate', fail_ok => 1);
    unlink $node->data_dir . '/postmaster.pid';
    $node->{_pid} = undef;
    $node->start;
    answers_after($edge, '/readyz');
    recorded('four', 'the next server has another');
    is($node->safe_psql('postgres', 'SELECT string_agg(request_id, \' \' ORDER BY id) FROM helix.executions'), 'one two three four',
        'each call is in the ledger once');
    $pid = edge_pid();
    my @all = slurp_file($node->logfile) =~ /helix has started helix-edge \(PID (\d+)\)/g;
    $node->stop('fast');
    is(join(' ', grep { !is_gone($_) } @all), '', sprintf 'of %d processes none is left', scalar @all);
};

done_testing();
