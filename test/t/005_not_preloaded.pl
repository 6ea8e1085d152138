# Proves that a server without helix in shared_preload_libraries says so, and how to mend it, and that this mends it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('node');
$node->init;
$node->start;

refused($node, 'CREATE EXTENSION helix', '55000', 'not in shared_preload_libraries.*HINT:.*shared_preload_libraries.*restart',
    'CREATE EXTENSION fails and its hint names the mend');
refused($node, q(LOAD 'helix'), '55000', 'not in shared_preload_libraries', 'so does LOAD');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'helix%')), '0',
    'nothing is left of it');
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'and the server is well');

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'helix'");
$node->restart;
$node->safe_psql('postgres', 'CREATE EXTENSION helix');
record($node, cost_usd => '0.25');
is($node->safe_psql('postgres', 'SELECT total_cost_usd FROM helix.cost_trends'), '0.25', 'preloaded, it works');
wait_for_worker($node);
ok(wait_until_folded($node), 'with its worker');
is_exact($node, 'preloaded');

# The library taken away again: the data stays and can be read, and what needs the library says why it fails.
my $reads = $node->safe_psql('postgres', 'SELECT user_id, operation_id, cost_usd FROM helix_internal.executions');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
refused($node, record_call(), '55000', 'not in shared_preload_libraries.*HINT',
    'recording without the library fails with the same hint');
is($node->safe_psql('postgres', 'SELECT user_id, operation_id, cost_usd FROM helix_internal.executions'), $reads,
    'the ledger can be read as a table');
refused($node, 'DROP DATABASE nowhere', '3D000', '', 'databases are dropped as ever');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'helix'");
$node->restart;
record($node, cost_usd => '0.5');
is($node->safe_psql('postgres', 'SELECT sum(total_cost_usd) FROM helix.cost_trends'), '0.75', 'put back, it goes on');
is_exact($node, 'put back');

done_testing();
