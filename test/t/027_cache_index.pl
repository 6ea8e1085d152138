# Proves that keys that only a pattern names go at once, however many others Redis holds, and that they go without the index, too.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = start_redis();
my $node = helix_node('node',
    conf => "helix.redis_url = '${\$redis->url}'\nhelix.cache_repeat_delay = 0\nhelix.cache_lease = '60s'\n");
ok(wait_for_cache($node, 'up', 60), 'the cache is connected');

my $session = $node->background_psql('postgres');

sub record_for { $session->query_safe("SELECT helix.record_operation_execution('$_[0]', 'email-compose', NULL, true, 1, 0.5,
    'openai')") }

# How long a commit's key stays, in s; at most $most.
sub time_to_go {
    my ($user, $most) = @_;
    my @keys = ("cost_trends:$user:30", "op_metrics:$user:email-compose:1:2", "all_op_metrics:$user:1:2");
    $redis->cli('MSET', map { ($_, 'old') } @keys);
    record_for($user);
    my $start = time;
    while (time < $start + $most) { return time - $start if $redis->cli('EXISTS', @keys) eq '0' }
    return $most;
}

# What is timed is measured up to five times: on a busy machine other processes may come between. Returns the first list of times
# of which $fits, else the last.
sub best_times {
    my ($measure, $fits) = @_;
    my @times;
    for (1 .. 5) {
        @times = sort { $a <=> $b } $measure->();
        note join ' ', map { sprintf '%.0f ms', 1000 * $_ } @times;
        last if $fits->(@times);
    }
    return @times;
}

sub scans { return $redis->cli('INFO', 'commandstats') =~ /cmdstat_scan:calls=(\d+)/ ? $1 : 0 }

sub wait_until {
    my ($what, $pause) = @_;
    for (my $end = time + 60; time < $end; sleep($pause // 0.05)) { return 1 if $what->() }
    return 0;
}

# A pattern is answered without a SCAN.
sub uses_index {
    return wait_until(sub { my $before = scans(); time_to_go(user_id(1), 60); sleep 0.1; scans() == $before });
}

sub lines { return scalar(() = slurp_file($node->logfile, $_[0]) =~ /$_[1]/g) }

# 50,000 keys that are not helix's, and 50,000 that its patterns may name.
sub fill {
    my $set = q(for i = 1, 50000 do redis.call('SET', ARGV[1] .. string.format('%012x', i) .. ARGV[2], 'x') end);
    $redis->cli('EVAL', $set, 0, 'session:', '');
    $redis->cli('EVAL', $set, 0, 'cost_trends:ffffffff-0000-0000-0000-', ':30');
}

subtest 'among 100,000 keys' => sub {
    fill();
    ok(uses_index(), 'there is an index');
    my $before = scans();
    my @times = best_times(sub { map { time_to_go(user_id($_), 60) } 1 .. 40 }, sub { $_[20] < 0.1 && $_[-1] < 1 });
    cmp_ok($times[20], '<', 0.1, 'a key goes at once');
    cmp_ok($times[-1], '<', 1, 'each of them does');
    is(scans(), $before, 'without going through Redis');
    is($redis->cli('DBSIZE') - $redis->cli('EXISTS', 'helix:epoch', 'helix:lease'), 100_000, 'and no other key');
    $session->query_safe(q(SELECT helix.cache_delete_pattern('cost_trends:ffffffff-0000-0000-0000-*:30')));
    ok(wait_until(sub { $redis->cli('DBSIZE') <= 50_002 }), 'a pattern may name 50,000 keys');
    is(scans(), $before, 'without going through Redis');
};

# By a connection of its own: a new process may take longer than the delay.
sub client {
    my $socket = IO::Socket::UNIX->new(Peer => $redis->socket) or die "no connection to Redis: $!";
    return sub { print $socket join(' ', @_) . "\r\n"; return scalar <$socket> };
}

subtest 'a client that has read before the commit and sets after it' => sub {
    $node->safe_psql('postgres', q(ALTER SYSTEM SET helix.cache_repeat_delay = '500ms'));
    $node->reload;
    $node->poll_query_until('postgres', q(SELECT setting = '500' FROM pg_settings WHERE name = 'helix.cache_repeat_delay'));
    sleep 0.5;
    my $before = scans();
    my $client = client();
    my $measure = sub {
        my @times;
        for (my $tries = 0; @times < 7 && $tries < 200; ++$tries) {
            my $key = 'cost_trends:' . user_id(scalar @times) . ':7';
            my $start = time;
            record_for(user_id(scalar @times));
            sleep 0.05;
            $client->('SET', $key, 'old');
            next if time - $start > 0.4; # too late, on a busy machine
            ok(wait_until(sub { $redis->cli('EXISTS', $key) eq '0' }, 0.01), 'what it has set goes');
            push @times, time - $start;
        }
        return @times;
    };
    my @times = best_times($measure, sub { @_ == 7 && $_[3] < 0.8 });
    is(scalar @times, 7, 'seven times');
    cmp_ok($times[3], '<', 0.8, 'soon after the delay');
    is(scans(), $before, 'without going through Redis');
    $node->safe_psql('postgres', 'ALTER SYSTEM SET helix.cache_repeat_delay = 0');
    $node->reload;
};

subtest 'the connection on which Redis tells of keys is cut' => sub {
    fill();
    uses_index();
    my $since = -s $node->logfile;
    for my $i (1 .. 3) {
        my $key = 'cost_trends:' . user_id($i) . ':7';
        is($redis->cli('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1, 'it is cut');
        $redis->cli('SET', $key, 'old');
        record_for(user_id($i));
        ok(wait_until(sub { $redis->cli('EXISTS', $key) eq '0' }), 'a key that was set meanwhile goes');
        ok(uses_index(), 'there is an index again');
    }
    is(lines($since, 'LOG:.*helix has no index of the keys in Redis'), 3, 'the log tells each time that it went');
    is(lines($since, 'LOG:.*helix has an index'), 3, 'and that it came back');
    is(lines($since, 'has no Redis|reached'), 0, 'the other connection has stayed');
};

subtest 'more is told than Redis keeps for a reader' => sub {
    my ($old) = $redis->cli('CONFIG', 'GET', 'client-output-buffer-limit') =~ /(pubsub \d+ \d+ \d+)/;
    $redis->cli('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 100000 0 0');
    my $invalidator = $node->safe_psql('postgres', 'SELECT worker_pid FROM helix.cache_stats()');
    kill 'STOP', $invalidator;
    my $key = 'cost_trends:' . user_id(1) . ':7';
    fill();
    $redis->cli('SET', $key, 'old');
    record_for(user_id(1));
    kill 'CONT', $invalidator;
    ok(wait_until(sub { $redis->cli('EXISTS', $key) eq '0' }), 'the key goes');
    $redis->cli('CONFIG', 'SET', 'client-output-buffer-limit', $old);
    ok(uses_index(), 'there is an index again');
};

# Redis then holds back what does not fit into the socket. The repetition would find the keys as well, but much later.
subtest 'the invalidator stands still while keys are set' => sub {
    $node->safe_psql('postgres', q(ALTER SYSTEM SET helix.cache_repeat_delay = '60s'));
    $node->reload;
    $node->poll_query_until('postgres', q(SELECT setting = '60000' FROM pg_settings WHERE name = 'helix.cache_repeat_delay'));
    my $invalidator = $node->safe_psql('postgres', 'SELECT worker_pid FROM helix.cache_stats()');
    for my $count (1500, 5000) {
        my $user = user_id($count);
        kill 'STOP', $invalidator;
        $redis->commands(map { "SET cost_trends:$user:$_ old" } 1 .. $count); # a message each
        my ($held_back) = $redis->cli(qw(CLIENT LIST TYPE pubsub)) =~ / omem=(\d+)/;
        cmp_ok($held_back, '>', 0, "Redis holds back what it tells of $count keys");
        record_for($user);
        kill 'CONT', $invalidator;
        ok(wait_until(sub { $redis->cli('KEYS', "cost_trends:$user:*") eq '' }), 'all of them go at once');
    }
    $node->safe_psql('postgres', 'ALTER SYSTEM SET helix.cache_repeat_delay = 0');
    $node->reload;
};

subtest 'everything is flushed' => sub {
    my $since = -s $node->logfile;
    for my $flush (qw(FLUSHALL FLUSHDB)) {
        $redis->cli($flush);
        cmp_ok(time_to_go(user_id(2), 60), '<', 60, "$flush: what is set after it goes");
    }
    ok(uses_index(), 'there is an index again');
    is(lines($since, 'index of the keys'), 0, 'the log is silent');
};

subtest 'other patterns by reload' => sub {
    $node->safe_psql('postgres', q(ALTER SYSTEM SET helix.cache_keys = 'cost_trends:*, *_metrics:*'));
    $node->reload;
    ok(uses_index(), 'one that begins with a wildcard');
    $redis->cli('SET', 'session:7:x', '1');
    my $before = scans();
    $session->query_safe(q(SELECT helix.cache_delete_pattern('session:7:*')));
    ok(wait_until(sub { $redis->cli('EXISTS', 'session:7:x') eq '0' }), 'every key is in the index then');
    is(scans(), $before, 'without going through Redis');
    $node->safe_psql('postgres', 'ALTER SYSTEM RESET helix.cache_keys');
    $node->reload;
    ok(uses_index(), 'back to the usual ones');
};

subtest 'Redis refuses to tell' => sub {
    my $since = -s $node->logfile;
    $redis->cli(qw(ACL SETUSER default -client|tracking));
    $redis->cli(qw(CLIENT KILL TYPE normal));
    ok(wait_for_cache($node, 'up', 60), 'the cache is connected');
    ok(wait_until(sub { lines($since, 'helix has no index of the keys in Redis.*(NOPERM|permission)') }),
        'the log says why there is no index');
    cmp_ok(time_to_go(user_id($_), 60), '<', 60, 'a key goes all the same') for 1 .. 3;
    is(lines($since, 'LOG:.*index of the keys'), 1, 'the log tells it once');
    $redis->cli(qw(ACL SETUSER default +@all));
    $redis->cli(qw(CLIENT KILL TYPE normal));
    ok(wait_for_cache($node, 'up', 60), 'the cache is connected');
    ok(uses_index(), 'there is an index again');
};

$session->quit;
$node->stop;
done_testing();
