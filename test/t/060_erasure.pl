# Erasure: all that helix keeps about a user goes, piece by piece, through kill -9 too. Nobody else's rows or sums change, and
# the ledger is exact after every piece.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use AttackSeed;
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;

my $redis = start_redis();
my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/secret", "s3cret\n");
my $node = helix_node('erasing', conf => <<"CONF");
shared_preload_libraries = 'pg_cron,helix'
cron.use_background_workers = on
cron.database_name = 'postgres'
max_worker_processes = 20
jit = off
helix.databases = ''
helix.ledger_retention = 0
helix.usage_minutes_retention = 1h
helix.secret_folder = '$folder'
helix.redis_url = '${\$redis->url}'
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

my ($ann, $bob) = (user_id(1), 'b0bb0bb0-0b0b-4b0b-8b0b-b0bb0bb0b0bb');
sql(q{CREATE EXTENSION pg_cron;
    CREATE ROLE erasing_user; CREATE ROLE erasing_service; CREATE ROLE erasing_anon;
    SELECT helix.grant_api_access('erasing_user', 'erasing_service', 'erasing_anon')});
seed_user($node, $ann, 'annsown', $folder);
seed_user($node, $bob, 'c4n4ry', $folder);
sql("INSERT INTO helix_internal.operation_schedules (user_id, operation_id, job_name, schedule_type, cron_expression)
    VALUES ('$bob', 'email-compose', 'job-of-$bob', 'cron', '0 0 1 1 *')");
my %relations = relations_of($node, $ann);
delete @relations{qw(helix.erasures helix_internal.cost_trends helix_internal.operation_execution_analytics
      helix_internal.usage_minutes helix_internal.usage_quarters helix.model_prices helix.model_price_rates)}; # these move

# Rows of every table of the database in which the user's id stands, with its dashes or without.
sub mentions {
    my ($user) = @_;
    my @tables = split /\n/, sql(q(SELECT c.oid::regclass FROM pg_class c
         WHERE c.relkind IN ('r', 'm') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' ORDER BY 1));
    my $bare = $user =~ s/-//gr;
    return sql(join ' UNION ALL ',
        map { "SELECT '$_ ' || count(*) FROM $_ t WHERE t::text ~ '$user|$bare' HAVING count(*) > 0" } @tables);
}

# Copies what the user has recorded this month to an earlier one, as if recorded then.
sub record_earlier {
    my ($user, $months) = @_;
    my $start = "(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '$months month') AT TIME ZONE 'UTC'";
    sql("SELECT helix_internal.maintain_partitions($start)");
    sql(<<"SQL");
INSERT INTO helix_internal.executions
SELECT (e).* FROM (
    SELECT jsonb_populate_record(e, jsonb_build_object('id', nextval('helix_internal.execution_ids'),
               'xid', pg_current_xact_id()::text::bigint, 'recorded_at', $start + interval '1 day',
               'occurred_at', $start + interval '1 day')) AS e
      FROM helix_internal.executions e WHERE e.user_id = '$user' AND e.corrects IS NULL) moved
SQL
    return;
}

sub record_much {
    my ($user, $count) = @_;
    sql("SELECT helix.record_operation_executions(array_fill('$user'::uuid, ARRAY[$count]),
        array_fill('email-compose'::text, ARRAY[$count]), array_fill(NULL::date, ARRAY[$count]),
        array_fill(true, ARRAY[$count]), array_agg(i), array_agg(i * 0.000001), array_fill('openai'::text, ARRAY[$count]),
        p_occurred_at => array_agg(now() - i * interval '1 minute'))
        FROM generate_series(1, $count) i");
    return;
}

# Closes what is over at a time from now, and turns the slots of minutes.
sub close_levels {
    my ($ahead) = @_;
    my $now = "clock_timestamp() + interval '$ahead'";
    return sql("SELECT helix_internal.close_levels($now); SELECT helix_internal.retire_levels($now)");
}

# Some of what they have is folded, some is not, and some is in a month that retention drops.
record_much($_, 6_000) for $ann, $bob;
record_earlier($_, -5) for $ann, $bob;
sql('SELECT helix.fold()');
close_levels('-1 day');
sql(q(ALTER SYSTEM SET helix.ledger_retention = '60d'));
$node->reload;
$node->poll_query_until('postgres', q(SELECT current_setting('helix.ledger_retention') = '60d')) or die 'no reload';
is(sql('SELECT helix_internal.maintain_partitions(now())'), '2', 'retention drops months');
record_much($_, 100) for $ann, $bob;
sql("INSERT INTO helix.model_prices VALUES ('openai', 'dear', '2020-01-01', 1, 1, 1);
    SELECT helix.record_operation_execution('$bob', 'email-compose', NULL, true, 1, NULL, 'openai', 'dear', 1000, 0, 1000)
      FROM generate_series(1, 50)");
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'exact before');
cmp_ok(scalar(my @tables = split /\n/, mentions($bob)), '>', 15, 'the user is in many tables');
my $anns = digest($node, $ann, \%relations);
my $anns_sums = sql("SELECT t::text FROM helix.cost_trends t WHERE user_id = '$ann' ORDER BY date");

# Who may ask.
refused($node, "SET ROLE erasing_user; SELECT helix.erase_user('$ann')", '42501', '', 'users may not ask for it');
refused($node, 'SELECT helix.erase_user(NULL)', '22004', '', 'nobody is no user');
my $ask = "SET ROLE erasing_service; SELECT state, erased FROM helix.erase_user('$bob')";

# An open recording may still bring rows, so the erasure waits for it. Budgets wait for an open reservation, other tables do not.
my $open = $node->background_psql('postgres');
$open->query_safe('BEGIN');
record($open, user_id => $bob);
$open->query_safe("SELECT helix.reserve_budget('$bob', 'email-compose', 0.1)");
is(sql($ask), 'running|{}', 'a service role asks');
is(sql('SELECT count(*), min(requested_by), bool_and(finished_at IS NULL) FROM helix.erasures'), '1|erasing_service|t',
    'which is on record');
my $late = $node->background_psql('postgres'); # what it has begun later corrects what is about to go
$late->query_safe('BEGIN');
$late->query_safe("SELECT helix.adjust_cost(user_id, operation_id, -0.1, 'late', p_execution_id => id) FROM helix.executions
    WHERE user_id = '$bob' AND corrects IS NULL LIMIT 1");
my ($pieces, $most, @inexact) = (0, 0);
my $piece = sub {
    my $rows = sql("SET statement_timeout = '60s'; SELECT helix_internal.erase_some()");
    push @inexact, "piece $pieces" if sql('SELECT * FROM helix.verify_ledger()') ne '';
    $most = $rows if $rows > $most;
    return ++$pieces && $rows;
};
while ($piece->()) {
    # what comes in between is erased too
    record($node, user_id => $bob) if $pieces % 10 == 5;
    sql('SELECT helix.fold()') if $pieces % 7 == 3;
    close_levels(5 * $pieces . ' minutes') if $pieces % 3 == 1;
    sql("UPDATE helix.model_prices SET input_usd_per_mtok = $pieces WHERE model = 'dear';
        SELECT helix.reprice(now() - interval '1 day', now() + interval '1 day', 'dear')");
}
cmp_ok($most, '<=', 5000, "$pieces pieces, none of more than 5,000 rows");
like(sql($ask), qr/^running\|.*"executions": [6-9]\d{3}[,}]/, 'a second call says how far it is');
is(sql("SELECT (SELECT count(*) > 0 FROM helix.budgets WHERE user_id = '$bob'),
    (SELECT count(*) FROM helix_internal.executions WHERE user_id = '$bob')"), 't|0', 'only what is held is left');
$open->query_safe('COMMIT');
$open->quit;
1 while $piece->();
is(sql('SELECT finished_at IS NULL FROM helix.erasures'), 't', 'an adjustment that is open puts off the end');
$late->query_safe('COMMIT; BEGIN; LOCK TABLE helix.webhook_secret_audits');
1 while $piece->();
is(sql('SELECT finished_at IS NULL FROM helix.erasures'), 't', 'so does a locked table, for which no piece waits');
$late->query_safe('COMMIT');
$late->quit;
1 while $piece->();
is("@inexact", '', 'the ledger is exact after every piece');
is(mentions($bob), '', 'no table has the user any more');
is(sql("SELECT subject_id IS NULL, finished_at > requested_at, in_transit_rows, in_transit_usd,
        (erased ->> 'executions')::int > 6000, erased ? 'queue', erased ? 'webhook_events' FROM helix.erasures"),
    't|t|0|0|t|t|t', 'the act is on record without them');
is(sql(q(SELECT min(folded_rows) >= 0, sum(folded_rows) = (SELECT folded_rows FROM helix_internal.watermark)
    FROM helix_internal.ledger_partitions)), 't|t', 'the dropped month has given what was theirs');
is(digest($node, $ann, \%relations), $anns, "the other user's rows are as they were");
is(sql("SELECT t::text FROM helix.cost_trends t WHERE user_id = '$ann' ORDER BY date"), $anns_sums, 'and so are their sums');
is(sql("SELECT count(*) FROM cron.job WHERE command ~ '$bob'"), '0', 'pg_cron has no job of theirs');
is(sql($ask), 'finished|{}', 'there is nothing more to erase');
unlike(slurp_file($node->logfile), qr/$bob/, 'the log does not name them');
my ($dump) = run_command([ 'pg_dump', '-p', $node->port, '-h', $node->host, 'postgres' ]);
unlike($dump, qr/$bob|${\($bob =~ s{-}{}gr)}/, 'nor does a dump');

# A new recording starts anew.
record($node, user_id => $bob, cost_usd => 2);
sql('SELECT helix.fold()');
is(sql("SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = '$bob'"), '1|2',
    'who comes back begins anew');
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'exactly');

# The worker does it through kill -9, and cached keys go too.
seed_user($node, $bob, 'again', $folder);
record_much($bob, 30_000);
sql(q(ALTER SYSTEM SET helix.databases = 'postgres'));
$node->restart;
ok(wait_until_folded($node), 'a worker folds');
ok(wait_for_cache($node, 'up'), 'the cache is up');
sql("SELECT helix.cache_read('cost_trends:$bob:7'), helix.cache_read('op_prefs:$bob')");
$redis->cli('SET', "theme_prefs:$bob", '{}');
cmp_ok(scalar(grep { /$bob/ } split /\n/, $redis->cli('KEYS', '*')), '>', 2, 'keys are cached');
my $other = $node->background_psql('postgres', on_error_stop => 0); # the erasure waits for its end, and so for the kill
$other->query_safe('BEGIN; SELECT pg_current_xact_id()');
sql("SELECT helix.erase_user('$bob')");
$node->poll_query_until('postgres', "SELECT erased ? 'executions' FROM helix.erasures WHERE subject_id = '$bob'")
  or die 'the erasure does not begin';
kill 9, worker_pid($node);
$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
eval { $other->quit };
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'exact after kill -9');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 AND bool_and(finished_at IS NOT NULL) FROM helix.erasures'),
    'the erasure goes on by itself, and ends');
is(mentions($bob), '', 'no table has the user any more');
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'exact at the end');
my $end = time + 10;
my $families = qr/^(?:cost_trends|op_prefs|op_pref|theme_prefs|op_metrics|all_op_metrics|recommendations):$bob/m;
sleep 1 while time < $end && join("\n", $redis->cli('KEYS', '*')) =~ $families;
unlike(join("\n", $redis->cli('KEYS', '*')), $families, 'no cached key has the user');
note 'left in Redis: ', join ' ', grep { /$bob/ } split /\n/, $redis->cli('KEYS', '*');
is(sql('SELECT worker_last_error FROM helix.ledger_status()'), '', 'the worker had no errors');
$node->stop;
done_testing();
