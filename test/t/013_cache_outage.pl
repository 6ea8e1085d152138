# Proves that no trouble with Redis is PostgreSQL's: without it the cache functions answer in time as if there were no cache,
# commits do not wait, the log has a line for each change of state and no more, and afterwards nothing stale is left. Nor does a
# standby trust what no primary vouches for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IO::Select;
use IO::Socket::UNIX;
use List::Util ();
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my ($me, $you) = map { user_id($_) } 1, 2;
my $canary = 'c4n4ry-' . int(rand 1e9);
$ENV{HELIX_TEST_SECRET} = "$canary-env";
my $redis = start_redis();
my $saved = do { $redis->cli('MSET', "recommendations:$you", 'old', "session:$you", 'old'); $redis->save };
$redis->kill;
my $node = helix_node('node', init => { allows_streaming => 1 }, conf => <<"CONF");
helix.redis_url = '${\$redis->url}'
helix.cache_lease = '1s'
helix.cache_repeat_delay = 0
helix.cache_ring_size = '64kB'
helix.redis_command_timeout = '400ms'
max_connections = 40
shared_buffers = 32MB
CONF

# Fifty rounds of calls: what they return, how long the first takes and how long one of the others takes usually.
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE prefs (user_id uuid, v integer);
SELECT helix.invalidate_on_change('prefs', 'recommendations:{user_id}');
INSERT INTO prefs VALUES ('$me', 1), ('$you', 1);
CREATE PROCEDURE commit_often() LANGUAGE plpgsql AS '
    BEGIN FOR i IN 1 .. 50 LOOP UPDATE prefs SET v = v + 1; COMMIT; END LOOP; END';
CREATE FUNCTION call_often(OUT results text, OUT first_ms float, OUT usual_ms float) LANGUAGE plpgsql AS \$\$
DECLARE
    start timestamptz;
    all_results text[];
    times float[];
BEGIN
    FOR i IN 0 .. 50 LOOP
        start := clock_timestamp();
        all_results := all_results || concat_ws(' ', helix.cache_get('doc:1'), helix.cache_set('doc:1', '1', 60),
            helix.cache_get_or_fetch('doc:2', 'SELECT to_jsonb(2)', 60), helix.cache_read('cost_trends:$me:7'));
        times := times || 1000 * extract(epoch FROM clock_timestamp() - start)::float;
    END LOOP;
    results := (SELECT string_agg(DISTINCT r, ', ') FROM unnest(all_results) r);
    first_ms := times[1];
    usual_ms := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(times[2:]) t);
END \$\$;
SQL

sub wait_until {
    my ($what, $seconds) = @_;
    for (my $end = time + ($seconds // 10); time < $end; sleep 0.02) { return 1 if $what->() }
    return 0;
}

sub stats { return $node->safe_psql('postgres', "SELECT $_[0] FROM helix.cache_stats()") }

sub set_up {
    my ($name, $value) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET $name = '$value'");
    $node->reload;
    $node->poll_query_until('postgres', "SELECT setting = '$value' FROM pg_settings WHERE name = '$name'")
      or die "no reload of $name";
}

# How often a line has come into the log since it was that long.
sub lines {
    my ($since, $pattern, $of) = @_;
    return scalar(() = slurp_file(($of // $node)->logfile, $since) =~ /$pattern/g);
}

# For $seconds the functions are called and rows are changed: as without a cache, and in time.
sub is_without_cache {
    my ($name, $seconds) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($start, %results, $first, $usual, $commits) = (time);
    do {
        my $in_lease = time - $start < 1; # while it lasts, a value may still come from a Redis that reads
        my ($results, $first_ms, $usual_ms) = split /\|/, $node->safe_psql('postgres', 'SELECT * FROM call_often()');
        ++$results{$_} for grep { !$in_lease || $_ ne '1 f 2 []' } split /, /, $results;
        ($first, $usual) = (List::Util::max($first // 0, $first_ms), List::Util::max($usual // 0, $usual_ms));
        my $commit = time;
        $node->safe_psql('postgres', 'CALL commit_often()');
        $commits = List::Util::max($commits // 0, time - $commit);
    } while (time < $start + $seconds);
    is(join(', ', keys %results), 'f 2 []', "$name: get null, set false, the others compute");
    cmp_ok($first, '<', 1000, "$name: the first call of a session waits less than a second");
    cmp_ok($usual, '<', 50, "$name: the next ones do not wait");
    cmp_ok($commits, '<', 5, "$name: nor do commits");
}

# The functions read and store again.
sub is_in_use {
    return wait_until(sub { $node->safe_psql('postgres', 'SELECT results FROM call_often()') =~ /(^|, )1 t 2 \[\]/ }, $_[0]);
}

# Redis is in use again: soon, without what was there before, and helix tells it once.
sub comes_back {
    my ($name, $since, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $start = time;
    ok(wait_for_cache($node, 'up', 10), "$name: it is up again");
    cmp_ok(time - $start, '<', 4, "$name: soon");
    ok(wait_until(sub { $redis->cli('EXISTS', "recommendations:$you", 'cost_trends:x') eq '0' }), "$name: no stale key is left");
    is($redis->cli('EXISTS', "session:$you"), $options{kept} // 1, "$name: what is foreign is as before");
    ok(is_in_use(), "$name: values come from Redis");
    is(lines($since, 'helix has no Redis'), 1, "$name: the log tells once that it went") if !$options{quiet};
    is(lines($since, 'helix reached Redis'), 1, "$name: and once that it came");
    my $pauses = lines($since, 'cache functions pause');
    cmp_ok($pauses, '<=', 1, "$name: at most once that the functions paused");
    is(lines($since, 'cache functions use Redis again'), $pauses, "$name: and that they went on");
}

# What goes wrong for $seconds ($begin, $end), beginning from a state in which all is well; last_error is then like $error.
sub survives {
    my ($name, $seconds, $error, $begin, $end, %options) = @_;
    subtest $name => sub {
        is_in_use() or die 'no Redis to begin with';
        $redis->cli('MSET', "recommendations:$you", 'old', 'cost_trends:x', 'old', "session:$you", 'old') if !$options{kept};
        my $since = -s $node->logfile;
        $begin->();
        is_without_cache($name, $seconds);
        ok(wait_for_cache($node, 'down', 5), 'state is down');
        like(stats('last_error'), $error, 'last_error says why');
        is(stats('connected_since IS NULL, keys IS NULL, lease_ms_left'), 't|t|0', 'there is no connection and no lease');
        $end->();
        comes_back($name, $since, %options);
    };
}

# A server that answers each command as a sub says; it ends with the test.
sub start_fake {
    my ($path, $answer) = @_;
    unlink $path;
    my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 20) or die "no socket: $!";
    pipe my $alive, my $parent or die $!;
    my $pid = fork // die "cannot fork: $!";
    if ($pid) { close $alive; return { pid => $pid, parent => $parent } }
    close $parent;
    my ($select, %input) = (IO::Select->new($socket, $alive));
    while (my @ready = $select->can_read) {
        for my $handle (@ready) {
            POSIX::_exit(0) if $handle == $alive;
            if ($handle == $socket) { $select->add(scalar $socket->accept); next }
            if (!sysread $handle, $input{$handle}, 65536, length($input{$handle} // '')) {
                $select->remove($handle);
                close $handle;
                next;
            }
            while ($input{$handle} =~ /\A\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n){1,})/) {
                my ($count, $text) = ($1, $2);
                my @words = $text =~ /\$\d+\r\n([^\r]*)\r\n/g;
                last if @words < $count;
                $input{$handle} =~ s/\A\*\d+\r\n(?:\$\d+\r\n[^\r]*\r\n){$count}//;
                syswrite $handle, $answer->(@words[ 0 .. $count - 1 ]);
            }
        }
    }
    POSIX::_exit(0);
}

sub stop_fake { kill 'KILL', $_[0]{pid}; waitpid $_[0]{pid}, 0 }

subtest 'no Redis when the server starts' => sub {
    is_without_cache('at the start', 1);
    is(stats('state'), 'down', 'state is down');
    like(stats('last_error'), qr/could not connect to Redis: No such file|Connection refused/, 'last_error says why');
    is(lines(0, 'helix has no Redis'), 1, 'the log tells it once');
    $redis->restart($saved);
    comes_back('it starts', 0);
};

survives('Redis is killed and starts empty', 5, qr/could not connect|read from Redis|write to Redis/, sub { $redis->kill },
    sub { $redis->restart }, kept => 0);
survives('Redis stands still', 5, qr/no answer from Redis in time/, sub { $redis->stop }, sub { $redis->cont });
survives('Redis becomes a replica', 1.5, qr/READONLY|replica/, sub { $redis->cli(qw(REPLICAOF 127.0.0.1 1)) },
    sub { $redis->cli(qw(REPLICAOF NO ONE)) });
survives('Redis refuses to write', 3, qr/NOREPLICAS/, sub { $redis->cli(qw(CONFIG SET min-replicas-to-write 1)) },
    sub { $redis->cli(qw(CONFIG SET min-replicas-to-write 0)) });

subtest 'late answers' => sub {
    set_up('helix.redis_command_timeout', 100);
    my $session = $node->background_psql('postgres');
    my $get = sub { $session->query_safe(q(SELECT helix.cache_get('doc:2'))) };
    my $pauses = sub { lines($_[0], 'cache functions pause') };
    # Redis stands still for so many answers in a row. A session asks once in a tenth of a second then.
    my $late = sub {
        my ($times) = @_;
        is_in_use();
        wait_until(sub { $get->() eq '2' }) or die 'no Redis to begin with';
        $redis->stop;
        for (1 .. $times) { $get->(); sleep 0.12 }
        $redis->cont;
    };
    my ($since, $found);
    for my $try (1 .. 5) { # on a busy machine more answers may be late
        $since = -s $node->logfile;
        $late->(2);
        $found = $get->();
        last if $found eq '2' && $pauses->($since) == 0;
    }
    is($found, '2', 'two of them: the session reads again');
    is($pauses->($since), 0, 'and nobody pauses');
    for my $try (1 .. 5) {
        $since = -s $node->logfile;
        $late->(3);
        last if $pauses->($since) > 0;
    }
    like(slurp_file($node->logfile, $since),
        qr/cache functions pause: 3 answers of Redis in a row were late.*\n.*DETAIL:.*\b\d{3,} ms/,
        'three: all pause, and the log says how many and how late');
    $session->quit;
    ok(is_in_use(), 'then Redis is in use again');
    set_up('helix.redis_command_timeout', 400);
};

my $url = $redis->url;
my $fake_path = $redis->dir . '/fake.sock';
my $moved = "-MOVED 1 127.0.0.1:1\r\n";
my %kinds = ('a Redis Cluster' => $moved, 'a Redis Cluster that answers INFO' => "\$28\r\n# Replication\r\nrole:master\r\n\r\n");
for my $kind (sort keys %kinds) {
    my $fake = start_fake($fake_path, sub { $_[0] eq 'INFO' ? $kinds{$kind} : $moved });
    survives($kind, 3, qr/MOVED 1 127\.0\.0\.1:1/, sub { set_up('helix.redis_url', "unix://$fake_path") },
        sub { set_up('helix.redis_url', $url) });
    stop_fake($fake);
    like(slurp_file($node->logfile), qr/MOVED.*\n.*HINT:.*Redis Cluster/, 'with a hint in the log');
}

subtest 'passwords' => sub {
    my ($right, $wrong) = map { $node->basedir . "/$_" } 'right', 'wrong';
    append_to_file($right, "$canary-file\n");
    append_to_file($wrong, "$canary-wrong\n");
    my $cli = sub { local $ENV{REDISCLI_AUTH} = shift; $redis->cli(@_) };
    my $is_up = sub {
        my ($name, $password) = @_;
        ok(wait_for_cache($node, 'up', 4), "$name: helix is in");
        ok(is_in_use(), "$name: and sessions, too");
        unlike($cli->($password, 'CLIENT', 'LIST'), qr/\Q$canary\E/, "$name: CLIENT LIST does not show it");
    };
    my $is_down = sub {
        my ($name, $error) = @_;
        wait_until(sub { stats('last_error') =~ $error }, 5);
        is_without_cache($name, 1);
        like(stats('last_error'), $error, "$name: last_error says why");
        is(stats('state'), 'down', "$name: state is down");
    };
    $redis->cli(qw(CONFIG SET requirepass), "$canary-file");
    $cli->("$canary-file", qw(CLIENT KILL TYPE normal));
    $is_down->('none', qr/NOAUTH/);
    set_up('helix.redis_password_ref', "file://$wrong");
    $is_down->('a wrong one', qr/WRONGPASS/);
    set_up('helix.redis_password_ref', "file://$right.gone");
    $is_down->('a file that is not there', qr/secret unavailable.*No such file/);
    set_up('helix.redis_password_ref', 'env://HELIX_NO_SUCH_VARIABLE');
    $is_down->('a variable that is not there', qr/secret unavailable.*no such environment variable/);
    set_up('helix.redis_password_ref', "file://$right");
    $is_up->('by file', "$canary-file");
    $cli->("$canary-file", qw(CONFIG SET requirepass), "$canary-env");
    $cli->("$canary-env", qw(CLIENT KILL TYPE normal));
    set_up('helix.redis_password_ref', 'env://HELIX_TEST_SECRET');
    $is_up->('by the environment', "$canary-env");
    for my $relation (qw(pg_settings pg_stat_activity pg_file_settings helix.cache_stats())) {
        unlike($node->safe_psql('postgres', "SELECT t::text FROM $relation t"), qr/\Q$canary\E/, "$relation does not show it");
    }
    unlike(slurp_file($node->logfile), qr/\Q$canary\E/, 'nor does the log');
    is($node->safe_psql('postgres', q(CREATE ROLE nobody; SET ROLE nobody;
        SELECT count(*) FROM pg_settings WHERE name = 'helix.redis_password_ref')), '0', 'where it is, superusers see alone');
    my $error = ($node->psql('postgres', q(ALTER SYSTEM SET helix.redis_url = 'redis://me:hunter2@127.0.0.1:6379/0')))[2];
    like($error, qr/ERROR: .*helix\.redis_url.*password.*HINT: .*helix\.redis_password_ref/s,
        'a password in the url is refused with a hint');
    unlike($error, qr/hunter2/, 'and not repeated');
    $cli->("$canary-env", qw(CONFIG SET requirepass), '');
    set_up('helix.redis_password_ref', '');
    ok(wait_for_cache($node, 'up'), 'without one again');
};

subtest 'Redis has no memory left' => sub {
    is_in_use();
    $redis->cli('MSET', "recommendations:$you", 'old', "session:$you", 'old');
    my $since = -s $node->logfile;
    $redis->cli(qw(CONFIG SET maxmemory-policy noeviction maxmemory 1));
    $node->safe_psql('postgres', 'CALL commit_often()');
    ok(wait_until(sub { $redis->cli('EXISTS', "recommendations:$you") eq '0' }), 'keys are removed all the same');
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'there is no lease');
    ok(wait_until(sub { stats('lease_ms_left') eq '0' }, 3), 'as cache_stats says');
    is($node->safe_psql('postgres', q(SELECT helix.cache_get('doc:2') IS NULL)), 't', 'what is there is not trusted');
    my ($end, %results) = (time + 3);
    while (time < $end) { ++$results{ $node->safe_psql('postgres', 'SELECT results FROM call_often()') }; sleep 0.2 }
    is(join(', ', keys %results), 'f 2 []', 'the functions do without');
    is(lines($since, 'LOG:.*(?:no memory left|OOM|pause|again|reached|has no Redis)'), 1, 'the log has one line');
    like(slurp_file($node->logfile, $since), qr/no memory left.*\n.*HINT:.*maxmemory/, 'with a hint');
    $redis->cli(qw(CONFIG SET maxmemory 0));
    ok(is_in_use(4), 'with memory it is in use again');
    is($redis->cli('EXISTS', "session:$you"), '1', 'and what is foreign is there');
};

subtest 'a value that was read in an outage' => sub {
    my $session = $node->background_psql('postgres');
    $redis->stop;
    is($session->query_safe("SELECT helix.cache_get('recommendations:$me') IS NULL"), 't', 'cache_get does not find it');
    my $old = $session->query_safe("SELECT v FROM prefs WHERE user_id = '$me'");
    $node->safe_psql('postgres', "UPDATE prefs SET v = -1 WHERE user_id = '$me'");
    $redis->cont;
    wait_until(sub { $session->query_safe(q(SELECT helix.cache_set('doc:back', '1', 60))) eq 't' }) or die 'it stays away';
    sleep 1; # all that was committed is delivered
    is($session->query_safe("SELECT helix.cache_set('recommendations:$me', '$old', 60)"), 'f',
        'cache_set does not store it any more');
    is($session->query_safe("SELECT helix.cache_get('recommendations:$me') IS NULL"), 't', 'so nobody reads it');
    $session->quit;
};

# Redis keeps the fill lock over the outage: nobody could take it back when the computing ended.
subtest 'a value that was computed in an outage' => sub {
    my $session = $node->background_psql('postgres');
    my $long = q(SELECT helix.cache_get_or_fetch('doc:long', 'SELECT to_jsonb(1) FROM pg_sleep(1)', 60););
    $session->query_until(qr/begun/, "\\echo begun\n$long\n");
    wait_until(sub { $redis->cli('KEYS', 'helix:fill:*doc:long') ne '' }) or die 'no fill lock';
    $redis->stop;
    sleep 1.5;
    $redis->cont;
    ok(is_in_use(), 'Redis is in use again');
    isnt($redis->cli('KEYS', 'helix:fill:*doc:long'), '', 'and has the fill lock still');
    $session->query_safe(q(SELECT helix.cache_get_or_fetch('doc:next', 'SELECT to_jsonb(1)', 60)));
    is($redis->cli('KEYS', 'helix:fill:*doc:long'), '', 'the session gives it back once it takes another');
    $session->quit;
};

# A Redis that is loaded from its disk has locks that were given back since.
subtest 'a fill lock that comes back with old data' => sub {
    my $session = $node->background_psql('postgres');
    my $long = q(SELECT helix.cache_get_or_fetch('doc:past', 'SELECT to_jsonb(1) FROM pg_sleep(1)', 60););
    $session->query_until(qr/begun/, "\\echo begun\n$long\n");
    wait_until(sub { $redis->cli('KEYS', 'helix:fill:*doc:past') ne '' }) or die 'no fill lock';
    my $saved = $redis->save;
    is($session->query_safe('SELECT 1'), "1\n1", 'the computing has ended');
    is($redis->cli('KEYS', 'helix:fill:*doc:past'), '', 'with its lock');
    $redis->restart($saved);
    ok(is_in_use(), 'Redis is in use again');
    isnt($redis->cli('KEYS', 'helix:fill:*doc:past'), '', 'and has the fill lock');
    my $began = time;
    is($node->safe_psql('postgres', q(SELECT helix.cache_get_or_fetch('doc:past', 'SELECT to_jsonb(2)', 60))), '2',
        'the next computes');
    cmp_ok(time - $began, '<', 5, 'and waits for nobody');
    $session->quit;
};

subtest 'another url by reload' => sub {
    my $other = start_redis();
    $_->cli('MSET', "recommendations:$you", 'old', "session:$you", 'old') for $redis, $other;
    my $since = -s $node->logfile;
    set_up('helix.redis_url', $other->url);
    ok(wait_until(sub { $other->cli('EXISTS', "recommendations:$you") eq '0' }), 'in the other Redis all that helix owns goes');
    is($other->cli('EXISTS', "session:$you") . $redis->cli('EXISTS', "recommendations:$you"), '11', 'and nothing else');
    ok(is_in_use(), 'the functions follow');
    is($other->cli('GET', 'doc:2'), '2', 'they use the other one');
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'the lease in the first one runs out');
    is(lines($since, 'helix reached Redis') . lines($since, 'has no Redis|pause'), '10', 'the log has one line');
    $since = -s $node->logfile;
    set_up('helix.redis_url', '');
    ok(wait_for_cache($node, 'off'), 'without a url the state is off');
    is_without_cache('off', 0.1);
    ok(wait_until(sub { stats('keys IS NULL, lease_ms_left') eq 't|0' }, 3), 'cache_stats knows nothing then');
    is(lines($since, 'LOG:.*helix(?!\.redis_url)|cache functions'), 0, 'the log is silent');
    $other->cli('SET', "recommendations:$you", 'old');
    set_up('helix.redis_url', $url);
    ok(wait_until(sub { $redis->cli('EXISTS', "recommendations:$you") eq '0' }),
        'back at the first all that helix owns goes there');
    is($other->cli('EXISTS', "recommendations:$you"), '1', 'the other one is left alone');
};

subtest 'two servers with one Redis database' => sub {
    my $since = -s $node->logfile;
    my $second = helix_node('second', conf => "helix.redis_url = '$url'\nhelix.cache_lease = '1s'\n");
    my $warnings = sub { return lines($since, 'WARNING:.*another server') . lines(0, 'WARNING:.*another server', $second) };
    ok(wait_until(sub { $warnings->() !~ /0/ }), 'both warn');
    sleep 2;
    is($warnings->(), '11', 'once');
    like(slurp_file($second->logfile), qr/another server.*\n.*HINT:.*database of its own/, 'with a hint');
    is(lines($since, 'has no Redis|reached|pause'), 0, 'and go on');
    $second->stop;
    ok(is_in_use(), 'alone again it works as before');
};

subtest 'a lease that says nothing of this cluster now' => sub {
    is_in_use();
    is($node->safe_psql('postgres', q(SELECT helix.cache_set('doc:lease', '1', 600))), 't', 'a value is stored');
    my ($owner, $until) = split / /, $redis->cli('GET', 'helix:lease');
    my $worker = stats('worker_pid');
    kill 'STOP', $worker;
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'the lease runs out');
    my $get = sub {
        $redis->cli('SET', 'helix:lease', "@_");
        return $node->safe_psql('postgres', q(SELECT helix.cache_get('doc:lease')));
    };
    my $later = $until + 600_000_000;
    is($get->($owner, $later), '1', 'one that goes on is trusted');
    is($get->($owner, $until), '', 'one that has run out is not, though Redis still has it');
    is($get->(scalar reverse($owner), $later), '', q(nor is another cluster's));
    $redis->cli('DEL', 'helix:lease');
    kill 'CONT', $worker;
    ok(is_in_use(), 'the cache is in use again');
};

subtest 'more commits than the ring holds while the worker stands still' => sub {
    is_in_use();
    $redis->cli('MSET', "recommendations:$you", 'old', 'cost_trends:x', 'old', "session:$you", 'old');
    my ($drops, $epoch, $worker) = (stats('drops'), $redis->cli('GET', 'helix:epoch'), stats('worker_pid'));
    kill 'STOP', $worker;
    my $start = time;
    $node->safe_psql('postgres', q(DO $$ BEGIN FOR i IN 1 .. 60 LOOP
        INSERT INTO prefs SELECT gen_random_uuid(), i FROM generate_series(1, 100); COMMIT; END LOOP; END $$));
    cmp_ok(time - $start, '<', 5, 'no commit waits for the worker');
    cmp_ok(stats('drops'), '>', $drops, 'the ring had no room for some');
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'the lease runs out');
    is($redis->cli('EXISTS', "recommendations:$you", 'cost_trends:x'), '2', 'nothing is removed meanwhile');
    kill 'CONT', $worker;
    ok(wait_until(sub { $redis->cli('EXISTS', "recommendations:$you", 'cost_trends:x') eq '0' }), 'then all that helix owns goes');
    isnt($redis->cli('GET', 'helix:epoch'), $epoch, 'there is a new epoch');
    is($redis->cli('EXISTS', "session:$you"), '1', 'and what is foreign stays');
    ok(is_in_use(), 'the cache is in use again');
    is(stats('worker_pid'), $worker, 'with the same worker');
    $node->safe_psql('postgres', "DELETE FROM prefs WHERE user_id NOT IN ('$me', '$you')");
};

subtest 'a standby, and the loss of its primary' => sub {
    is_in_use();
    my $pref = sub {
        my ($on, $user) = @_;
        my $query = "SELECT to_jsonb(v) FROM prefs WHERE user_id = '$user'";
        return $on->safe_psql('postgres', "SELECT helix.cache_get_or_fetch('recommendations:$user', \$\$$query\$\$, 600)");
    };
    my $get = sub { $_[0]->safe_psql('postgres', "SELECT helix.cache_get('recommendations:$me')") };
    my $fills = sub {
        my ($on, $value) = @_;
        return wait_until(sub { $pref->($on, $me) eq $value && $get->($on) eq $value });
    };
    $node->safe_psql('postgres', 'UPDATE prefs SET v = 30');
    sleep 0.5; # that is delivered
    ok($fills->($node, 30), 'the primary fills');
    my ($since, $epoch) = (-s $node->logfile, $redis->cli('GET', 'helix:epoch'));
    $node->backup('base');
    my $standby = PostgreSQL::Test::Cluster->new('standby');
    $standby->init_from_backup($node, 'base', has_streaming => 1);
    $standby->start;
    ok(wait_for_cache($standby, 'up'), 'a standby finds Redis');
    is($get->($standby), '30', 'cache_get hits');
    is($pref->($standby, $me), '30', 'cache_get_or_fetch too');
    $redis->cli('DEL', "recommendations:$you");
    is($pref->($standby, $you), '30', 'it computes what is not there');
    is($standby->safe_psql('postgres', "SELECT helix.cache_set('recommendations:$you', '1', 60)"), 'f', 'cache_set stores nothing');
    is($standby->safe_psql('postgres', "SELECT helix.cache_read('cost_trends:$you:30')"), '[]', 'cache_read computes');
    is($redis->cli('EXISTS', "recommendations:$you", "cost_trends:$you:30"), '0', 'nothing of that is stored');
    refused($standby, "SELECT helix.$_", '25006', 'standby.*HINT: .*primary', $_)
      for q(cache_delete('x')), q(cache_delete_pattern('x*')), "invalidate_user_cache('$me')", 'cache_flush_all()';
    is($redis->cli('GET', 'helix:epoch'), $epoch, q(all that time the primary's epoch has stayed));
    is(lines($since, 'another server'), 0, 'and it has seen no other server');
    $node->safe_psql('postgres', "UPDATE prefs SET v = 31 WHERE user_id = '$me'");
    ok(wait_until(sub { $get->($standby) eq '' }), q(a commit of the primary removes the standby's value too));
    $node->wait_for_catchup($standby);
    $pref->($node, $me);
    $node->stop;
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'without its primary it renews no lease');
    is($get->($standby), '', 'and trusts nothing');
    $epoch = $redis->cli('GET', 'helix:epoch');
    $standby->promote;
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') && $redis->cli('GET', 'helix:epoch') ne $epoch }),
        'promoted, it begins a new epoch');
    ok($fills->($standby, 31), 'and fills');
    $standby->safe_psql('postgres', "UPDATE prefs SET v = 32 WHERE user_id = '$me'");
    ok(wait_until(sub { $get->($standby) eq '' }), 'and removes what a commit makes stale');
};

done_testing();
