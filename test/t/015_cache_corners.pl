# Corners of the cache where something older, or somebody else's, could slip in.
use strict;
use warnings;

use FindBin;
use IO::Socket::UNIX;
use POSIX ();
use lib "$FindBin::RealBin/lib";
use HelixTest;
use RedisTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $alice = 'a11ce000-0000-0000-0000-000000000001';
my $bob = 'b0b00000-0000-0000-0000-000000000002';
my $redis = start_redis();
my $node = helix_node('main', conf => "helix.redis_url = '" . $redis->url
    . "'\nmax_prepared_transactions = 5\nhelix.cache_repeat_delay = 50ms\nhelix.redis_command_timeout = 5s");
ok wait_for_cache($node, 'up'), 'the cache is connected';

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub quote { return q(') . $_[0] =~ s/'/''/gr . q(') }

sub removed {
    my ($key) = @_;
    for (1 .. 100) { return 1 if $redis->cli('EXISTS', $key) eq '0'; sleep 0.02 }
    return 0;
}

sql(<<"SQL");
CREATE TABLE prefs (user_id uuid, v integer);
INSERT INTO prefs VALUES ('$alice', 1);
SELECT helix.invalidate_on_change('prefs', 'recommendations:{user_id}');
SQL

subtest 'what a caller has given is not passed off as computed' => sub {
    sql("SELECT helix.cache_set('recommendations:$alice', '99', 60)");
    is sql("SELECT helix.cache_get('recommendations:$alice')"), '99', 'cache_get returns it';
    is sql("SELECT helix.cache_get_or_fetch('recommendations:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '1',
        'cache_get_or_fetch computes';
    is sql("SELECT helix.cache_get('recommendations:$alice')"), '1', 'and stores what it has computed';
};

subtest 'an old cursor is no source' => sub {
    my ($status, undef, $error) = $node->psql('postgres', <<"SQL");
BEGIN;
DECLARE c CURSOR FOR SELECT to_jsonb(v) FROM prefs;
SELECT helix.cache_get_or_fetch('k', 'FETCH 1 FROM c', 60);
SQL
    like $error, qr/p_query must be one SELECT/, 'refused';
};

subtest 'the databases of a server never read each other\'s values' => sub {
    sql('CREATE DATABASE other');
    $node->safe_psql('other', 'CREATE EXTENSION helix');
    sql("SELECT helix.cache_set('shared', '\"of postgres\"', 60)");
    is $node->safe_psql('other', "SELECT helix.cache_get('shared') IS NULL"), 't', 'a miss in the other database';
    is sql("SELECT helix.cache_get('shared')"), '"of postgres"', 'a hit in one\'s own';
};

subtest 'a user\'s id anywhere in a key' => sub {
    sql('CREATE TABLE shares (v integer); INSERT INTO shares VALUES (1)');
    my $key = "share:$alice:$bob";
    my $slow = $node->background_psql('postgres');
    $slow->{stdin} .= "SELECT helix.cache_get_or_fetch('$key', 'SELECT to_jsonb(v) FROM shares, pg_sleep(1.5)', 60);\n";
    $slow->{run}->pump_nb;
    sleep 0.5;
    sql("UPDATE shares SET v = 2; SELECT helix.invalidate_user_cache('$bob')");
    sleep 1.5;
    $slow->{stdin} .= "\\q\n";
    $slow->{run}->finish;
    is sql("SELECT helix.cache_get('$key') IS NULL"), 't', 'a fill that began before the invalidation is refused';
};

subtest 'a ticket is kept for the first who missed' => sub {
    my $out = sql(<<"SQL");
SELECT helix.cache_get('recommendations:$bob');
SELECT helix.invalidate_user_cache('$bob');
SELECT pg_sleep(0.3);
SELECT helix.cache_get('recommendations:$bob');
SELECT helix.cache_set('recommendations:$bob', '1', 60);
SELECT helix.cache_set('recommendations:$bob', '2', 60);
SQL
    is $out, "\n\n\n\nf\nt", 'the older read is refused, the next one is stored';
};

subtest 'what was prepared while the cache was off' => sub {
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.redis_url = ''");
    $node->reload;
    ok wait_for_cache($node, 'off'), 'off';
    sql("BEGIN; UPDATE prefs SET v = 7; PREPARE TRANSACTION 'early'");
    $node->safe_psql('postgres', 'ALTER SYSTEM RESET helix.redis_url');
    $node->reload;
    ok wait_for_cache($node, 'up'), 'on again';
    is sql("SELECT helix.cache_get_or_fetch('recommendations:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '1',
        'the old value is cached';
    sleep 0.3;
    sql("COMMIT PREPARED 'early'");
    ok removed("recommendations:$alice"), 'committing it removes the key';
    is sql("SELECT helix.cache_get_or_fetch('recommendations:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '7',
        'and the new value is read';
};

subtest 'repricing removes the sums that it changes' => sub {
    my $key = "cost_trends:$alice:30";
    sql("INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2020-01-01', 1, 1, 1)");
    $redis->cli('SET', $key, 'x');
    sql("SELECT helix.record_operation_execution('$alice', 'email-compose', '2026-01-01', true, 1, NULL, 'acme', 'rocket',
        1000000)");
    ok removed($key), 'recording removes the key';
    sleep 0.5; # the second removal
    $redis->cli('SET', $key, 'x');
    sql("UPDATE helix.model_prices SET input_usd_per_mtok = 2 WHERE model = 'rocket'");
    is sql("SELECT executions FROM helix.reprice('2020-01-01', now() + interval '1 day', 'rocket')"), '1', 'it is repriced';
    ok removed($key), 'repricing too';
};

subtest 'values that are too large' => sub {
    is sql("SELECT helix.cache_set('large', to_jsonb(repeat('x', 2000000)), 60)"), 'f', 'are not stored';
    is sql("SELECT length(helix.cache_get_or_fetch('large', \$\$SELECT to_jsonb(repeat('x', 2000000))\$\$, 60) #>> '{}')"),
        '2000000', 'but computed';
    is sql("SELECT helix.cache_get('large') IS NULL"), 't', 'each time';
};

# What psql says of statements in one session, with the WARNINGs.
sub said { my (undef, undef, $error) = $node->psql('postgres', join ";\n", @_); return $error }

subtest 'changes that helix does not see' => sub {
    sql(<<'SQL');
CREATE TABLE notes (id integer, body jsonb);
CREATE TABLE events (id integer) PARTITION BY LIST (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);
CREATE VIEW both_of_them AS SELECT v, id FROM prefs, notes;
SELECT helix.invalidate_on_change('events_1', 'op_prefs:*');
SQL
    my $read = sub { my ($key, $query) = @_; return "SELECT helix.cache_get_or_fetch('$key', '$query', 60)" };
    my $notes = $read->('op_prefs:1', 'SELECT to_jsonb(count(*)) FROM notes');
    my $warning = 'WARNING:  the cache does not see changes of public.notes';
    like(said($notes), qr/$warning\n.*template that names "op_prefs:1".*\n.*cache_delete/,
        'a table that is not registered is named');
    is(said($notes), '', 'a value from the cache is no reason to warn');
    my $delete = "SELECT helix.cache_delete('op_prefs:1'); SELECT pg_sleep(0.3)";
    is(() = said($delete, $notes, $delete, $notes) =~ /$warning/g, 1, 'it is named once in a session');
    like(said($delete, $read->('op_prefs:1', 'SELECT to_jsonb(count(*)) FROM both_of_them')),
        qr/changes of public.prefs, public.notes\n/, 'also where a view reads it');
    like(said($read->('op_prefs:2', 'SELECT to_jsonb(count(*)) FROM events')), qr/changes of public.events_2\n/, 'as a partition');
    like(said($read->('mine:1', 'SELECT to_jsonb(count(*)) FROM prefs')), qr/changes of public.prefs\n/,
        'as one whose templates do not name the key');
    is(said($read->('recommendations:1', 'SELECT to_jsonb(count(*)) FROM prefs')), '', 'a registered table is not named');
    sql('ALTER TABLE prefs DISABLE TRIGGER helix_cache_rows');
    like(said($read->('recommendations:2', 'SELECT to_jsonb(count(*)) FROM prefs')), qr/changes of public.prefs\n/,
        'one whose trigger is disabled is');
    sql('ALTER TABLE prefs ENABLE ALWAYS TRIGGER helix_cache_rows');
    is(said("SELECT helix.cache_read('op_prefs:$alice'), helix.cache_read('cost_trends:$alice:7')"), '', 'nor are helix\'s own');
    like(said('SELECT count(*) FROM helix.cache_audit(1000)'), qr/WARNING:  \d+ keys are not compared/,
        'the audit says what it does not compare');
};

subtest 'hostile input' => sub {
    sql(<<'SQL');
CREATE ROLE corner_user; CREATE ROLE corner_service; CREATE ROLE corner_anon;
SELECT helix.grant_api_access('corner_user', 'corner_service', 'corner_anon');
CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN EXECUTE call; RETURN ''00000''; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END';
SQL
    my @keys = (
        'NULL', "''", "'x'", "repeat('k', 512)", "repeat('k', 513)", "repeat('k', 10000000)", "E'a\\r\\n\$3\\tb'", "'*'", "'[a-'",
        "E'\\\\'",
        "'helix:lease'", "'HELIX:lease'", "U&'\\03BA\\2602:1'", "':'", "'a' || repeat(':', 300)", "repeat('*a', 250)",
        "'cost_trends::7'",
        "'cost_trends:$alice:99999'", "'cost_trends:$alice:0'", "'cost_trends:$bob:7'", "'cost_trends:' || upper('$alice') || ':7'",
        "'op_metrics:$alice:x:0:999999999999999'", "'op_metrics:$alice:x:9:0'", "'all_op_metrics:$alice:0:999999999999999'",
        "'op_metrics:$alice:' || repeat('o', 400) || ':0:1'", "'op_pref:$alice:nothing'", "'op_prefs:$alice:'",
        "'theme_prefs:$alice'");
    my @ttls = qw(1 86400 0 -1 86401 2147483647 -2147483648 NULL);
    my @values = ("'null'", 'NULL', "to_jsonb(repeat('x', 1048574))", "to_jsonb(repeat('x', 1048577))", "'1e131071'",
        "(repeat('[', 3000) || repeat(']', 3000))::jsonb");
    my @queries = ('NULL', "''", "';'", "'SELECT'", "'SELECT \$1::jsonb'", "'SELECT to_jsonb(1); DROP TABLE prefs'",
        "'SELECT ''{'' :: jsonb'",
        "'SELECT to_jsonb(1) FROM nowhere'", "'BEGIN'", "'SELECT NULL::jsonb'", "'SELECT to_jsonb(1) INTO prefs_too'", "'LISTEN x'",
        "'SELECT to_jsonb(1) -- ' || repeat('x', 1000000)", "'SELECT ' || repeat('(', 20000)",
        "'SELECT to_jsonb(pg_backend_pid()) FROM helix_internal.executions'");
    my @calls = (
        (map { my $key = $_; map { "helix.$_" } "cache_get($key)", "cache_set($key, '1', 60)",
            "cache_get_or_fetch($key, 'SELECT to_jsonb(1)', 60)",
            "cache_read($key)", "cache_delete($key)", "cache_delete_pattern($key)" } @keys),
        (map { ("helix.cache_set('x', '1', $_)", "helix.cache_get_or_fetch('x', 'SELECT to_jsonb(1)', $_)") } @ttls),
        (map { ("helix.cache_set('v', $_, 60)", "helix.cache_get('v')") } @values),
        (map { "helix.cache_get_or_fetch('q' || $_, $queries[$_], 60)" } 0 .. $#queries), # a key each
        "helix.invalidate_user_cache(NULL)", "helix.invalidate_user_cache('00000000-0000-0000-0000-000000000000')",
        (map { "helix.cache_audit($_)" } 'NULL', 0, -1, 100001, 10));
    my %calls = map { $_ => 1 } @calls;
    for my $role (qw(corner_user corner_service corner_anon)) {
        my $statements = join ";\n", map { 'SELECT ' . quote($_) . ', attempt(' . quote("SELECT $_") . ')' } sort keys %calls;
        my $out =
            sql("SET client_min_messages = error; SET ROLE $role; SET request.jwt.claims = '{\"sub\": \"$alice\"}';\n$statements");
        my %state = map { /^(.*)\|(\w{5})$/s ? ($1 => $2) : () } split /\n/, $out;
        is(scalar keys %state, scalar keys %calls, "$role: every call is answered");
        is(join("\n", grep { $state{$_} !~ /^(00000|22004|22023|42501|42704|42804|42601|42P02|42P01|22P02|54001|22008)$/ }
            sort keys %state), '', "$role: as is documented");
        note join ' ', map { my $each = $_; "$each:" . grep { $_ eq $each } values %state }
            sort(do { my %seen; grep { !$seen{$_}++ } values %state });
        my $granted = grep { $state{$_} eq '00000' } keys %state;
        $role eq 'corner_anon' ? is($granted, 0, 'an anonymous user may nothing') : cmp_ok($granted, '>', 0, "$role may something");
    }
    unlike(slurp_file($node->logfile), qr/signal 11|terminated by signal|server process/, 'no process has crashed');
};

subtest 'audit bears what others have written' => sub {
    sql("SELECT helix.record_operation_execution('$alice', 'email-compose', NULL, true, 1, 0.5, 'openai')");
    sleep 0.3;
    $redis->cli('DEL', "op_prefs:$alice"); # whether it is still there depends on how fast this machine is
    $redis->cli('SET', "cost_trends:$alice:7", 'not json');
    $redis->cli('SET', "cost_trends:$bob:7", '[]');
    $redis->cli('SET', 'cost_trends:junk:7', '[]');
    $redis->cli('SET', "cost_trends:\xff\xfe:7", "\xff");
    $redis->cli('RPUSH', "cost_trends:$alice:8", 'a list');
    is sql("SELECT key, cached, jsonb_array_length(current) IS NULL FROM helix.cache_audit(100)"),
        "cost_trends:$alice:7|\"not json\"|t", 'no JSON is a difference, a key of nobody\'s none of ours';
};

subtest 'a password that Redis repeats is told to nobody' => sub {
    my $folder = PostgreSQL::Test::Utils::tempdir_short();
    my $listener = IO::Socket::UNIX->new(Local => "$folder/odd.sock", Listen => 5) or die "cannot listen: $!";
    chmod 0777, "$folder/odd.sock";
    my $server = fork // die "cannot fork: $!";
    if ($server == 0) { # knows no AUTH and says so as Redis does, with what it was given
        while (my $client = $listener->accept) {
            # Each request is answered, to the last: whoever hangs up early is told of as a broken pipe.
            while (sysread $client, my $request, 1000) {
                print $client "-ERR unknown command 'AUTH', with args beginning with: 'canary123'\r\n";
                $client->flush;
            }
        }
        POSIX::_exit(0);
    }
    my $file = "$folder/password";
    append_to_file($file, "canary123\n");
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.redis_password_ref = 'file://$file'");
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.redis_url = 'unix://$folder/odd.sock'");
    $node->reload;
    ok wait_for_cache($node, 'down'), 'it does not get in';
    like sql('SELECT last_error FROM helix.cache_stats()'), qr/Redis answered "ERR"/, 'the answer\'s first word is told';
    unlike slurp_file($node->logfile), qr/canary123/, 'the log has no password';
    kill 'KILL', $server;
    waitpid $server, 0;
};

$node->stop;
done_testing;
