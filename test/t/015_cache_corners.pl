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
my $node = helix_node('main', conf => "helix.redis_url = '" . $redis->url . "'\nmax_prepared_transactions = 5\nhelix.cache_repeat_delay = 50ms\nhelix.redis_command_timeout = 5s");
ok wait_for_cache($node, 'up'), 'the cache is connected';

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub removed {
    my ($key) = @_;
    for (1 .. 100) { return 1 if $redis->cli('EXISTS', $key) eq '0'; sleep 0.02 }
    return 0;
}

sql(<<"SQL");
CREATE TABLE prefs (user_id uuid, v integer);
INSERT INTO prefs VALUES ('$alice', 1);
SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id}');
SQL

subtest 'what a caller has given is not passed off as computed' => sub {
    sql("SELECT helix.cache_set('op_prefs:$alice', '99', 60)");
    is sql("SELECT helix.cache_get('op_prefs:$alice')"), '99', 'cache_get returns it';
    is sql("SELECT helix.cache_get_or_fetch('op_prefs:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '1', 'cache_get_or_fetch computes';
    is sql("SELECT helix.cache_get('op_prefs:$alice')"), '1', 'and stores what it has computed';
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
SELECT helix.cache_get('op_prefs:$bob');
SELECT helix.invalidate_user_cache('$bob');
SELECT pg_sleep(0.3);
SELECT helix.cache_get('op_prefs:$bob');
SELECT helix.cache_set('op_prefs:$bob', '1', 60);
SELECT helix.cache_set('op_prefs:$bob', '2', 60);
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
    is sql("SELECT helix.cache_get_or_fetch('op_prefs:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '1', 'the old value is cached';
    sleep 0.3;
    sql("COMMIT PREPARED 'early'");
    ok removed("op_prefs:$alice"), 'committing it removes the key';
    is sql("SELECT helix.cache_get_or_fetch('op_prefs:$alice', 'SELECT to_jsonb(v) FROM prefs', 60)"), '7', 'and the new value is read';
};

subtest 'repricing removes the sums that it changes' => sub {
    my $key = "cost_trends:$alice:30";
    sql("INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2020-01-01', 1, 1, 1)");
    $redis->cli('SET', $key, 'x');
    sql("SELECT helix.record_operation_execution('$alice', 'email-compose', '2026-01-01', true, 1, NULL, 'acme', 'rocket', 1000000)");
    ok removed($key), 'recording removes the key';
    sleep 0.5; # the second removal
    $redis->cli('SET', $key, 'x');
    sql("UPDATE helix.model_prices SET input_usd_per_mtok = 2 WHERE model = 'rocket'");
    is sql("SELECT executions FROM helix.reprice('2020-01-01', now() + interval '1 day', 'rocket')"), '1', 'it is repriced';
    ok removed($key), 'repricing too';
};

subtest 'values that are too large' => sub {
    is sql("SELECT helix.cache_set('large', to_jsonb(repeat('x', 2000000)), 60)"), 'f', 'are not stored';
    is sql("SELECT length(helix.cache_get_or_fetch('large', \$\$SELECT to_jsonb(repeat('x', 2000000))\$\$, 60) #>> '{}')"), '2000000', 'but computed';
    is sql("SELECT helix.cache_get('large') IS NULL"), 't', 'each time';
};

subtest 'audit bears what others have written' => sub {
    sql("SELECT helix.record_operation_execution('$alice', 'email-compose', NULL, true, 1, 0.5, 'openai')");
    sleep 0.3;
    $redis->cli('DEL', "op_prefs:$alice"); # whether it is still there depends on how fast this machine is
    $redis->cli('SET', "cost_trends:$alice:7", 'not json');
    $redis->cli('SET', "cost_trends:$bob:7", '[]');
    $redis->cli('SET', 'cost_trends:junk:7', '[]');
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
