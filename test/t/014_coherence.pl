# Proves the cache's promise under faults: no read is older than the lease, whatever happens to Redis, to the connection, to the
# worker and to the server. A checker (test/coherence) writes and reads all the time and compares; this test breaks things, one
# after the other, and sees each time that the cache comes back into use.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $binary = $ENV{HELIX_COHERENCE_CHECKER} or die 'HELIX_COHERENCE_CHECKER does not name the checker';
my $least_reads = 1_000_000;
my $calm_seconds = 2;

my $redis = start_redis();
my $proxy = start_proxy($redis);
my $node = helix_node('node', conf => <<"CONF");
helix.redis_url = '${\$proxy->url}'
helix.cache_ring_size = '64kB'
max_connections = 60
commit_delay = 5000
commit_siblings = 0
CONF
my $log = $node->basedir . '/checker.log';

sub stats { return $node->safe_psql('postgres', "SELECT $_[0] FROM helix.cache_stats()") }

sub invalidator { return stats('worker_pid') }

# The checker's last line of progress, as a hash.
sub progress {
    my ($last) = `tail -n 1 '$log'` =~ /^(\d\d:\d\d:\d\d.* reads=.*)$/ or return {};
    return { $last =~ /(\w+)=(\S+)/g };
}

# For $seconds, calls $strike again and again with a number that counts up from 0.
sub repeatedly {
    my ($seconds, $strike) = @_;
    my $end = time + $seconds;
    for (my $i = 0; time < $end; ++$i) { $strike->($i) }
}

# Sets the proxy to each mode for $seconds.
sub in_modes {
    my ($seconds, @modes) = @_;
    for my $mode (@modes) { $proxy->mode($mode); sleep $seconds }
    $proxy->mode('pass');
}

sub wait_for_server {
    $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'the server does not come back';
}

# What breaks, and for how long; each leaves things as they were.
my $saved;
my @faults = (
    'Redis is killed and comes back empty' => sub { $redis->kill; sleep 3; $redis->restart },
    'Redis is killed and comes back at once, empty' => sub { $redis->restart },
    'Redis comes back with old data' => sub { $redis->kill; sleep 1; $redis->restart($saved) },
    'Redis goes back a moment' => sub {
        repeatedly(3, sub { my $moment = $redis->save; sleep 0.3 * rand; $redis->restart($moment); sleep 0.5 });
    },
    'Redis stops for 3 s' => sub { $redis->stop; sleep 3; $redis->cont },
    'Redis stops for moments' => sub { repeatedly(3, sub { $redis->stop; sleep 0.2 * rand; $redis->cont; sleep 0.1 }) },
    'Redis evicts' => \&evict,
    'Redis is full' => \&fill_up,
    'everything is flushed' => sub { repeatedly(3, sub { $redis->cli('FLUSHALL'); sleep 0.2 }) },
    'scripts are forgotten, clients are cut off' => sub {
        repeatedly(2, sub { $redis->cli(@{ ([qw(SCRIPT FLUSH)], [qw(CLIENT KILL TYPE normal)])[ $_[0] % 2 ] }); sleep 0.1 });
    },
    'Redis is slow' => sub { in_modes(1.5, 'delay 5', 'delay 20', 'delay 100', 'drip 1', 'drip 5') },
    'nothing is answered, and sent later' => sub { in_modes(3, 'stall') },
    'nobody listens' => sub { in_modes(3, 'cut') },
    'answers are cut' => sub { in_modes(0.2, map { "cut_after $_" } 0 .. 6, 11, 17, 36, 50, 64, 99, 150, 222, 400, 1000, 5000) },
    'requests are cut' => sub {
        in_modes(0.2, map { "cut_request_after $_" } 0, 1, 5, 14, 30, 60, 90, 120, 160, 200, 250, 300, 400, 600, 1000, 5000);
    },
    'answers are garbled' => sub { in_modes(0.05, map { 'garble ' . (1 + int rand(2 ** rand 9)) } 1 .. 80) },
    'another Redis for a while' => \&elsewhere,
    'the ring has no room' => \&overflow,
    'the worker stops for 3 s' => sub { my $pid = invalidator(); kill 'STOP', $pid; sleep 3; kill 'CONT', $pid },
    'the worker is terminated' => sub { stats('pg_terminate_backend(worker_pid)') },
    'a backend is killed' => sub {
        my $pid = $node->safe_psql('postgres', q(SELECT pid FROM pg_stat_activity
            WHERE application_name = 'coherence_writer' ORDER BY random() LIMIT 1));
        kill 'KILL', $pid;
        wait_for_server();
    },
    'the worker is killed' => sub { kill 'KILL', invalidator(); wait_for_server() },
    'the postmaster is killed' => sub {
        $node->kill9;
        my $started = 0;
        for (1 .. 100) { last if $started = $node->start(fail_ok => 1); sleep 0.2 }
        die 'the server does not start again' if !$started;
    });

# A little more memory than is used, and a filler that takes it.
sub evict {
    my ($used) = $redis->cli('INFO', 'memory') =~ /used_memory:(\d+)/;
    $redis->cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', $used + 100_000);
    my $fill = q(for i = 1, 300 do redis.call('SET', 'filler:' .. ARGV[1] .. ':' .. i, string.rep('x', 500)) end);
    repeatedly(3, sub { $redis->cli('EVAL', $fill, 0, $_[0]); sleep 0.01 });
    my ($evicted) = $redis->cli('INFO', 'stats') =~ /evicted_keys:(\d+)/;
    $redis->cli('CONFIG', 'SET', 'maxmemory', 0);
    cmp_ok($evicted, '>', 1000, 'Redis evicts: many keys');
}

# Redis refuses whatever needs memory, and goes on deleting.
sub fill_up {
    $redis->cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    sleep 3;
    $redis->cli('CONFIG', 'SET', 'maxmemory', 0);
}

sub use_url {
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.redis_url = '$_[0]'");
    $node->reload;
}

# What is in the first one gets old meanwhile.
sub elsewhere {
    for my $url ($proxy->url(1), '', $proxy->url) { use_url($url); sleep 1.5 }
}

# One transaction that invalidates more than the ring holds.
sub overflow {
    my $drops = stats('drops');
    $node->safe_psql('postgres', q(INSERT INTO coherence.values SELECT gen_random_uuid(), 1, now() FROM generate_series(1, 5000)));
    ok($node->poll_query_until('postgres', "SELECT drops > $drops FROM helix.cache_stats()"), 'the ring has no room: it is noticed');
}

# The cache is in use: connected, and read from.
sub is_calm {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $start = time;
    ok(wait_for_cache($node, 'up', 10), "$name: the cache is up again");
    my $up = time - $start;
    sleep 0.5;
    my ($hits, $misses) = split /\|/, stats('hits, misses');
    sleep $calm_seconds;
    my ($more_hits, $more_misses) = split /\|/, stats('hits, misses');
    $_ -= $hits for $more_hits;
    $_ -= $misses for $more_misses;
    cmp_ok($more_hits, '>', $more_misses, "$name: and most reads find something");
    my $seen = progress();
    note sprintf '%s: up after %.1f s, %d hits and %d misses in %.0f s; reads %d, stale %d, %s ms stale at most, a read took %s ms',
      $name, $up, $more_hits, $more_misses, $calm_seconds, @$seen{qw(reads stale worst_ms slowest_ms)};
    is($seen->{stale}, 0, "$name: no read was stale");
}

my $checker = start_command($log, $binary, '--reads', 1e12, '--lease-ms', 2000, '--conninfo', $node->connstr('postgres'));
sleep 1;
is_calm('at first');
$saved = $redis->save;
while (my ($name, $strike) = splice @faults, 0, 2) {
    note sprintf '%s at %.3f: %s', scalar(gmtime), time, $name;
    $strike->();
    is_calm($name);
}

for (1 .. 120) { last if (progress()->{reads} // 0) >= $least_reads; sleep 1 }
$checker->signal('TERM');
$checker->finish;
my ($result) = slurp_file($log) =~ /^(result: .*)$/m;
note $result // 'no result';
note $_ for grep { /^(stale|refused)/ } split /\n/, slurp_file($log);
is($checker->result(0), 0, 'the checker is content') or diag slurp_file("$log.err");
my %found = ($result // '') =~ /(\w+)=(\S+)/g;
cmp_ok($found{reads}, '>=', $least_reads, "there were $found{reads} reads");
is($found{stale}, 0, 'none of them was stale');
cmp_ok($found{commits}, '>', 2000, "with $found{commits} commits");

# At rest everything in Redis is current, for clients that look there without helix, too.
sleep 3;
is($node->safe_psql('postgres', q(SELECT key, cached, current FROM helix.cache_audit(1000)
    WHERE key LIKE 'cost_trends:c2000000-%' AND cached IS DISTINCT FROM current)), '', 'at rest: the audit finds nothing old');
my %version = map { split /\|/ } split /\n/, $node->safe_psql('postgres', q(SELECT 'op_prefs:' || user_id, version FROM coherence.values
    UNION ALL SELECT 'cost_trends:' || user_id || ':30', version FROM coherence.values
    UNION ALL SELECT 'theme_prefs:' || user_id, version FROM coherence.by_hand));
my @keys = grep { exists $version{$_} } split /\n/, $redis->cli('KEYS', '*');
my @old = grep { my $value = $redis->cli('GET', $_); $value ne '' && $value ne $version{$_} } @keys;
cmp_ok(scalar @keys, '>', 10, 'at rest: there are keys');
is("@old", '', 'at rest: and each holds the current version');

done_testing();
