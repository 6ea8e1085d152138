# Proves what a commit removes from Redis: exactly the keys that a table's templates or a recorded execution name, by whatever
# way the row changed; nothing by what was rolled back; and that no way to die between a commit and its report leaves one behind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my ($me, $you, $fence) = map { user_id($_) } 1, 2, 999;
my $redis = start_redis();
my $node = helix_node('node', init => { allows_streaming => 'logical' }, conf => <<"CONF");
helix.redis_url = '${\$redis->url}'
helix.cache_repeat_delay = 0
helix.redis_command_timeout = '2s'
helix.cache_keys = '${\join ', ', map {"$_:*"} qw(op_prefs op_pref theme_prefs cost_trends op_metrics all_op_metrics dashboard
        recommendations doc)}'
CONF

# Keys of two users, where U stands for one.
sub of_both { my @keys = @_; return map { my $user = $_; map { s/U/$user/gr } @keys } $me, $you }

# Keys that helix owns, of two users, and keys that only look like them.
my @owned = (
    of_both(qw(op_prefs:U op_pref:U op_pref:U:email-compose op_pref:U:email-compose:x op_pref:U:email-respond
        op_pref:U0:email-compose theme_prefs:U cost_trends:U cost_trends:U:7 cost_trends:U:30 cost_trends:U0:30
        op_metrics:U:email-compose:1:2 op_metrics:U:email-compose-x:1:2 op_metrics:U:email-respond:1:2 all_op_metrics:U:1:2
        dashboard:U:7:Asia/Tokyo dashboard:U0:7:Asia/Tokyo
        recommendations:U)),
    'doc:a*b:1', 'doc:axb:1', 'doc:a*b', 'doc:[x]:1', 'doc:x:1');
my @foreign = of_both(qw(session:U op_prefs2:U my:op_prefs:U cost_trendsU:30 U:cost_trends:U:30 rate:U:op_pref:U:email-compose));

sub plant { $redis->cli('MSET', map { ($_, 'old') } @owned, @foreign) }

sub present { return map { $_ => 1 } grep { !/^helix:/ } split /\n/, $redis->cli('KEYS', '*') }

sub wait_until {
    my ($what, $seconds) = @_;
    for (my $end = time + ($seconds // 10); time < $end; sleep 0.02) { return 1 if $what->() }
    return 0;
}

sub gone { my @keys = @_; return wait_until(sub { $redis->cli('EXISTS', @keys) eq '0' }) }

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub stats { return sql("SELECT $_[0] FROM helix.cache_stats()") }

# When this returns, whatever was committed before has left Redis: the worker keeps the order.
my $fencer; # a session, where none is killed
sub pass_fence {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %left;
    my $sql = "SELECT helix.cache_delete_pattern('op_metrics:$fence:*')";
    $redis->cli('SET', "op_metrics:$fence:1", 'old');
    $fencer ? $fencer->query_safe($sql) : sql($sql);
    wait_until(sub { %left = present(); return !$left{"op_metrics:$fence:1"} }, 60) or die 'the worker has not come by';
    return %left;
}

# SQL (or a sub) removes exactly these of the planted keys.
sub removes {
    my ($name, $action, @expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    plant();
    ref $action ? $action->() : $node->psql('postgres', $action, on_error_stop => 0);
    my %left = pass_fence();
    is(join("\n", sort grep { !$left{$_} } @owned, @foreign), join("\n", sort @expected), $name);
}

sub set_up {
    my ($name, $value) = @_;
    sql("ALTER SYSTEM SET $name = '$value'");
    $node->reload;
    wait_until(sub { sql("SELECT setting FROM pg_settings WHERE name = '$name'") eq $value }) or die "no reload of $name";
}

# A psql that the server turns away may break the pipe to it.
sub wait_for_server {
    wait_until(sub { eval { sql('SELECT NOT pg_is_in_recovery()') eq 't' } }, 60) or die 'the server does not come back';
}

# The keys that a row of prefs, all of them and an execution make stale.
sub row { my ($user, $operation) = @_; return ("op_prefs:$user", "op_pref:$user:$operation") }
my @all_rows = grep { /^op_prefs:|^op_pref:.*:/ } @owned;
sub sums {
    my ($user, $operation) = @_;
    return ("dashboard:$user:7:Asia/Tokyo",
        "cost_trends:$user:7", "cost_trends:$user:30", "op_metrics:$user:$operation:1:2", "all_op_metrics:$user:1:2");
}

my $tables = <<'SQL';
CREATE TABLE users (id uuid PRIMARY KEY);
CREATE TABLE prefs (user_id uuid REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE, operation_id text, v integer,
    UNIQUE (user_id, operation_id));
SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id}', 'op_pref:{user_id}:{operation_id}');
CREATE TABLE trends (user_id uuid, v integer);
SELECT helix.invalidate_on_change('trends', 'cost_trends:{user_id}:*');
CREATE TABLE docs (name text);
SELECT helix.invalidate_on_change('docs', 'doc:{name}:*');
SQL
sql($tables . "INSERT INTO users VALUES ('$me'), ('$you')");
ok(wait_for_cache($node, 'up'), 'the worker reaches Redis');
$fencer = $node->background_psql('postgres');
pass_fence(); # the epoch of the start has swept

subtest 'a changed row removes the keys of its templates' => sub {
    removes('INSERT', "INSERT INTO prefs VALUES ('$me', 'email-compose', 1)", row($me, 'email-compose'));
    removes('UPDATE', 'UPDATE prefs SET v = 2', row($me, 'email-compose'));
    removes('UPDATE of the key: old and new', "UPDATE prefs SET user_id = '$you', operation_id = 'email-respond'",
        row($me, 'email-compose'), row($you, 'email-respond'));
    my $insert = "INSERT INTO prefs VALUES ('$you', 'email-respond', 1) ON CONFLICT";
    removes('ON CONFLICT DO UPDATE', "$insert (user_id, operation_id) DO UPDATE SET v = 3", row($you, 'email-respond'));
    removes('ON CONFLICT DO NOTHING: nothing', "$insert DO NOTHING");
    removes('MERGE', "MERGE INTO prefs p USING (VALUES ('$you'::uuid), ('$me')) n(id) ON p.user_id = n.id
        WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (n.id, 'email-compose', 1)",
        row($you, 'email-respond'), row($me, 'email-compose'));
    removes('DELETE', 'DELETE FROM prefs', row($me, 'email-compose'));
    removes('DELETE of no row: nothing', 'DELETE FROM prefs');
    removes('COPY', "COPY prefs FROM stdin (FORMAT csv);\n$me,email-respond,1\n$you,email-compose,1\n\\.\n",
        row($me, 'email-respond'), row($you, 'email-compose'));
    removes('a null in the key: the template without it alone', "INSERT INTO prefs VALUES ('$me', NULL, 1)", "op_prefs:$me");
    removes('TRUNCATE: every key that the templates can name', 'TRUNCATE prefs', @all_rows);
    my @trends = ("cost_trends:$me:7", "cost_trends:$me:30");
    removes('a pattern: the keys of that user alone', "INSERT INTO trends VALUES ('$me', 1)", @trends);
    removes('a pattern with TRUNCATE', 'TRUNCATE trends', grep { /^cost_trends:.*:/ } @owned);
    removes('a value with a star in it is no pattern', q(INSERT INTO docs VALUES ('a*b')), 'doc:a*b:1');
    removes('nor one with brackets', q(INSERT INTO docs VALUES ('[x]')), 'doc:[x]:1');
    sql('ALTER TABLE docs RENAME name TO title');
    removes('a renamed column: every key that the template can name', q(INSERT INTO docs VALUES ('y')), grep { /^doc:.*:/ } @owned);
    sql('ALTER TABLE docs RENAME title TO name');
};

subtest 'rows that change by other rows or in other ways do so too' => sub {
    sql("INSERT INTO prefs VALUES ('$me', 'email-compose', 1), ('$you', 'email-respond', 1)");
    pass_fence();
    removes('ON DELETE CASCADE', "DELETE FROM users WHERE id = '$you'", row($you, 'email-respond'));
    removes('ON UPDATE CASCADE', "UPDATE users SET id = '$you'", row($me, 'email-compose'), row($you, 'email-compose'));
    sql("INSERT INTO users VALUES ('$me')");
    removes('TRUNCATE CASCADE', 'TRUNCATE users CASCADE', @all_rows);
    sql(<<"SQL");
INSERT INTO users VALUES ('$me'), ('$you');
CREATE TABLE late (v integer);
CREATE FUNCTION change_late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
    INSERT INTO prefs VALUES (''$me'', ''email-compose'', 1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_late();
SQL
    removes('a deferred trigger, during COMMIT', 'BEGIN; INSERT INTO late VALUES (1); COMMIT', row($me, 'email-compose'));
    my $replica = 'SET session_replication_role = replica';
    removes('session_replication_role = replica', "$replica; UPDATE prefs SET v = 2", row($me, 'email-compose'));
    removes('TRUNCATE with session_replication_role = replica', "$replica; TRUNCATE prefs", @all_rows);
};

subtest 'a partitioned table' => sub {
    sql('CREATE TABLE parts (user_id uuid, part integer) PARTITION BY LIST (part)');
    sql("CREATE TABLE parts$_ PARTITION OF parts FOR VALUES IN ($_)") for 1, 2;
    my $register = "SELECT helix.invalidate_on_change('parts', 'theme_prefs:{user_id}')";
    refused($node, $register, '0A000', 'HINT:.*partition', 'is not registered itself');
    sql($register =~ s/parts/parts$_/r) for 1, 2;
    removes('INSERT by the parent', "INSERT INTO parts VALUES ('$me', 1)", "theme_prefs:$me");
    removes('a row moves to another partition', 'UPDATE parts SET part = 2', "theme_prefs:$me");
    removes('TRUNCATE of one partition', 'TRUNCATE parts1', "theme_prefs:$me", "theme_prefs:$you");
    removes('TRUNCATE of the parent', 'TRUNCATE parts', "theme_prefs:$me", "theme_prefs:$you");
};

subtest 'a recorded execution removes the sums that it changes' => sub {
    my $two = qq('[{"user_id": "$me", "operation_id": "email-compose", "success": true, "cost_usd": 1, "model_used": "openai"},
        {"user_id": "$you", "operation_id": "email-compose", "success": true, "cost_usd": 1, "model_used": "openai"}]');
    my @both = map { sums($_, 'email-compose') } $me, $you;
    removes('one execution', record_call(user_id => $me), sums($me, 'email-compose'));
    removes('a jsonb array', "SELECT helix.record_operation_executions($two)", @both);
    removes('arrays', "SELECT helix.record_operation_executions(p_user_id => ARRAY['$me', '$you']::uuid[],
        p_operation_id => ARRAY['email-respond', 'email-compose'], p_date => NULL, p_success => ARRAY[true, true],
        p_latency_ms => NULL, p_cost_usd => ARRAY[1, 1]::numeric[], p_model_used => ARRAY['openai', 'openai'])",
        sums($me, 'email-respond'), sums($you, 'email-compose'));
    removes('COPY', "COPY helix.executions (user_id, operation_id, success, cost_usd, model_used) FROM stdin (FORMAT csv);\n"
          . "$you,email-compose,true,1,openai\n$you,email-respond,true,1,openai\n\\.\n",
        sums($you, 'email-compose'), "op_metrics:$you:email-respond:1:2");
    my $final = "SELECT helix.finalize_execution(min(id), p_cost_usd => 2) FROM helix.executions WHERE user_id = '$me'";
    removes('a final cost', $final, sums($me, 'email-compose'));
    removes('the same again: nothing', $final);
    removes('a credit', "SELECT helix.adjust_cost('$you', 'email-compose', -1, 'credit')", sums($you, 'email-compose'));
    removes('folding: nothing', 'SELECT helix.fold()');
    sql(q(INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2020-01-01', 1, 1, 1)));
    sql(record_call(cost_usd => undef, model_used => 'rocket', input_tokens => 1000, output_tokens => 0));
    pass_fence();
    my $reprice = q(SELECT helix.reprice(now() - interval '1 day', now() + interval '1 day'));
    removes('repricing that changes nothing: nothing', $reprice);
    removes('repricing: all that helix owns', "UPDATE helix.model_prices SET input_usd_per_mtok = 2
        WHERE model = 'rocket'; $reprice", @owned);
};

subtest 'only what is committed is removed' => sub {
    my $change = "INSERT INTO prefs VALUES ('$me', 'email-compose', 1)
        ON CONFLICT (user_id, operation_id) DO UPDATE SET v = prefs.v + 1";
    removes('ROLLBACK', "BEGIN; $change; " . record_call() . "; SELECT helix.cache_delete('op_prefs:$me'); ROLLBACK");
    removes('an error after it', "BEGIN; $change; SELECT 1 / 0; COMMIT");
    removes('a failure at the last row', "INSERT INTO prefs SELECT '$me', i::text, 1 / (3 - i) FROM generate_series(1, 3) i");
    removes('a constraint that fails during COMMIT', "BEGIN; SET CONSTRAINTS ALL DEFERRED; $change;
        INSERT INTO prefs VALUES ('" . user_id(77) . "', 'email-compose', 1); COMMIT");
    removes('a session that ends in its transaction', "BEGIN; $change");
    removes('a committed savepoint', "BEGIN; SAVEPOINT a; $change; RELEASE a; SAVEPOINT b; ROLLBACK TO b; COMMIT",
        row($me, 'email-compose'));
    removes('a commit after a ROLLBACK', "BEGIN; DELETE FROM prefs; ROLLBACK; $change", row($me, 'email-compose'));
    plant();
    sql("BEGIN; $change; SAVEPOINT a; INSERT INTO trends VALUES ('$you', 1); ROLLBACK TO a; COMMIT");
    ok(gone(row($me, 'email-compose')), 'what was before a savepoint that was rolled back');
    removes('cache_delete, cache_delete_pattern, invalidate_user_cache in one transaction',
        "BEGIN; SELECT helix.cache_delete('doc:x:1'), helix.cache_delete_pattern('op_pref:$me:email-r*'),
            helix.invalidate_user_cache('$you'); COMMIT",
        'doc:x:1', "op_pref:$me:email-respond", grep { /(^|:)$you(:|$)/ } @owned);
};

subtest 'PREPARE TRANSACTION' => sub {
    my $change = "INSERT INTO prefs VALUES ('$you', 'email-compose', 1)";
    my ($prepare, $finish) = ("PREPARE TRANSACTION 'p'", "COMMIT PREPARED 'p'");
    refused($node, "BEGIN; $change; $prepare", '0A000', 'PREPARE.*HINT:.*helix.redis_url', 'refused where a cached row changed');
    refused($node, 'BEGIN; ' . record_call() . "; $prepare", '0A000', 'HINT', 'and where an execution was recorded');
    removes('it has rolled all of it back', "BEGIN; $change; $prepare");
    removes('allowed for any other: nothing', "BEGIN; CREATE TABLE other (); $prepare; $finish");
    is(sql('SELECT count(*) FROM other'), '0', 'it has been committed');
    set_up('helix.redis_url', '');
    ok(wait_for_cache($node, 'off'), 'the cache is switched off');
    is(sql("BEGIN; $change; $prepare; $finish; SELECT v FROM prefs WHERE user_id = '$you'"), '1', 'then it is allowed');
    sql("BEGIN; UPDATE prefs SET v = 2; $prepare");
    plant();
    set_up('helix.redis_url', $redis->url);
    ok(gone(@owned), 'and everything goes when the cache is switched on again');
    is($redis->cli('EXISTS', @foreign), scalar @foreign, 'but what is foreign');
    wait_for_cache($node, 'up');
    removes('what was prepared without a cache removes everything when it commits', $finish, @owned);
};

subtest 'a transaction that is open while the cache is switched on' => sub {
    set_up('helix.redis_url', '');
    ok(wait_for_cache($node, 'off'), 'the cache is switched off');
    my $open = $node->background_psql('postgres');
    $open->query_safe("BEGIN; INSERT INTO trends VALUES ('$me', 1)");
    set_up('helix.redis_url', $redis->url);
    ok(wait_for_cache($node, 'up'), 'and on again');
    pass_fence(); # everything has gone for that
    removes('its commit removes everything', sub { $open->query_safe('COMMIT') }, @owned);
    $open->quit;
};

subtest 'transactions that change very much' => sub {
    my $drops = stats('drops');
    removes('50,000 users: everything, and nothing foreign', q(INSERT INTO trends
        SELECT ('bbbbbbbb-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, i FROM generate_series(1, 50000) i), @owned);
    is(stats('drops'), $drops, 'without a drop');
    plant();
    sql("INSERT INTO prefs SELECT '$me', 'operation' || i, i FROM generate_series(1, 5000) i; DELETE FROM prefs");
    my %left = pass_fence();
    is(scalar(grep { $left{$_} } row($me, 'email-compose')), 0, q(5,000 keys of one user: the user's keys));
    is(join("\n", grep { !$left{$_} } @foreign), '', 'and nothing foreign, of that user neither');
};

subtest 'changes that logical replication applies' => sub {
    sql('CREATE DATABASE copy');
    $node->safe_psql('copy', "CREATE EXTENSION helix; $tables");
    $node->safe_psql($_, 'CREATE TABLE pub_prefs (LIKE prefs INCLUDING ALL); ALTER TABLE pub_prefs REPLICA IDENTITY FULL')
      for 'postgres', 'copy';
    my $templates = q('op_prefs:{user_id}', 'op_pref:{user_id}:{operation_id}');
    $node->safe_psql('copy', "SELECT helix.invalidate_on_change('pub_prefs', $templates)");
    my $conninfo = sprintf 'host=%s port=%d dbname=postgres', $node->host, $node->port;
    sql(q(CREATE PUBLICATION p FOR TABLE pub_prefs; SELECT pg_create_logical_replication_slot('s', 'pgoutput')));
    $node->safe_psql('copy', "CREATE SUBSCRIPTION s CONNECTION '$conninfo' PUBLICATION p
        WITH (create_slot = false, copy_data = false)");
    my $apply = sub {
        my ($name, $sql, @expected) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        removes($name, sub { sql($sql); gone(@expected) or diag 'nothing is applied' }, @expected);
    };
    $apply->('INSERT', "INSERT INTO pub_prefs VALUES ('$me', 'email-compose', 1)", row($me, 'email-compose'));
    $apply->('UPDATE', "UPDATE pub_prefs SET user_id = '$you'", row($me, 'email-compose'), row($you, 'email-compose'));
    $apply->('DELETE', 'DELETE FROM pub_prefs', row($you, 'email-compose'));
    $apply->('TRUNCATE', 'TRUNCATE pub_prefs', @all_rows);
    $node->safe_psql('copy', 'DROP SUBSCRIPTION s');
};

subtest 'the second removal and the message to local caches' => sub {
    my $heard = $node->basedir . '/heard';
    my $listener = start_command($heard, 'redis-cli', '-s', $redis->socket, 'SUBSCRIBE', 'helix:invalidations');
    wait_until(sub { -e $heard && slurp_file($heard) =~ /^subscribe/m }) or die 'redis-cli does not subscribe';
    my $message = sub {
        my ($sql, $count) = @_;
        truncate $heard, 0; # redis-cli goes on behind a hole
        sql($sql);
        my @texts;
        wait_until(sub { @texts = slurp_file($heard) =~ /^\0*(\{.*\})$/mg; return @texts >= ($count // 1) });
        my @messages = map { JSON::PP->new->utf8->decode($_) } @texts;
        for my $one (@messages) { $_ = ref eq 'ARRAY' ? [ sort @$_ ] : $_ for values %$one }
        return \@messages;
    };
    is_deeply($message->("SELECT helix.cache_delete('doc:x'), helix.cache_delete('doc:y'), helix.cache_delete_pattern('doc:?'),
            helix.invalidate_user_cache('$me')"),
        [ { keys => [ 'doc:x', 'doc:y' ], patterns => ['doc:?'], users => [$me] } ], 'one message names keys, patterns and users');
    my @patterns = ("all_op_metrics:$me:*", "cost_trends:$me:*", "dashboard:$me:*", "op_metrics:$me:email-compose:*");
    is_deeply($message->(record_call(user_id => $me)), [ { patterns => \@patterns } ], 'a recording: its four patterns');
    is_deeply($message->(qq(SELECT helix.cache_delete(E'doc:"\\\\\\n\\t\\x01\\u00e9'))),
        [ { keys => ["doc:\"\\\n\t\x01\x{e9}"] } ], 'odd characters are escaped');
    my $many = $message->(q(SELECT helix.cache_delete('doc:' || i) FROM generate_series(1, 1200) i), 3);
    is(join(' ', map { scalar @{ $_->{keys} } } @$many), '500 500 200', 'very many keys: more than one message');
    is(scalar(keys %{ { map { $_ => 1 } map { @{ $_->{keys} } } @$many } }), 1200, 'with all of them');
    is_deeply($message->('SELECT helix.cache_flush_all()'), [ { everything => JSON::PP::true() } ], 'cache_flush_all: everything');
    $listener->kill_kill;

    set_up('helix.cache_repeat_delay', 1500);
    plant();
    my $start = time;
    sql("INSERT INTO prefs VALUES ('$me', 'email-compose', 1); INSERT INTO trends VALUES ('$me', 1)");
    ok(gone("op_prefs:$me", "cost_trends:$me:7"), 'a commit removes keys');
    my $blind = sub { $redis->cli('MSET', map { ($_, 'blind') } "op_prefs:$me", "cost_trends:$me:7") };
    $blind->();
    is($redis->cli('EXISTS', "op_prefs:$me", "cost_trends:$me:7"), '2', 'a client sets them blindly again');
    ok(gone("op_prefs:$me", "cost_trends:$me:7"), 'the second removal takes that');
    cmp_ok(time - $start, '>', 1.5, 'after helix.cache_repeat_delay');
    $blind->();
    sleep 1.8; # it would be due after 1.5 to 1.625 s
    is($redis->cli('EXISTS', "op_prefs:$me", "cost_trends:$me:7"), '2', 'there is no third');
    set_up('helix.cache_repeat_delay', 0);
    sql('DELETE FROM prefs');
};

# A session whose commit waits for a standby that is not there: nobody sees it yet, and it cannot fail any more.
sub start_hanging_commit {
    my ($sql) = @_;
    my $hanging = start_command($node->basedir . '/hanging', 'psql', '-X', '-d', $node->connstr('postgres'),
        '-c', 'SET synchronous_commit = on', '-c', $sql);
    my $pid;
    wait_until(sub { $pid = sql(q(SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep')) })
      or die 'it does not hang';
    return ($hanging, $pid);
}

# What is in the cache, else $value.
sub fetch {
    my ($value) = @_;
    return sql("SELECT helix.cache_get_or_fetch('recommendations:$you', 'SELECT to_jsonb($value)', 600)");
}

sub wait_for_lease { return $node->poll_query_until('postgres', 'SELECT lease_ms_left > 0 FROM helix.cache_stats()') }

subtest 'a commit that hangs before it becomes visible' => sub {
    sql("INSERT INTO prefs VALUES ('$me', 'email-compose', 1), ('$you', 'email-compose', 1)");
    pass_fence();
    $fencer->quit;
    $fencer = undef;
    set_up('synchronous_commit', 'local');
    set_up('synchronous_standby_names', 'nobody');
    plant();
    fetch(1);
    is(fetch(2), '1', 'a value is in the cache');
    my ($hanging, $pid) = start_hanging_commit("UPDATE prefs SET v = 2 WHERE user_id = '$me'");
    ok($node->poll_query_until('postgres', 'SELECT lease_ms_left = 0 FROM helix.cache_stats()'), 'the lease runs out');
    ok(wait_until(sub { $redis->cli('EXISTS', 'helix:lease') eq '0' }), 'in Redis too');
    is(fetch(2), '2', 'and reads go to the database');
    sql("UPDATE prefs SET v = 2 WHERE user_id = '$you'");
    ok(gone(row($you, 'email-compose')), q(another session's commit goes out));
    sleep 0.5;
    is(fetch(3), '3', 'the lease stays away');
    is($redis->cli('EXISTS', row($me, 'email-compose')), '2', 'and the keys of the one that hangs stay');
    is(sql("SELECT v FROM prefs WHERE user_id = '$me'"), '1', 'whose row is the old one still');
    sql("SELECT pg_cancel_backend($pid)");
    ok(gone(row($me, 'email-compose')), 'once it is visible its keys go');
    is(sql("SELECT v FROM prefs WHERE user_id = '$me'"), '2', 'with the new row');
    ok(wait_for_lease(), 'the lease comes back');
    is(fetch(4), '3', 'and reads come from the cache');
    $hanging->finish;

    plant();
    ($hanging, $pid) = start_hanging_commit("UPDATE prefs SET v = 3 WHERE user_id = '$me'");
    kill 'KILL', $pid;
    $hanging->finish;
    wait_for_server();
    is(sql("SELECT v FROM prefs WHERE user_id = '$me'"), '3', 'a backend that is killed there has committed');
    ok(gone(@owned), 'and the keys go when the server is back');
    is($redis->cli('EXISTS', @foreign), scalar @foreign, 'but what is foreign');
    set_up('synchronous_standby_names', '');
};

subtest 'no death between a commit and its report leaves a key behind' => sub {
    my %deaths = (
        'kill -9 of the worker' => sub { kill 'KILL', $_[0]; wait_for_server() },
        'SIGTERM of the worker' => sub { kill 'TERM', $_[0]; kill 'CONT', $_[0] },
        'kill -9 of a backend' => sub {
            my $backend = $node->background_psql('postgres', on_error_stop => 0);
            kill 'KILL', $backend->query_safe('SELECT pg_backend_pid()');
            kill 'CONT', $_[0];
            wait_for_server();
            eval { $backend->quit };
        },
        'kill -9 of the postmaster' => sub {
            my $postmaster = $node->{_pid};
            $node->kill9;
            kill 'CONT', $_[0];
            wait_until(sub { !kill 0, $postmaster });
            wait_until(sub { $node->start(fail_ok => 1) }) or die 'the server does not start again';
        });
    for my $death (sort keys %deaths) {
        wait_for_cache($node, 'up') or die 'the worker does not reach Redis';
        pass_fence();
        plant();
        my $worker = stats('worker_pid');
        kill 'STOP', $worker;
        sql("UPDATE prefs SET v = v + 1 WHERE user_id = '$me'");
        is($redis->cli('EXISTS', row($me, 'email-compose')), '2', "$death: a commit is not yet reported");
        $deaths{$death}->($worker);
        ok(gone(@owned), "$death: then all that helix owns goes");
        is($redis->cli('EXISTS', @foreign), scalar @foreign, "$death: and nothing else");
        wait_for_cache($node, 'up');
        isnt(stats('worker_pid'), $worker, "$death: a new worker is there");
    }
};

done_testing();
