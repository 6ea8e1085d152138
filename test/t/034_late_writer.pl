# Proves that what another extension writes while a transaction commits, after helix has looked, leaves the cache as well.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $writer = $ENV{HELIX_LATE_WRITER} or die 'HELIX_LATE_WRITER does not name the module';
my ($me, $you) = map { user_id($_) } 1, 2;
my $redis = start_redis();
my $node = helix_node('node', conf => <<"CONF");
shared_preload_libraries = '$writer,helix'
helix.redis_url = '${\$redis->url}'
helix.cache_repeat_delay = 0
helix.cache_lease = '60s'
CONF
ok(wait_for_cache($node, 'up'), 'the cache is connected');
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE prefs (user_id uuid PRIMARY KEY, v integer);
INSERT INTO prefs VALUES ('$me', 1), ('$you', 1);
SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id}');
SQL

sub gone {
    my ($key) = @_;
    for (my $end = time + 15; time < $end; sleep 0.02) { return 1 if $redis->cli('EXISTS', $key) eq '0' }
    return 0;
}

# Runs it in a session that changes my row late, with both keys in Redis.
sub run_with_late_change {
    my ($sql) = @_;
    ok(wait_for_cache($node, 'up'), 'the cache is connected');
    $redis->cli('MSET', "op_prefs:$me", 'old', "op_prefs:$you", 'old', "session:$me", 'kept');
    return $node->safe_psql('postgres', "SET late_writer.statement = 'UPDATE prefs SET v = v + 1 WHERE user_id = ''$me'''; $sql");
}

sub value { return $node->safe_psql('postgres', "SELECT v FROM prefs WHERE user_id = '$me'") }

run_with_late_change("UPDATE prefs SET v = v + 1 WHERE user_id = '$you'");
is(value(), '3', 'the late change is committed'); # the SET commits too
ok(gone("op_prefs:$me"), 'its key goes');
ok(gone("op_prefs:$you"), 'and that of the change before it');
is($redis->cli('GET', "session:$me"), 'kept', 'and no key that is not helix\'s');

run_with_late_change('BEGIN; SELECT 1; COMMIT');
ok(gone("op_prefs:$me"), 'a transaction that has changed nothing else');

run_with_late_change("BEGIN; SET LOCAL late_writer.statement = ''; UPDATE prefs SET v = v + 1 WHERE user_id = '$you'; COMMIT; RESET late_writer.statement");
ok(gone("op_prefs:$you"), 'without a late change, too');

my $before = value();
$redis->cli('SET', "op_prefs:$me", 'kept');
$node->safe_psql('postgres', "BEGIN; SET LOCAL late_writer.statement = 'SELECT 1'; SELECT 1; ROLLBACK");
is($redis->cli('GET', "op_prefs:$me"), 'kept', 'a rollback removes nothing');
$node->psql('postgres', "BEGIN; SET LOCAL late_writer.statement = 'UPDATE prefs SET v = 1 / 0'; SELECT 1; COMMIT");
is($redis->cli('GET', "op_prefs:$me"), 'kept', 'nor does a late change that fails');
is(value(), $before, 'it is rolled back');

subtest 'while a transaction is prepared' => sub {
    $node->psql('postgres', "BEGIN; SET LOCAL late_writer.statement = 'UPDATE prefs SET v = 100 WHERE user_id = ''$me'''; "
          . "SELECT pg_current_xact_id(); PREPARE TRANSACTION 'late'");
    is($node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts'), 'late', 'it is prepared');
    is($redis->cli('GET', "op_prefs:$me"), 'kept', 'nothing is removed yet');
    $node->safe_psql('postgres', "COMMIT PREPARED 'late'");
    is(value(), '100', 'the late change is committed');
    ok(gone("op_prefs:$me"), 'its key goes');
};

$node->stop;
done_testing();
