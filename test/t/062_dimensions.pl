# Sums by dimension are exact at any moment: beside clients that record, correct and fold, when a key is named while they do, when
# months have been dropped before, and from a dump.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 15;
my $node = helix_node('main', conf => <<'CONF');
helix.fold_interval = '20ms'
helix.dimensions = 'team'
CONF

sub sql { return $node->safe_psql('postgres', @_) }

sub name_keys {
    my ($where, $keys) = @_;
    $where->append_conf('postgresql.conf', "helix.dimensions = '$keys'\n");
    return $where->reload;
}

# What is read against plain arithmetic over the ledger, in one statement: the number of differences. The number of values stays
# within the bound, so nothing is «other».
sub wrong {
    my ($key) = @_;
    return <<"SQL";
WITH shown AS (
         SELECT kind, value, executions, successes, cost_usd
           FROM helix.get_cost_by_dimension('$key', '-infinity', 'infinity')),
     own AS (
         SELECT CASE WHEN v.value IS NULL THEN 'without' ELSE 'value' END, v.value, count(*) FILTER (WHERE e.corrects IS NULL),
                count(*) FILTER (WHERE e.success AND e.corrects IS NULL), trim_scale(sum(e.cost_usd))
           FROM helix_internal.executions e
           LEFT JOIN helix_internal.executions x ON x.id = e.corrects
          CROSS JOIN LATERAL (SELECT coalesce(x.metadata, e.metadata) ->> '$key' AS value) v
          GROUP BY 1, 2)
SELECT (SELECT count(*) FROM ((TABLE shown EXCEPT TABLE own) UNION ALL (TABLE own EXCEPT TABLE shown)) d)
SQL
}

# Random streams: late and future events, days given or not, values or none, priced or given costs, corrections, rollbacks.
my $pick = "\\set n random(1, 7)\n\\set hours random(-3000, 20)\n\\set cost random(1, 1000000000)\n\\set kind random(0, 5)\n";
my $call = <<'SQL' =~ s/\s+/ /gr;
SELECT helix.record_operation_execution(('aaaaaaaa-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid, 'email-compose',
    CASE :kind WHEN 1 THEN current_date - 9 END, :kind <> 2, 10, CASE WHEN :kind <> 3 THEN :cost / 1e12 END,
    CASE :kind WHEN 3 THEN 'gpt-4o-mini' ELSE 'openai' END, p_input_tokens => :cost,
    p_occurred_at => now() + :hours * interval '1 hour',
    p_metadata => CASE :kind WHEN 4 THEN NULL ELSE jsonb_build_object('team', 'team ' || :cost % 5, 'feature', :n) END) AS id
SQL
my %scripts = (
    plain => ["$pick$call;\n", 6],
    corrected => ["$pick$call \\gset\nSELECT helix.finalize_execution(:id, p_cost_usd => :cost / 7e12);\n"
          . "SELECT helix.adjust_cost(('aaaaaaaa-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid, 'email-compose', "
          . "-0.000000000001, 'credit', p_execution_id => :id);\n", 2],
    waits => ["${pick}BEGIN;\n$call;\n\\sleep 60 ms\nCOMMIT;\n", 1],
    undone => ["${pick}BEGIN;\n$call;\nROLLBACK;\n", 1],
    folds => ["SELECT helix.fold();\n\\sleep 30 ms\n", 1],
    reprices => ["UPDATE helix.model_prices SET input_usd_per_mtok = 3.15 - input_usd_per_mtok WHERE model = 'gpt-4o-mini';\n"
          . "SELECT helix.reprice('2020-01-01', now() + interval '1 day', 'gpt-4o-mini');\n\\sleep 200 ms\n", 1]);

record($node, metadata => '{"team": "team 1"}');
wait_until_folded($node);
my $run = start_pgbench($node, 'streams', [ '-n', '-c6', '-j2', "-T$seconds" ], %scripts);
my ($checks, $wrong, $feature) = (0, 0, 0);
my $end = time + $seconds;
while (time < $end) {
    $wrong += sql(wrong('team'));
    $checks++;
    if (time > $end - $seconds / 2 && !$feature) { # from here on a second key is counted
        name_keys($node, 'team, feature');
        $node->poll_query_until('postgres', q(SELECT count(*) = 2 FROM helix.dimensions)) or die 'the key is not counted';
        $feature = 1;
    }
    $wrong += sql(wrong('feature')) if $feature;
}
$run->finish;
is($run->result(0), 0, 'the clients succeed') or diag slurp_file($node->basedir . '/streams.log.err');
is($wrong, 0, "no value is wrong in $checks reads beside recordings and folds");
cmp_ok($checks, '>=', 10, 'many reads were compared');
is(sql('SELECT count(*) FROM helix.dimensions WHERE counted_since IS NULL'), '2', 'nothing is missing of either key');
ok(wait_until_folded($node), 'all is folded');
is(sql(wrong($_)), '0', "$_: every value is right") for qw(team feature);
cmp_ok(sql('SELECT count(*) FROM helix.executions WHERE corrects IS NOT NULL'), '>', 20, 'executions were corrected');
is_exact($node, 'in the end');

# A dump, taken with rows that are not folded, into a cluster whose settings name no key.
$node->append_conf('postgresql.conf', "helix.fold_interval = '1h'\n");
$node->reload;
sql('SELECT pg_sleep(1)');
record($node, metadata => '{"team": "unfolded"}', cost_usd => '0.5');
my $read = q(SELECT * FROM helix.get_cost_by_dimension('team', '-infinity', 'infinity'));
my $before = sql($read);
my $dump = $node->basedir . '/dump.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'pg_dump');
my $target = helix_node('target', conf => "helix.fold_interval = '20ms'\n");
$target->safe_psql('postgres', 'DROP EXTENSION helix');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $dump ], 'restored');
is($target->safe_psql('postgres', $read), $before, 'the copy reads the same');
is_exact($target, 'the copy, as restored');
record($target, metadata => '{"team": "new here"}', cost_usd => '0.25');
ok(wait_until_folded($target), 'it is adopted and folded');
is($target->safe_psql('postgres', "$read WHERE value IN ('unfolded', 'new here')"),
    "unfolded|value|1|1|0.5|-infinity|infinity|\nnew here|value|1|1|0.25|-infinity|infinity|", 'and counts on');
is($target->safe_psql('postgres', wrong('team')), '0', 'without a wrong value');
is_exact($target, 'the copy, in use');

# A month that retention dropped is missing of a key that is named afterwards, and only of that. 400 days from now both
# partitions are past their retention.
sql('SELECT helix.fold()');
sql(q(SELECT helix_internal.maintain_partitions(now() + interval '400 days')));
name_keys($node, 'team, late');
sql('SELECT pg_sleep(1)');
record($node, metadata => '{"team": "late", "late": "late"}');
sql('SELECT helix.fold()');
like(sql(q(SELECT key || ' ' || (counted_since IS NULL) FROM helix.dimensions ORDER BY 1)),
    qr/^feature true\nlate false\nteam true$/, 'that is said');
is(sql(q(SELECT kind, value, executions, counted_since > now() FROM helix.get_cost_by_dimension('late', '-infinity', 'infinity'))),
    'value|late|1|t', 'and what came since is counted');
is(sql("$read EXCEPT SELECT * FROM helix.get_cost_by_dimension('team', '-infinity', 'infinity')"), '', 'sums outlive the ledger');
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'all of it is proved');

done_testing();
