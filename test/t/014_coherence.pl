# Proves the cache's promise under faults: no read is older than the lease, whatever happens to Redis, to the connection, to the
# worker and to the server. A checker (test/tools/coherence) writes and reads all the time and compares; this test breaks things,
# one after the other, and sees each time that the cache comes back into use.
use strict;
use warnings;

use FindBin;
use List::Util qw(max);
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $binary = $ENV{HELIX_COHERENCE_CHECKER} or die 'HELIX_COHERENCE_CHECKER does not name the checker';
my $least_reads = 1_000_000;
my $lease_ms = 1000; # the default is 2000: less time between two faults suffices to see what one of them has spoilt
my $calm_seconds = 1.5;

my $redis = start_redis();
my $proxy = start_proxy($redis);
my $node = helix_node('node', conf => <<"CONF");
helix.redis_url = '${\$proxy->url}'
helix.cache_ring_size = '64kB'
helix.cache_lease = '${lease_ms}ms'
max_connections = 60
fsync = on
commit_delay = 5000
commit_siblings = 0
CONF
my $log = $node->basedir . '/checker.log';
my ($checker, $stale) = (undef, 0);

sub stats { return $node->safe_psql('postgres', "SELECT $_[0] FROM helix.cache_stats()") }

sub invalidator { return stats('worker_pid') }

# The checker's last line of progress as a hash, with the most of worst_ms and slowest_ms since the last call.
my ($read_so_far, %progress) = (0);
sub progress {
    my $text = slurp_file($log, $read_so_far) =~ s/[^\n]*\z//r;
    $read_so_far += length $text;
    @progress{qw(worst_ms slowest_ms)} = (0, 0);
    for my $line (grep { / reads=.* state=/ } split /\n/, $text) {
        my %seen = $line =~ /(\w+)=(\S+)/g;
        %progress = (%seen, map { $_ => max($seen{$_}, $progress{$_}) } qw(worst_ms slowest_ms));
    }
    return \%progress;
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
    'Redis is slow' => sub { in_modes(1.2, 'delay 5', 'delay 20', 'delay 100', 'drip 1', 'drip 5') },
    'nothing is answered, and sent later' => sub { in_modes(3, 'stall') },
    'nobody listens' => sub { in_modes(3, 'cut') },
    'answers are cut' => sub { in_modes(0.2, map { "cut_after $_" } 0 .. 6, 11, 17, 36, 50, 64, 99, 150, 222, 400, 1000, 5000) },
    'requests are cut' => sub {
        in_modes(0.2, map { "cut_request_after $_" } 0, 1, 5, 14, 30, 60, 90, 120, 160, 200, 250, 300, 400, 600, 1000, 5000);
    },
    'answers are garbled' => sub { in_modes(0.05, map { 'garble ' . (1 + int rand(2 ** rand 9)) } 1 .. 80) },
    'commits hang for 3 s' => \&hang,
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
        my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
        my @others = split ' ', `ps -o pid= --ppid $postmaster`;
        $node->kill9;
        sleep 0.1 while grep { kill 0, $_ } @others; # they hold the shared memory
        $node->start;
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

sub set {
    my ($setting, $value) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET $setting = '$value'");
    $node->reload;
}

# What is in the first one gets old meanwhile.
sub elsewhere {
    for my $url ($proxy->url(1), '', $proxy->url) { set('helix.redis_url', $url); sleep 1.5 }
}

# Commits wait for a standby that does not exist, between their first and their last word to the worker.
sub hang {
    set('synchronous_standby_names', 'nobody');
    sleep 3;
    set('synchronous_standby_names', '');
}

# The worker does not empty the ring while more than it holds is committed.
sub overflow {
    my ($pid, $drops) = split /\|/, stats('worker_pid, drops');
    kill 'STOP', $pid;
    my $commit = 'INSERT INTO coherence.values SELECT gen_random_uuid(), 1, now() FROM generate_series(1, 50)';
    $node->safe_psql('postgres', "$commit;\n" x 40); # a transaction each
    cmp_ok(stats('drops'), '>', $drops, 'the ring has no room: it is noticed');
    sleep 1;
    kill 'CONT', $pid;
}

# The cache is in use: connected, and read from.
sub is_calm {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $start = time;
    ok(wait_for_cache($node, 'up', 10), "$name: the cache is up again");
    my $up = time - $start;
    my ($hits, $misses) = (0, 1);
    for (1 .. 5) { # sessions pause a moment after a failure
        my @before = split /\|/, stats('hits, misses');
        sleep $calm_seconds;
        my @after = split /\|/, stats('hits, misses');
        ($hits, $misses) = ($after[0] - $before[0], $after[1] - $before[1]);
        last if $hits > $misses;
    }
    cmp_ok($hits, '>', $misses, "$name: and most reads find something");
    my $seen = progress();
    note sprintf 'up after %.1f s, then %d hits and %d misses; %d reads, at most %s ms stale, %s ms a read in the slowest '
        . 'statement',
      $up, $hits, $misses, @$seen{qw(reads worst_ms slowest_ms)};
    is($seen->{stale}, $stale, "$name: no read was stale");
    $stale = $seen->{stale};
}

END { local $?; $checker->kill_kill if $checker && $checker->pumpable }
$checker = start_command($log, $binary, '--reads', 1e12, '--lease-ms', $lease_ms, '--conninfo', $node->connstr('postgres'));
sleep 1;
is_calm('at first');
$saved = $redis->save;
while (my ($name, $strike) = splice @faults, 0, 2) {
    note sprintf '%s at %s', $name, scalar gmtime;
    $strike->();
    is_calm($name);
}

for (1 .. 120) { last if (progress()->{reads} // 0) >= $least_reads; sleep 1.1 }
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
my @families = ([ 'recommendations:' => 'values', '' ], [ 'cost_trends:' => 'values', ':x30' ],
    [ 'theme_prefs:' => 'by_hand', ':dark' ]);
my %current = map { split /\|/ } split /\n/, $node->safe_psql('postgres', join ' UNION ALL ', map {
    "SELECT '$_->[0]' || user_id || '$_->[2]', version FROM coherence.$_->[1] WHERE user_id::text ~ '^c[01]0{6}-'" } @families);

sub is_current_in_redis {
    my ($name) = @_;
    my %found = map { $_ => $redis->cli('GET', $_) } grep { exists $current{$_} } split /\n/, $redis->cli('KEYS', '*');
    is(join(' ', grep { $found{$_} ne $current{$_} } sort keys %found), '', $name);
    return scalar keys %found;
}

sleep 3;
is($node->safe_psql('postgres', q(SELECT key, cached, current FROM helix.cache_audit(1000)
    WHERE key LIKE 'cost_trends:c2000000-%' AND cached IS DISTINCT FROM current)), '', 'at rest: the audit finds nothing old');
is_current_in_redis('at rest: every key in Redis holds the current version');
for my $family (@families) {
    my ($prefix, $table, $suffix) = @$family;
    my $read = "helix.cache_get_or_fetch('$prefix' || user_id || '$suffix',
        format('SELECT to_jsonb(version) FROM coherence.$table WHERE user_id = %L', user_id), 60)";
    is($node->safe_psql('postgres', "SELECT user_id FROM coherence.$table WHERE user_id::text ~ '^c[01]0{6}-'
        AND to_jsonb(version) <> $read"), '', "at rest: every $prefix key reads as the current version");
}
is(is_current_in_redis('at rest: and so they are in Redis'), scalar keys %current, 'at rest: all of them');

done_testing();
