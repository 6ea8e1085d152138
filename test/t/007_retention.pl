# Proves that retention drops whole months of the ledger and not one decimal of the sums: partitions are made ahead, only what
# is folded and old enough goes, sums and their proof stay, and nobody waits long for it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = helix_node('node', conf => "helix.databases = ''\nhelix.ledger_retention = 0\ntimezone = 'Pacific/Auckland'\n");

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Start of the month that is $_[0] months from this one, in UTC.
sub month { return qq((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '$_[0] month') AT TIME ZONE 'UTC') }
sub name_of { return sql(sprintf q(SELECT to_char(%s AT TIME ZONE 'UTC', 'YYYY_MM')), month($_[0])) }
sub maintain { return sql("SELECT helix_internal.maintain_partitions($_[0])") }
my $mid_month = month(0) . q( + interval '15 days');

sub partitions_are {
    my ($expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(sql(q(SELECT string_agg(right(inhrelid::regclass::text, 7), ' ' ORDER BY inhrelid::regclass::text COLLATE "C")
               FROM pg_inherits WHERE inhparent = 'helix_internal.executions'::regclass)),
        join(' ', map { name_of($_) } @$expected), $name);
}

sub retain {
    sql("ALTER SYSTEM SET helix.ledger_retention = '$_[0]'");
    $node->reload;
    $node->poll_query_until('postgres', "SELECT current_setting('helix.ledger_retention') = '$_[0]'") or die 'no reload';
}

# What the views say, but for period_end: that of a day that runs follows the clock.
sub sums {
    return sql('SELECT t::text FROM helix.cost_trends t ORDER BY user_id, date')
      . sql(q(SELECT to_jsonb(a) - 'period_end' FROM helix.operation_execution_analytics a
               ORDER BY user_id, operation_id, period_start))
      . sql(q(SELECT sum(total_operations), sum(total_cost_usd) FROM helix.cost_trends));
}

sub is_verified {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(sql('SELECT * FROM helix.verify_ledger()'), '', "$name: verify_ledger() finds nothing");
}

# Copies the executions of this month to an earlier one, as if recorded then.
sub record_earlier {
    my ($months) = @_;
    sql(<<"SQL");
INSERT INTO helix_internal.executions
SELECT (e).* FROM (
    SELECT jsonb_populate_record(e, jsonb_build_object('id', nextval('helix_internal.execution_ids'),
               'xid', pg_current_xact_id()::text::bigint, 'recorded_at', ${\month($months)} + interval '1 day',
               'occurred_at', ${\month($months)} + interval '1 day', 'date', e.date + interval '$months month')) AS e
      FROM helix_internal.executions e WHERE e.recorded_at >= ${\month(0)}) moved
SQL
}

# Made ahead, for any time.
is(maintain('now()'), '0', 'nothing to drop');
partitions_are([ 0, 1 ], 'this month and the next');
maintain(month($_)) for -4, -2, 0;
maintain(month(0) . q( + interval '40 years'));
partitions_are([ -4 .. 1, 480, 481 ], 'and those of any other time that is asked for');
refused($node, q(SELECT helix_internal.maintain_partitions('infinity')), '22008', '', 'but of no infinite one');
refused($node, 'SELECT helix_internal.maintain_partitions(NULL)', '22004', '', 'nor of none');

record_many($node, 400);
record($node, cost_usd => undef, model => 'gpt-4o-mini', input_tokens => 1234567, output_tokens => 7654321);
record_earlier($_) for -4 .. -1;
is(sql('SELECT helix.fold()'), 5 * 401, 'five months are folded');
my $sums = sums();
is_exact($node, 'before');

is(maintain($mid_month . q( + interval '5 years')), '0', 'retention 0 keeps all');
partitions_are([ -4 .. 1, 60, 61, 480, 481 ], 'forever');
sql(sprintf 'DROP TABLE helix_internal.executions_%s', name_of($_)) for 60, 61, 480, 481;

# The worker does it by itself: here its limit is an hour after the end of the oldest month.
my $limit = sql('SELECT extract(epoch FROM now() - ' . month(-3) . ')::int - 3600');
sql("ALTER SYSTEM SET helix.ledger_retention = '${limit}s'");
sql(q(ALTER SYSTEM SET helix.databases = 'postgres'));
sql(q(ALTER SYSTEM SET helix.fold_interval = '1h'));
$node->restart;
$node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM helix_internal.ledger_partitions WHERE dropped_at IS NOT NULL')
  or die 'the worker has dropped nothing';
partitions_are([ -3 .. 1 ], 'the worker drops the one month that is too old');
is_verified('dropped by the worker');
is(sums(), $sums, 'and the sums do not notice');
sql(q(ALTER SYSTEM SET helix.databases = ''));
$node->restart;

# Old enough, but not folded; folded, but not old enough.
record_earlier(-2);
$sums = sums();
retain('20d');
is(maintain($mid_month), '1', 'one month goes');
partitions_are([ -2 .. 1 ], 'a month with unfolded executions stays, and one that ended 15 days ago');
is(sums(), $sums, 'not a decimal has changed');
is_verified('one dropped');
my $old = sql(sprintf 'SELECT max(id) FROM helix.executions WHERE recorded_at >= %s AND recorded_at < %s', month(-2), month(-1));
is(sql("SELECT helix.finalize_execution($old, p_cost_usd => 12.5)"), '12.5', 'what is kept can be finalized');
$sums = sums();
is(sql('SELECT helix.fold()'), '401', 'the rest is folded');
is(sums(), $sums, 'which changes no sum');

# Somebody reads: retention gives up soon, and those behind it do not wait longer than that.
retain('10d');
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM helix.executions');
my $dropper = $node->background_psql('postgres', on_error_stop => 0);
my $start = time;
$dropper->query_until(qr/go/, "\\set VERBOSITY verbose\n\\echo go\nSELECT helix_internal.maintain_partitions($mid_month);\n");
$node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM pg_locks WHERE NOT granted') or die 'nobody waits';
my $before_writing = time;
record($node, user_id => user_id(9), cost_usd => '0.7');
cmp_ok(time - $before_writing, '<', 1, 'a writer does not wait long');
my $before_reading = time;
is(sql(sprintf q(SELECT total_cost_usd FROM helix.cost_trends WHERE user_id = '%s'), user_id(9)), '0.7', 'a reader neither');
cmp_ok(time - $before_reading, '<', 1, 'as the clock says');
$dropper->query('SELECT 1');
like($dropper->{stderr}, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'retention gives up');
cmp_ok(time - $start, '<', 3, 'soon');
partitions_are([ -2 .. 1 ], 'and has dropped nothing');
is($reader->query_safe('SELECT count(*) > 0 FROM helix.executions'), 't', 'the reader goes on');
$reader->query_safe('COMMIT');
$_->quit for $reader, $dropper;
$sums = sums();

# Budgets need single rows where a member joined within a quarter of an hour, and at the ends of days of a dimension.
sql("WITH g AS (INSERT INTO helix.budget_groups (name) VALUES ('late') RETURNING id) INSERT INTO helix.budget_group_members "
      . "SELECT id, '${\user_id(9)}', ${\month(0)} - interval '7 seconds' FROM g");
is(maintain($mid_month), '1', 'the next time one goes');
partitions_are([ -1 .. 1 ], 'but not the one that budgets of groups still need');
sql('DELETE FROM helix.budget_groups');
sql('SET session_replication_role = replica; ' # no fold has counted the key
      . 'INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd) '
      . "VALUES ('${\user_id(9)}', 'team', 'red', 'day', 1)");
is(maintain($mid_month), '0', 'nor one that those of dimensions need');
sql('DELETE FROM helix.budgets');
is(maintain($mid_month), '1', 'when nobody needs it, it goes');
partitions_are([ 0, 1 ], 'and this month stays');
is(sums(), $sums, 'not a decimal has changed');
is_verified('all dropped');
is(sql('SELECT count(*), sum(folded_rows) FROM helix_internal.ledger_partitions WHERE dropped_at IS NOT NULL'),
    '4|' . 5 * 401, 'what they held is on record');

# Life goes on, also for days of dropped months, and what is gone cannot be priced anew.
refused($node, 'SELECT helix.reprice(' . month(-1) . ', now())', '22023', 'ledger of that time has been dropped.*HINT',
    'a dropped time cannot be repriced');
refused($node, "SELECT helix.finalize_execution($old, p_cost_usd => 1)", 'P0002', "would be $old.*HINT.*ledger_retention",
    'nor a dropped execution finalized');
my ($count, $cost) = split /\|/, sql(q(SELECT sum(total_operations), sum(total_cost_usd) FROM helix.cost_trends));
my $day = sql('SELECT min(date) FROM helix.cost_trends');
record($node, user_id => user_id($_), date => $day, cost_usd => '0.00000000001') for 1 .. 5;
record_many($node, 50, seed => 4);
my $added = sql(q(SELECT sum(cost_usd) FROM (SELECT cost_usd FROM helix.executions ORDER BY recorded_at DESC LIMIT 55) e));
is(sql('SELECT helix.fold()'), '56', 'new executions are folded');
is(sql(q(SELECT sum(total_operations), trim_scale(sum(total_cost_usd)) FROM helix.cost_trends)),
    sql("SELECT $count + 55, trim_scale($cost + $added)"), 'and added to the sums');
is_verified('in use');
sql('UPDATE helix.model_prices SET output_usd_per_mtok = output_usd_per_mtok + 1');
is(sql('SELECT executions, trim_scale(new_cost_usd - old_cost_usd) FROM helix.reprice(' . month(0) . ', now())'), '1|7.654321',
    'what is kept can be repriced');
is(sql(q(SELECT trim_scale(sum(total_cost_usd)) FROM helix.cost_trends)), sql("SELECT trim_scale($cost + $added + 7.654321)"),
    'and the sums follow');
is_verified('repriced');

# A month that was dropped too early, by a clock that ran ahead, comes back with its next execution.
is(maintain(q(now() + interval '1 year')), '2', 'the future drops this month and the next');
record_many($node, 10);
is(sql('SELECT helix.fold()'), '10', 'recording and folding go on');
is(sql(q(SELECT sum(total_operations) FROM helix.cost_trends)), $count + 55 + 10, 'all executions count');
is_verified('after a clock that ran ahead');

done_testing();
