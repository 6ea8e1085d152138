# Proves that every way to change a preference takes its keys out of Redis when it commits, and only those; and that a dump carries
# preferences and their log: restored they are the same, with nothing logged anew.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IPC::Run ();
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
ok(wait_for_cache($node, 'up'), 'the worker reaches Redis');
my $session = $node->background_psql('postgres');
sub sql { return $session->query_safe($_[0]) }
sub exists_in_redis { return $redis->cli('EXISTS', @_) }

sub wait_until {
    my ($what) = @_;
    for (my $end = time + 10; time < $end; sleep 0.02) { return 1 if $what->() }
    return 0;
}

my %reads = (
    "op_prefs:$me" => "SELECT jsonb_agg(p) FROM helix.get_operation_preferences('$me') p",
    "op_pref:$me:email-compose" => "SELECT to_jsonb(p) FROM helix.get_operation_preference('$me', 'email-compose') p",
    "op_pref:$me:task-breakdown" => "SELECT to_jsonb(p) FROM helix.get_operation_preference('$me', 'task-breakdown') p",
    "theme_prefs:$me" => "SELECT to_jsonb(t) FROM helix.get_theme_preferences('$me') t");
my $email = [ "op_prefs:$me", "op_pref:$me:email-compose" ];
my $tasks = [ "op_prefs:$me", "op_pref:$me:task-breakdown" ];
my $operations = [ @$email, $tasks->[1] ];
my $theme = ["theme_prefs:$me"];
my @yours = ("op_prefs:$you", "op_pref:$you:email-compose", "theme_prefs:$you");

# All keys are in Redis, computed; then the statement is committed: the expected ones go, the others stay, and all read anew are
# what SQL says.
sub removes {
    my ($statement, $expected, $name) = @_;
    for my $key (sort(keys %reads), @yours) {
        wait_until(sub { sql("SELECT helix.cache_read('$key')"); exists_in_redis($key) eq '1' }) or die "$key is not stored";
    }
    sql($statement);
    ok(wait_until(sub { exists_in_redis(@$expected) eq '0' }), "$name: the keys go");
    my %gone = map { $_ => 1 } @$expected;
    my @left = grep { !$gone{$_} } keys %reads, @yours;
    is(exists_in_redis(@left), scalar @left, "$name: no other does");
    is(sql("SELECT helix.cache_read('$_')"), sql($reads{$_}), "$name: $_ is read anew") for @$expected;
}

sql(q(SET timezone = 'UTC'));
for my $key (sort keys %reads) {
    is(sql("SELECT helix.cache_read('$key')"), sql($reads{$key}), "$key: the defaults");
    my $ttl = $key =~ /^theme/ ? 3600 : 900;
    cmp_ok(abs($redis->cli('TTL', $key) - $ttl + 1), '<=', 1, "$key: stays for its time");
}
my $row = "INSERT INTO helix.user_operation_preferences (user_id, operation_id, enabled) VALUES ('$me', 'email-compose', false)";
removes("SELECT helix.set_operation_preference('$me', 'email-compose', 'openai')", $email, 'set_operation_preference, new');
removes("SELECT helix.set_operation_preference('$me', 'email-compose', 'gemini')", $email, 'set_operation_preference, again');
removes("SELECT helix.bulk_update_operation_preferences('$me', '[{\"operation_id\": \"task-breakdown\", \"enabled\": false}]')",
    $tasks, 'bulk_update_operation_preferences');
removes("$row ON CONFLICT (user_id, operation_id) DO UPDATE SET enabled = EXCLUDED.enabled", $email, 'an upsert');
removes("UPDATE helix.user_operation_preferences SET operation_id = 'task-prioritize' WHERE operation_id = 'task-breakdown'",
    $tasks, 'another operation');
removes("DELETE FROM helix.user_operation_preferences WHERE operation_id = 'email-compose'", $email, 'a delete');
removes("SELECT helix.set_theme_preferences('$me', 'dark')", $theme, 'set_theme_preferences');
removes("INSERT INTO helix.ui_theme_preferences (user_id) VALUES ('$me') ON CONFLICT (user_id) DO UPDATE SET compact_mode = true",
    $theme, 'an upsert of the theme');
sql("$row; SELECT helix.set_operation_preference('$me', 'task-breakdown')");
removes("SELECT helix.reset_preferences('$me')", [ @$operations, @$theme ], 'reset_preferences');

# Every list has a row for each operation; a value that a client has set by itself goes as well.
$redis->cli('SET', $_, '[]') for "op_prefs:$me", "op_prefs:$you";
sql(q(INSERT INTO helix.operations (operation_id, name) VALUES ('own-operation', 'Ours')));
ok(wait_until(sub { exists_in_redis("op_prefs:$me", "op_prefs:$you") eq '0' }), q(a new operation: every user's list goes));
$redis->cli('SET', $_, '{}') for @$operations, @$theme;
sql('TRUNCATE helix.user_operation_preferences, helix.ui_theme_preferences');
ok(wait_until(sub { exists_in_redis(@$operations, @$theme) eq '0' }), 'TRUNCATE: all go');

$redis->cli('SET', $_, '[]') for @$operations, @$theme;
sql("BEGIN; $row; SELECT helix.set_theme_preferences('$me', 'light'); ROLLBACK");
sleep 0.5;
is(exists_in_redis(@$operations, @$theme), 4, 'what is rolled back removes nothing');
is(sql("SELECT string_agg(key, ' ' ORDER BY key) FROM helix.cache_audit(1000)"), join(' ', sort @$operations, @$theme),
    'cache_audit knows what the keys should hold');
$redis->cli('DEL', @$operations, @$theme);
is(sql('SELECT count(*) FROM helix.cache_audit(1000)'), '0', 'and finds nothing wrong where nothing is');

# What the dump has to carry: a model that is no longer sold, an own operation, rows of several times, their log.
sql(<<"SQL");
TRUNCATE helix.preference_audit_log RESTART IDENTITY;
INSERT INTO helix.model_prices VALUES ('acme', 'anvil-1', '2026-01-01', 1, 1, 1), ('own', 'own-model', '2026-01-01', 1, 1, 1);
SELECT helix.set_operation_preference('$me', 'own-operation', 'anvil-1', false, '{"a": [1.50]}', 1.2300);
DELETE FROM helix.model_prices WHERE provider = 'acme';
SELECT helix.set_operation_preference('$me', 'own-operation', p_enabled => true);
SELECT helix.set_operation_preference('$you', 'email-compose', 'own-model');
SELECT helix.set_theme_preferences('$you', 'dark');
SELECT helix.set_operation_preference('$you', 'email-respond');
DELETE FROM helix.user_operation_preferences WHERE operation_id = 'email-respond';
SQL
my $all = q(SELECT p::text FROM helix.user_operation_preferences p UNION ALL SELECT t::text FROM helix.ui_theme_preferences t
    UNION ALL SELECT l::text FROM helix.preference_audit_log l ORDER BY 1);
my $before = sql($all);
is(scalar(() = $before =~ /^\(/mg), 9, 'three preferences and six changes');
my $dump = $node->basedir;
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dump/plain" ], 'pg_dump');
command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('postgres'), '-f', "$dump/custom" ], 'pg_dump -Fc');
my %restore = (
    plain => [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dump/plain", '-d' ],
    parallel => [ 'pg_restore', '-j2', "$dump/custom", '-d' ],
    once => [ 'pg_restore', '--single-transaction', "$dump/custom", '-d' ]);
for my $way (sort keys %restore) {
    sql("CREATE DATABASE $way");
    command_ok([ @{ $restore{$way} }, $node->connstr($way) ], "$way: restored");
    my $there = sub { $node->safe_psql($way, $_[0]) };
    is($there->("SET timezone = 'UTC'; $all"), $before, "$way: the same, with nothing logged anew");
    $there->("SELECT helix.reset_preferences('$me')");
    is($there->('SELECT max(id) FROM helix.preference_audit_log'), '7', "$way: the log goes on");
}

$session->quit;
done_testing();
