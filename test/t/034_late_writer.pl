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

# Runs a transaction that changes my row late, with both keys in Redis. How it ends is given.
sub change_late {
    my ($sql, $end, $change) = @_;
    ok(wait_for_cache($node, 'up'), 'the cache is connected');
    $change //= "UPDATE prefs SET v = v + 1 WHERE user_id = '$me'";
    $redis->cli('MSET', "op_prefs:$me", 'old', "op_prefs:$you", 'old', "session:$me", 'kept');
    $node->psql('postgres', "BEGIN; SET LOCAL late_writer.statement = \$\$$change\$\$; $sql; $end");
}

sub value { return $node->safe_psql('postgres', "SELECT v FROM prefs WHERE user_id = '$me'") }

change_late("UPDATE prefs SET v = v + 1 WHERE user_id = '$you'", 'COMMIT');
is(value(), '2', 'the late change is committed');
ok(gone("op_prefs:$me"), 'its key goes');
ok(gone("op_prefs:$you"), 'and that of the change before it');
is($redis->cli('GET', "session:$me"), 'kept', 'and no key that is not helix\'s');

change_late('SELECT 1', 'COMMIT');
is(value(), '3', 'the late change is committed');
ok(gone("op_prefs:$me"), 'the key goes where nothing else was changed');

change_late("UPDATE prefs SET v = v + 1 WHERE user_id = '$you'", 'COMMIT', 'SELECT 1');
ok(gone("op_prefs:$you"), 'a late statement that changes nothing');
is($redis->cli('GET', "op_prefs:$me"), 'old', 'removes nothing');

change_late('SELECT 1', 'ROLLBACK');
change_late('SELECT 1', 'COMMIT', 'UPDATE prefs SET v = v / 0');
is(value(), '3', 'neither is committed');
sleep 0.5;
is($redis->cli('GET', "op_prefs:$me"), 'old', 'and the key stays');

# Of this one helix hears when it is too late to refuse it.
change_late('SELECT pg_current_xact_id()', q(PREPARE TRANSACTION 'late'));
is($node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts'), 'late', 'a transaction that writes late is prepared');
is($redis->cli('GET', "op_prefs:$me"), 'old', 'nothing is removed yet');
$node->safe_psql('postgres', "COMMIT PREPARED 'late'");
is(value(), '4', 'the late change is committed');
ok(gone("op_prefs:$me"), 'its key goes');

$node->stop;
done_testing();
