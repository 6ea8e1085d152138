# Proves what the cache functions promise: coherent fills, one filler at a time, nothing uncommitted stored or hidden, trust in
# nothing but what helix has written, and who may call what.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my ($me, $you) = map { user_id($_) } 1, 2;
my $redis = start_redis();
my $node = helix_node('node', conf => <<"CONF");
helix.redis_url = '${\$redis->url}'
helix.cache_repeat_delay = 0
helix.redis_command_timeout = '2s'
CONF
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE api_user; CREATE ROLE api_service; CREATE ROLE api_anon;
SELECT helix.grant_api_access('api_user', 'api_service', 'api_anon');
CREATE TABLE prefs (user_id uuid, v integer);
SELECT helix.invalidate_on_change('prefs', 'recommendations:{user_id}');
CREATE TABLE uncached (v integer);
CREATE UNLOGGED SEQUENCE runs;
CREATE FUNCTION write_it() RETURNS jsonb LANGUAGE sql AS 'INSERT INTO uncached VALUES (1) RETURNING to_jsonb(v)';
SQL
ok(wait_for_cache($node, 'up'), 'the worker reaches Redis');

# Two sessions that stay.
my ($one, $two) = map { $node->background_psql('postgres') } 1, 2;
sub one { return $one->query_safe($_[0]) }
sub two { return $two->query_safe($_[0]) }

sub wait_until {
    my ($what, $seconds) = @_;
    for (my $end = time + ($seconds // 10); time < $end; sleep 0.02) { return 1 if $what->() }
    return 0;
}

sub exists_in_redis { return $redis->cli('EXISTS', @_) }
sub ttl { return $redis->cli('TTL', $_[0]) }
sub gone { my @keys = @_; return wait_until(sub { exists_in_redis(@keys) eq '0' }) }
sub stats { return one("SELECT $_[0] FROM helix.cache_stats()") }

# In the first session: cache_get of a key ('' where it finds nothing) and cache_set.
sub get { return one("SELECT helix.cache_get('$_[0]')") }
sub set { return one("SELECT helix.cache_set('$_[0]', '$_[1]', " . ($_[2] // 60) . ')') }

# cache_get_or_fetch of a key with a query that gives a number.
sub fetch {
    my ($session, $key, $query, $ttl) = @_;
    $query = "SELECT to_jsonb($query)" if $query !~ /\D/;
    return $session->query_safe("SELECT helix.cache_get_or_fetch('$key', \$q\$$query\$q\$, " . ($ttl // 600) . ')');
}

# The value of the user's row, through the cache.
sub pref {
    my ($session, $user) = @_;
    return fetch($session, "recommendations:$user", "SELECT to_jsonb(v) FROM prefs WHERE user_id = '$user'");
}

# Values come from the cache again, within a few seconds.
sub works {
    my ($key, $value) = @_;
    return wait_until(sub { fetch($one, $key, $value); get($key) eq $value });
}

# How much the counters of cache_stats() grow while something is done.
sub growth {
    my ($columns, $action) = @_;
    my @before = split /\|/, stats($columns);
    $action->();
    my @after = split /\|/, stats($columns);
    return join '|', map { $after[$_] - $before[$_] } 0 .. $#after;
}

# The second session commits; returns when that has reached Redis.
sub after_delivery {
    my ($sql) = @_;
    my $sent = stats('invalidations');
    two($sql);
    wait_until(sub { stats('invalidations') > $sent }) or die 'nothing is delivered';
}

sub set_up {
    my ($name, $value) = @_;
    two("ALTER SYSTEM SET $name = '$value'");
    $node->reload;
    wait_until(sub { one("SELECT setting = '$value' FROM pg_settings WHERE name = '$name'") eq 't' }) or die "no reload of $name";
}

subtest 'cache_set stores and cache_get finds' => sub {
    my $value = '{"a": 1.10, "b": [1, "é\"", null]}';
    is(get('doc:1') . set('doc:1', '{"b":[1,"é\"",null],   "a":1.10}', 77), 't', 'a value is stored');
    is(two(q(SELECT helix.cache_get('doc:1'))), $value, 'another session reads it');
    is($redis->cli('GET', 'doc:1'), $value, 'a client of Redis reads the same');
    cmp_ok(abs(ttl($_) - 76), '<=', 1, "$_ stays as long as asked for") for 'doc:1', 'helix:tag:doc:1';
    set('doc:1', 'null');
    is(get('doc:1'), 'null', 'a JSON null is a value');
    my $large = '"' . 'x' x 1_000_000 . '"';
    is(one(q(SELECT helix.cache_set('doc:big', to_jsonb(repeat('x', 1000000)), 60))), 't', 'a large one is stored');
    ok(get('doc:big') eq $large, 'and found');
    is(one(q(SELECT helix.cache_set('doc:big', to_jsonb(repeat('x', 1100000)), 60))), 'f', 'one above 1 MiB is not stored');
    my $key = 'k' x 512;
    is(set($key, 1) . get($key), 't1', 'the longest key');
    is(set('doc:brief', 1, 1) . get('doc:brief'), 't1', 'a value for a second');
    ok(wait_until(sub { get('doc:brief') eq '' }, 3), 'goes by itself');
    my $calls = sub { get('doc:1') for 1 .. 2; get('doc:none'); set('doc:none', 1) };
    is(growth('hits, misses, fills', $calls), '2|1|1', 'all is counted');
};

subtest 'a value that helix has not written is not trusted' => sub {
    set('doc:2', 1);
    for my $blind ('2', 'no JSON', '') {
        $redis->cli('SET', 'doc:2', $blind);
        is(get('doc:2'), '', "cache_get does not see '$blind'");
        is(fetch($one, 'doc:2', 3), '3', 'cache_get_or_fetch asks the database');
        is($redis->cli('GET', 'doc:2'), '3', 'and stores that');
        is(get('doc:2'), '3', 'which is trusted');
    }
    my $key = "doc:3:$me";
    for my $lost ("helix:tag:$key", "helix:token:$key", "helix:token:user:$me", 'helix:epoch', 'helix:lease', $key) {
        $redis->cli('DEL', $key);
        ok(works($key, 4), "a value is there before $lost is evicted");
        is($redis->cli('DEL', $lost) . get($key), '1', 'a miss after it');
        $redis->cli('DEL', $key);
        ok(works($key, 5), 'then it works again');
    }
    my $lease = $redis->cli('GET', 'helix:lease') =~ s/^\d/1$&/r;
    my $foreign_lease = sub { $redis->cli('SET', 'helix:lease', $lease); return get($key) eq '' };
    ok(wait_until($foreign_lease, 2), q(another server's lease does not count)); # the worker writes its own again and again
    my $flush = sub { $redis->cli('FLUSHALL'); wait_until(sub { exists_in_redis('helix:epoch') eq '1' }) };
    is(growth('epochs', $flush), '1', 'FLUSHALL: a new epoch');
    ok(works($key, 7), 'and it works again');
};

subtest 'a fill is refused where the key was invalidated since the read' => sub {
    my $key = "cost_trends:$me:x30";
    my %by = (
        'its key' => "SELECT helix.cache_delete('$key')",
        'a pattern' => "SELECT helix.cache_delete_pattern('cost_trends:$me:*')",
        'a pattern without a user' => q(SELECT helix.cache_delete_pattern('cost_*')),
        'the user' => "SELECT helix.invalidate_user_cache('$me')",
        'everything' => 'SELECT helix.cache_flush_all()',
        'a recording' => record_call(user_id => $me));
    for my $name (sort keys %by) {
        $redis->cli('DEL', $key);
        get($key);
        after_delivery($by{$name});
        my $set;
        is(growth('fills, refused_fills', sub { $set = set($key, 1) }), '0|1', "by $name: it is counted");
        is($set . exists_in_redis($key), 'f0', 'cache_set says so, nothing is stored');
        is(get($key) . set($key, 2) . get($key), 't2', 'asked for again it is');
    }
    get("recommendations:$me");
    after_delivery("SELECT helix.cache_delete('recommendations:$you')");
    is(set("recommendations:$me", 1), 't', q(another user's invalidation does not matter));
    # Where cache_get could not take note of when the read began, cache_set must not take the value for a new one.
    my $get = "SELECT helix.cache_get('$key')";
    my %without = (
        'of a transaction that has written' => "BEGIN; INSERT INTO uncached VALUES (1); $get; COMMIT",
        'of a REPEATABLE READ transaction' => "BEGIN ISOLATION LEVEL REPEATABLE READ; $get; COMMIT",
        'and very many others' => "$get; SELECT count(helix.cache_get('other:' || i)) FROM generate_series(1, 300) i");
    for my $name (sort keys %without) {
        $redis->cli('DEL', $key);
        one($without{$name});
        after_delivery("SELECT helix.cache_delete('$key')");
        is(set($key, 1), 'f', "cache_get $name, then an invalidation: cache_set refuses");
    }

    after_delivery("INSERT INTO prefs VALUES ('$me', 1), ('$you', 1)");
    my $log = $node->basedir . '/slow';
    my $slow = start_command($log, 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c', "SELECT helix.cache_get_or_fetch(
        'recommendations:$me', \$\$SELECT to_jsonb(v) FROM prefs, pg_sleep(1) WHERE user_id = '$me'\$\$, 600)");
    wait_until(sub { one(q(SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep')) });
    two("UPDATE prefs SET v = 2 WHERE user_id = '$me'");
    $slow->finish;
    is(slurp_file($log), "1\n", 'cache_get_or_fetch: a slow query gives what was there when it began');
    is(exists_in_redis("recommendations:$me"), '0', 'that is not stored');
    is(pref($one, $me), '2', 'and the next read sees the new value');
    is(exists_in_redis("recommendations:$me"), '1', 'which is');
};

subtest 'cache_get_or_fetch' => sub {
    is(fetch($one, 'doc:f', 1), '1', 'computes a value');
    is(fetch($two, 'doc:f', 2), '1', 'once');
    set('doc:given', 1);
    is(fetch($two, 'doc:given', 2), '2', 'it does not take what was given to cache_set');
    is(get('doc:given'), '2', 'while cache_get takes what it has computed');
    cmp_ok(abs(ttl('doc:f') - 599), '<=', 1, 'it stays as long as asked for');
    is(fetch($one, 'doc:json', q(SELECT '{"a":  1}'::json)), '{"a": 1}', 'json will do');
    is(fetch($one, 'doc:n', $_), '', "null of $_") for 'SELECT null::jsonb', 'SELECT to_jsonb(1) WHERE false';
    is($redis->cli('GET', 'doc:n') . get('doc:n'), 'null', 'is stored, as a JSON null');
    one('ALTER SEQUENCE runs RESTART');
    for my $session ($one, $two) {
        $session->query_safe('SET client_min_messages = error');
        fetch($session, 'doc:null', q(SELECT CASE WHEN nextval('runs') < 0 THEN '1'::jsonb END));
        $session->query_safe('RESET client_min_messages');
    }
    is(one('SELECT last_value FROM runs'), '1', 'and so computed once');
    my $inner = q(SELECT helix.cache_get_or_fetch('doc:inner', 'SELECT to_jsonb(8)', 60));
    is(fetch($one, 'doc:outer', $inner), '8', 'one within the other');
    is($redis->cli('MGET', 'doc:outer', 'doc:inner'), "8\n8", 'both are stored');
    is(fetch($one, 'doc:w', 'SELECT public.write_it()'), '1', 'a query that writes gives its value');
    is(exists_in_redis('doc:w'), '0', 'which is not stored');
    my $fails = sub {
        my ($query, @expected) = @_;
        refused($node, "SET ROLE api_service; SELECT helix.cache_get_or_fetch('doc:e', '$query', 60)", @expected);
    };
    $fails->('SELECT 1', '42804', 'jsonb.*HINT', 'another type');
    $fails->('SELECT to_jsonb(1), 2', '42804', 'one column.*HINT', 'two columns');
    $fails->('SELECT to_jsonb(i) FROM generate_series(1, 3) i', '21000', 'one row.*HINT', 'two rows');
    $fails->($_, '22023', 'HINT: .*SELECT', "no query: $_") for 'DELETE FROM prefs', 'SELECT 1; SELECT 2', 'CREATE TABLE x ()';
    $fails->('SELECT to_jsonb(1 / 0)', '22012', 'zero', q(the query's own error));
    $fails->('SELECT to_jsonb(v) FROM public.prefs', '42501', 'prefs', 'it runs as the caller');
    is(exists_in_redis('doc:e'), '0', 'nothing of these is stored');
    is(fetch($one, 'doc:e', 9), '9', 'and none hinders the next');

    my $slow = q(SELECT helix.cache_get_or_fetch('doc:slow', 'SELECT to_jsonb(nextval(''runs'')) FROM pg_sleep(0.5)', 60););
    for my $case ([ 10_000, 1 ], [ 0, 20 ]) {
        set_up('helix.cache_fill_wait', $case->[0]);
        one('ALTER SEQUENCE runs RESTART');
        after_delivery(q(SELECT helix.cache_delete('doc:slow')));
        start_pgbench($node, "wait$case->[0]", [ '-c20', '-t1' ], fetch => "$slow\n")->finish;
        is(one('SELECT last_value FROM runs'), $case->[1], "helix.cache_fill_wait = $case->[0]: so many of twenty compute");
    }
    one('ALTER SYSTEM RESET helix.cache_fill_wait');
    $node->reload;
};

# How long it takes in s.
sub seconds {
    my $start = time;
    $_[0]->();
    return time - $start;
}

# A reader in a process of its own that computes for long; returns when it does.
sub start_slow {
    my ($key, $query) = @_;
    my $slow = start_command($node->basedir . '/slow', 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c',
        "SELECT helix.cache_get_or_fetch('$key', \$\$$query\$\$, 600)");
    wait_until(sub { one(q(SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep')) }) or die 'it does not sleep';
    return $slow;
}

subtest 'whoever computes a key holds up the others no longer than that' => sub {
    is(one('SHOW helix.cache_fill_wait'), '10s', 'a reader waits for as long');
    my $write = 'SELECT public.write_it()';
    my $big = q(SELECT to_jsonb(repeat('x', 1100000)));
    my %ends = (fails => 'SELECT to_jsonb(1 / 0)', writes => $write, 'is too large' => $big, 'is no jsonb' => 'SELECT 1');
    for my $end (sort keys %ends) {
        my $key = 'lock:' . $end =~ tr/ /_/r;
        $node->psql('postgres', "SELECT helix.cache_get_or_fetch('$key', \$\$$ends{$end}\$\$, 600)");
        my $wait = seconds(sub { is(fetch($one, $key, 1), '1', "what is computed $end: the next reader gets a value") });
        cmp_ok($wait, '<', 3, 'at once');
    }
    my $signal = sub { one("SELECT pg_$_[0]_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") };
    for my $end (qw(cancel terminate)) {
        my $slow = start_slow("lock:$end", 'SELECT to_jsonb(1) FROM pg_sleep(60)');
        my $other = start_command($node->basedir . '/other', 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c',
            "SELECT helix.cache_get_or_fetch('lock:$end', 'SELECT to_jsonb(2)', 600)");
        sleep 0.5;
        is(slurp_file($node->basedir . '/other'), '', "$end: a reader waits");
        my $wait = seconds(sub { $signal->($end); $other->finish });
        is(slurp_file($node->basedir . '/other'), "2\n", 'and computes the value');
        cmp_ok($wait, '<', 3, 'as soon as the other one is gone');
        $slow->finish;
        is(get("lock:$end"), '2', 'it is stored');
    }
    my $slow = start_slow('lock:stale', 'SELECT to_jsonb(1) FROM pg_sleep(1)');
    two(q(SELECT helix.cache_delete('lock:stale')));
    $slow->finish;
    cmp_ok(seconds(sub { fetch($one, 'lock:stale', 1) }), '<', 3, 'a refused value holds up nobody either');

    # Nobody waits in turn for a value that cannot be stored.
    my $large = q(SELECT length(helix.cache_get_or_fetch('lock:l', 'SELECT to_jsonb(repeat(''x'', 1100000)) FROM pg_sleep(1)',
        60)::text);) =~ s/\n\s+/ /r;
    my $all = seconds(sub { start_pgbench($node, 'large', [ '-c8', '-t1' ], fetch => "$large\n")->finish });
    cmp_ok($all, '<', 6, 'eight readers of a value that is too large compute it at the same time');

    # Two that read each other's key within their own.
    my $inner = q(SELECT helix.cache_get_or_fetch('lock:%s', 'SELECT to_jsonb(1)', 60) FROM pg_sleep(1));
    my $cross = seconds(sub {
        my $left = start_slow('lock:x', sprintf $inner, 'y');
        my $right = start_command($node->basedir . '/right', 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c',
            "SELECT helix.cache_get_or_fetch('lock:y', \$\$" . sprintf($inner, 'x') . '$$, 60)');
        $_->finish for $left, $right;
    });
    cmp_ok($cross, '<', 6, 'crossed reads do not wait for each other');
};

subtest 'a token travels with the client' => sub {
    my $taken = sub { my ($key) = @_; return one("SELECT token FROM helix.cache_get_with_token('$key') WHERE value IS NULL") };
    my $given = sub { my ($key, $token) = @_; return two("SELECT helix.cache_set('$key', '1', 60, '$token')") };
    for my $key ('t:1', "t:$me", "t:$me:$you:x") {
        my $token = $taken->($key);
        like($token, qr/^[0-9a-f-]{36}(\.[0-9a-f-]{36})+$/, "$key: a miss gives a token");
        is($given->($key, $token), 't', 'another session stores with it');
        is(one("SELECT value, token IS NULL FROM helix.cache_get_with_token('$key')"), '1|t', 'a hit gives the value alone');
        after_delivery("SELECT helix.cache_delete('$key')");
        is($given->($key, $token), 'f', 'after a commit it is worth nothing');
        is($given->($key, $taken->($key)), 't', 'a new one is');
    }
    my $token = one('BEGIN; INSERT INTO uncached VALUES (1)') . $taken->('t:written');
    one('COMMIT');
    is($given->('t:written', $token), 'f', 'one from a transaction that has written stores nothing');
    for my $wrong ('', 'x', $taken->("t:$you"), $taken->('t:a') . '.', $taken->('t:a') . '.x') {
        refused($node, "SELECT helix.cache_set('t:b', '1', 60, '$wrong')", '22023', 'no token of this key.*HINT',
            "no token: '$wrong'");
    }
    is($given->('t:b', $taken->('t:c')), 'f', 'nor does one of another key');

    # Without a token, behind a pool: the first miss of any session counts.
    for my $key ('t:pool', "t:pool:$me") {
        is(one("SELECT helix.cache_get('$key') IS NULL"), 't', "$key: a session misses it");
        after_delivery("SELECT helix.cache_delete('$key')");
        is(two("SELECT helix.cache_set('$key', '1', 60)"), 'f', 'after a commit another one stores nothing');
        is(two("SELECT helix.cache_set('$key', '2', 60)"), 't', 'a value that nobody has missed counts as read now');
    }
};

subtest 'what is not committed is neither stored nor hidden' => sub {
    after_delivery('UPDATE prefs SET v = 10');
    pref($two, $_) for $me, $you;
    one("BEGIN; UPDATE prefs SET v = 11 WHERE user_id = '$me'");
    is(get("recommendations:$me"), '', 'who has changed a row does not get the old value');
    is(pref($one, $me), '11', 'but his own');
    is(pref($two, $me), '10', 'while the others get the committed one');
    is(pref($one, $you), '10', 'other keys he gets from the cache');
    is(set('doc:u', 1), 'f', 'he stores nothing');
    is(fetch($one, 'doc:u', 1) . exists_in_redis('doc:u'), '10', 'not even what he did not change');
    one('ROLLBACK');
    is(get("recommendations:$me"), '10', 'after ROLLBACK he gets the old value again');
    for my $call ("cache_delete('recommendations:$me')", q(cache_delete_pattern('rec*')), "invalidate_user_cache('$me')",
        'cache_flush_all()') {
        one("BEGIN; SELECT helix.$call");
        is(get("recommendations:$me"), '', "$call hides the value from its own transaction");
        is(two("SELECT helix.cache_get('recommendations:$me')"), '10', 'from nobody else before it commits');
        one('ROLLBACK');
        is(get("recommendations:$me"), '10', 'and from nobody where it does not');
    }
    my $read = "SELECT helix.cache_read('cost_trends:$me:7')";
    my $sql = "SELECT jsonb_agg(t) FROM helix.get_cost_trends('$me', 7) t";
    one($read);
    one('BEGIN; ' . record_call(user_id => $me, cost_usd => '5.5'));
    is(one($read), one($sql), 'cache_read sees its own recording');
    is(two($read), two($sql), 'nobody else does');
    one('ROLLBACK');

    for my $level ('REPEATABLE READ', 'SERIALIZABLE') {
        after_delivery('UPDATE prefs SET v = 20');
        one("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM prefs");
        after_delivery('UPDATE prefs SET v = 21');
        is(pref($two, $me), '21', "$level: a newer value is in the cache");
        is(pref($one, $_), '20', 'the old snapshot reads past it') for $me, $you;
        is(set("recommendations:$you", 20), 'f', 'its own value cannot be stored');
        is(exists_in_redis("recommendations:$you") . $redis->cli('GET', "recommendations:$me"), '021', 'nor has it been');
        one('COMMIT');
    }
};

subtest 'what the functions that remove take' => sub {
    my $take = sub {
        my ($call, $gone, $left) = @_;
        $redis->cli('MSET', map { ($_, 'old') } @$gone, @$left);
        after_delivery("SELECT helix.$call");
        ok(gone(@$gone), "$call: all that it names");
        is(exists_in_redis(@$left), scalar @$left, 'nothing else');
    };
    fetch($one, $_, 1) for 'helix_filled', "helix_filled:$me";
    $take->("invalidate_user_cache('$me')", [ "op_prefs:$me", "op_pref:$me:b", "theme_prefs:b:c:$me", 'op_prefs:' . uc $me,
            "helix_filled:$me" ],
        [ "op_prefs:$you", "op_prefs:x$me", "op_prefs:$me-x:b", "rate_limit:$me", $me ]);
    $redis->cli('-n', 1, 'SET', 'recommendations:1', 'other database');
    $take->('cache_flush_all()', [ "op_prefs:$me", "recommendations:$me", 'all_op_metrics:', 'helix_filled' ],
        [ 'recommendationsx', 'session:1', "x:recommendations:$me", 'helix', 'helix:mine' ]);
    is($redis->cli('-n', 1, 'GET', 'recommendations:1'), 'other database', 'nor in another database of Redis');
    $take->(q(cache_delete('g:*')), ['g:*'], [ 'g:1', 'g:' ]);
    $take->(q(cache_delete_pattern('g:?[a-c]\*x*')), [ 'g:1a*x', 'g:2c*xyz' ],
        [ 'g:1d*x', 'g:1ax', 'g:a*x', 'G:1a*x', 'xg:1a*x' ]);
    my $three = "SELECT helix.cache_delete('x:1'), helix.cache_delete_pattern('x:$me:*'), helix.invalidate_user_cache('$me')";
    is(growth('invalidations', sub { after_delivery($three) }), '3', 'the three of a commit are counted');
};

subtest 'what is refused (sql/cache.sql has the rest)' => sub {
    my %bad = (q('') => [ '22023', '1 to 512 bytes' ], q(repeat('k', 513)) => [ '22023', '1 to 512 bytes' ],
        q('helix:epoch') => [ '22023', q(helix's own) ], NULL => [ '22004', 'must not be null' ]);
    for my $key (sort keys %bad) {
        my ($state, $text) = @{ $bad{$key} };
        refused($node, "SELECT helix.$_", $state, "$text.*HINT", $_) for "cache_get($key)", "cache_set($key, '1', 60)",
          "cache_get_or_fetch($key, 'SELECT to_jsonb(1)', 60)", "cache_read($key)", "cache_delete($key)",
          "cache_delete_pattern($key)";
    }
};

subtest 'cache_read' => sub {
    one(record_call(user_id => $_, cost_usd => '1.5', operation_id => 'task-breakdown', date => '2026-03-01')) for $me, $you;
    one(record_call(user_id => $_, cost_usd => '0.25')) for $me, $you;
    my $year = '1767225600000:1798761600000'; # 2026
    my $dates = q('2026-01-01', '2027-01-01');
    my %reads = (
        "cost_trends:$me:30" => "SELECT jsonb_agg(t) FROM helix.get_cost_trends('$me', 30) t",
        "op_metrics:$me:task-breakdown:$year" =>
          "SELECT to_jsonb(m) FROM helix.get_operation_metrics('$me', 'task-breakdown', $dates) m",
        "all_op_metrics:$me:$year" => "SELECT jsonb_agg(m) FROM helix.get_all_operation_metrics('$me', $dates) m",
        "dashboard:$me:7:Asia/Tokyo" => "SELECT helix.get_dashboard('$me', 7, 'Asia/Tokyo') - 'as_of'");
    two(q(SET timezone = 'Asia/Tokyo'; SET extra_float_digits = 0));
    one(q(SET timezone = 'UTC'));
    for my $key (sort keys %reads) {
        my $value = one($reads{$key});
        like($value, qr/"(?:total_)?cost_usd": "?\d/, "$key: there is a value");
        $redis->cli('DEL', $key);
        is(two("SELECT helix.cache_read('$key')"), $value, 'computed as by SQL, whatever the session has set');
        is($redis->cli('GET', $key), $value, 'and stored');
        cmp_ok(abs(ttl($key) - 299), '<=', 1, 'for helix.cache_analytics_ttl');
        is(growth('hits, misses', sub { one("SELECT helix.cache_read('$key')") }), '1|0', 'then it comes from the cache');
        after_delivery(record_call(user_id => $me, cost_usd => '0.25', operation_id => 'task-breakdown'));
        is(exists_in_redis($key), '0', 'a recording removes it');
        is(one("SELECT helix.cache_read('$key')"), one($reads{$key}), 'the next read has the new value');
    }
    my $active = "SELECT helix.cache_read('recommendations:$me:5')";
    is(one($active), '[]', 'no recommendation');
    after_delivery("INSERT INTO helix.optimization_recommendations (user_id, kind, subject, title, description, recommendation_type,
            priority, suggested_action, estimated_implementation_effort, extent)
        VALUES ('$me', 'retries', '', 'a title', 'why', 'performance', 5, '{}', 'easy', 1)");
    like(one($active), qr/"title": "a title"/, 'a new one removes the key');
    cmp_ok(abs(ttl("recommendations:$me:5") - 3599), '<=', 1, 'and stays for helix.cache_recommendations_ttl');
    after_delivery("SELECT helix.dismiss_recommendation(id) FROM helix.optimization_recommendations");
    is(one($active), '[]', 'so does one that is dismissed');
    is(one("SELECT helix.cache_read('op_metrics:$me:calendar-prep:$year') IS NULL"), 't', 'null for an operation that never ran');
    is(one("SELECT helix.cache_read('cost_trends:${\user_id(55)}:7')"), '[]', 'an empty array for a user who has nothing');
    my %ttl = (preferences => 901, theme => 902, analytics => 903, recommendations => 904);
    for my $name (sort keys %ttl) {
        set_up("helix.cache_${name}_ttl", $ttl{$name});
        one("INSERT INTO helix_internal.known_reads (family, parameters, form, query, ttl_setting)
            VALUES ('own_$name', 1, '.', 'SELECT to_jsonb(\$1)', 'helix.cache_${name}_ttl')");
        is(one("SELECT helix.cache_read('own_$name:$me')"), qq("$me"), "a family of the DBA's");
        cmp_ok(abs(ttl("own_$name:$me") - $ttl{$name} + 1), '<=', 1, "stays for helix.cache_${name}_ttl");
    }
};

subtest 'who may call what' => sub {
    my $year = '1767225600000:1798761600000';
    my $as = sub {
        my ($user, $key) = @_;
        return "SET ROLE api_user; SET request.jwt.claims = '{\"sub\": \"$user\"}'; SELECT helix.cache_read('$key')";
    };
    for my $key ("cost_trends:$me:30", "op_metrics:$me:task-breakdown:$year", "all_op_metrics:$me:$year",
        "dashboard:$me:7:UTC", "recommendations:$me:5") {
        one("SELECT helix.cache_read('$key')");
        is($node->safe_psql('postgres', $as->($me, $key)), $redis->cli('GET', $key), "a signed-in user reads $key");
        refused($node, $as->($you, $key), '42501', '', 'another user does not');
    }
    refused($node, $as->($you, "op_metrics:$_:$you:$year"), '(42501|22023|22P02)', '', "nor as $_")
      for "{$me}", uc $me, $me =~ s/-//gr;
    my $read = "SELECT helix.cache_read('cost_trends:$me:30')";
    refused($node, "SET ROLE api_user; $read", '42501', '', 'nor does who is not signed in');
    refused($node, "SET ROLE api_anon; SET helix.user_id = '$me'; $read", '42501', 'permission denied', 'nor the anonymous role');
    like($node->safe_psql('postgres', "SET ROLE api_service; $read"), qr/$me/, 'the service role reads for all');
    is($node->safe_psql('postgres', $as->($me, "all_op_metrics:$me:0:1")), '[]', 'a signed-in user may be the first to ask');
    is(exists_in_redis("all_op_metrics:$me:0:1"), '1', 'what he has read is stored');

    my %may = map { split /\|/ } split /\n/, one(<<'SQL');
SELECT p.proname || '|' || string_agg(has_function_privilege(r, p.oid, 'EXECUTE')::int::text, '' ORDER BY n)
  FROM pg_proc p, unnest(ARRAY['api_user', 'api_service', 'api_anon']) WITH ORDINALITY roles(r, n)
 WHERE p.proname ~ '^(cache|invalidate)_' AND p.pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace)
 GROUP BY p.proname
SQL
    my @service = qw(cache_get cache_get_with_token cache_set cache_get_or_fetch cache_delete cache_delete_pattern
      invalidate_user_cache cache_flush_all
      cache_stats cache_audit);
    my @nobody = qw(invalidate_on_change invalidate_cache);
    is_deeply(\%may, { cache_read => '110', map({ ($_ => '010') } @service), map({ ($_ => '000') } @nobody) },
        'the authenticated role reads, the service role may do all but register tables, the anonymous role nothing');
};

subtest 'cache_audit and cache_stats' => sub {
    set_up('helix.cache_repeat_delay', 200);
    $redis->cli('FLUSHALL');
    my @keys = ("cost_trends:$me:30", "cost_trends:$you:30", "all_op_metrics:$me:0:1");
    my $audit = 'SELECT key, cached, current FROM helix.cache_audit(1000)';
    ok(wait_until(sub { one("SELECT helix.cache_read('$_')") for @keys; exists_in_redis(@keys) eq '3' }), 'there are values');
    is(one($audit), '', 'nothing is wrong');
    my $value = $redis->cli('GET', $keys[0]);
    $redis->cli('SET', $keys[0], '[ ' . substr($value, 1));
    is(one($audit), '', 'nor where a client has set the same in other words');
    $redis->cli('SET', $keys[0], '[{"wrong": 1}]');
    is(one($audit), qq($keys[0]|[{"wrong": 1}]|$value), 'a wrong value is shown');
    two(record_call(user_id => $me, cost_usd => '0.5'));
    is(one($audit), '', 'one that is on its way out is not');
    $redis->cli('SET', $keys[1], '[]');
    for my $odd ("cost_trends:$me:last-week", 'cost_trends:somebody:7', "all_op_metrics:$me:x:y", "op_metrics:$me:a:1:2:3") {
        $redis->cli('SET', $odd, '[1]');
        my ($status, $out) = $node->psql('postgres', $audit);
        like($out, qr/^\Q$keys[1]\E\|/m, "a key that cannot be computed does not stop it: $odd");
        $redis->cli('DEL', $odd);
    }
    set_up('helix.cache_repeat_delay', 0);

    my ($keys, @columns) = split /\|/, stats(q(keys, state, now() - connected_since BETWEEN '0 s' AND '10 min', last_error IS NULL,
        memory_bytes > 100000, drops, lag_ms, lease_ms_left BETWEEN 1 AND 2000));
    is("@columns", 'up t t t 0 0 t', 'cache_stats: all is well');
    is($keys, $redis->cli('DBSIZE') =~ s/\D//gr, 'keys are those of the database');
    like(`ps -o args= -p ${\stats('worker_pid')}`, qr/helix cache invalidator/, 'worker_pid is the worker');
};

$_->quit for $one, $two;
done_testing();
