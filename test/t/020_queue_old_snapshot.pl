# Proves that a claim costs the same however much has gone through the queue under another session's old snapshot: vacuum can
# remove nothing then, and whoever walked over the dead would touch more with each execution.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = 6;
my $jobs = 10_000; # of each round
my $node = helix_node('node', conf => "helix.databases = ''\n"); # a worker's passes would count by the time that this takes
sub sql { return $node->safe_psql('postgres', $_[0]) }

sql(<<'SQL');
CREATE PROCEDURE work(jobs int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. jobs / 10 LOOP
        PERFORM helix.complete_execution(execution_id, 'success', NULL, 0.001, 10, fencing_token)
           FROM helix.claim_executions('worker', 10);
        COMMIT;
    END LOOP;
END $$;
SQL

# Rows and index entries of the queue that scans have read so far.
sub touched {
    return sql(<<'SQL');
SELECT (SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relid = 'helix_internal.queue'::regclass)
     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relid = 'helix_internal.queue'::regclass)
SQL
}

# Blocks of it and of its indexes: what walking over the dead costs, which are no rows that a scan returns.
sub blocks {
    return sql(<<'SQL');
SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_user_tables
 WHERE relid = 'helix_internal.queue'::regclass
SQL
}

my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$reader->query_safe('SELECT 1');

my (@rows, @blocks);
for my $round (1 .. $rounds) {
    sql(<<"SQL");
SELECT count(helix.enqueue_execution(NULL, p_user_id => '${\user_id(1)}', p_operation_id => 'email-compose'))
  FROM generate_series(1, $jobs)
SQL
    my ($rows, $blocks) = (touched(), blocks());
    sql("CALL work($jobs)"); # a session's end reports what it has touched
    push @rows, touched() - $rows;
    push @blocks, blocks() - $blocks;
    note "round $round: $rows[-1] rows and entries, $blocks[-1] blocks";
}
is(sql('SELECT count(*) FROM helix_internal.queue'), '0', 'all are finished');
is($reader->query_safe('SELECT count(*) FROM helix_internal.queue'), '0', 'the old snapshot is still held');
cmp_ok(sql('SELECT pg_relation_size(\'helix_internal.queue\')'), '>', $rounds * $jobs * 100, 'and has kept the dead');
cmp_ok($rows[0], '>', 2 * $jobs, 'claims and completions are counted');
cmp_ok($rows[-1], '<=', 2 * $rows[0], 'the last touch no more rows and entries than twice what the first did');
cmp_ok($blocks[-1], '<=', 2 * $blocks[0], 'nor more blocks');
$reader->quit;

done_testing();
