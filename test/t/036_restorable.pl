# What users store comes back from a dump, whatever they gave: times at both ends, zones that another server does not know.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/secret", "s3cret\n");
my $node = helix_node('main', conf => <<"CONF");
helix.secret_folder = '$folder'
helix.webhook_event_retention = 2147483647
helix.date_ahead = 3000000
CONF
my $me = user_id(1);

sub sql { return $node->safe_psql('postgres', @_) }

# Dumps the database and restores it into a new one on the same server; any error is a failure.
sub restored {
    my ($name, @options) = @_;
    my $file = $node->basedir . "/$name.sql";
    command_ok([ 'pg_dump', @options, '-d', $node->connstr('postgres'), '-f', $file ], "$name: dumped");
    sql("CREATE DATABASE $name");
    command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($name), '-f', $file ], "$name: restored");
}

# ---- Times: nothing beyond what a dump can bring back, and the ends of the range come back as they are.
my $enqueue = "SELECT helix.enqueue_execution(NULL, 'manual', NULL, '%s', p_user_id => '$me', p_operation_id => 'email-compose')";
my @ends = ('1970-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00');
for my $beyond ('294276-12-31 23:59:59.999999+00', '10000-01-01 00:00:00+00', '1969-12-31 23:59:59.999999+00', 'infinity',
    '-infinity') {
    refused($node, sprintf($enqueue, $beyond), '22008', 'p_run_at', "no execution runs at $beyond");
    refused($node, record_call(date => '2026-01-01', occurred_at => $beyond), '22008', 'occurred_at',
        "nothing occurred at $beyond");
}
sql(sprintf $enqueue, $_) for @ends;
record($node, occurred_at => $ends[0]);
record($node, date => '9999-12-31');
refused($node, record_call(occurred_at => $ends[1]), '22008', 'too far in the future', 'nothing occurred in 9999');
my $times = 'SELECT q.run_at, q.ready_at FROM helix_internal.queue q ORDER BY 1; '
  . 'SELECT e.occurred_at, e.date FROM helix.executions e ORDER BY 2';
my $stored = sql($times);
like($stored, qr/^1970-01-01 .*\n9999-12-31 .*\|9999-12-31 .*\n1970-01-01 .*\n2.*\|9999-12-31$/, 'both ends are stored');
for my $form ([ 'copies' ], [ 'inserts', '--inserts' ]) {
    restored(@$form);
    is($node->safe_psql($form->[0], $times), $stored, "$form->[0]: the times are the same");
}

# ---- The longest retention reaches back before 1970, where no id begins: it removes nothing.
sql("INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_secret_ref)"
      . " VALUES ('3eb00000-0000-4000-8000-000000000001', '$me', 'email-compose', 'webhook', 'file://$folder/secret')");
is(sql(sprintf q(SELECT helix.webhook_trigger('3eb00000-0000-4000-8000-000000000001', '{}', '%s') ->> 'accepted'),
    hmac_sha256_hex('{}', 's3cret')),
    'true', 'a webhook is accepted');
$node->restart; # the worker's tasks run at its start
wait_for_worker($node);
sleep 2;
is(sql('SELECT count(*) FROM helix.webhook_events'), '1', 'its event stays');

# ---- Zones: a name that is unknown here comes back with all the other rows, and nobody waits for it.
sql(<<"SQL");
INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone, created_at)
    SELECT ('aaaaaaaa-0000-4000-8000-00000000001' || n)::uuid, 'day', 1, zone, '2020-01-01'
      FROM (VALUES (1, 'Mars/Base'), (2, 'Europe/Berlin'), (3, 'SAT')) z (n, zone);
INSERT INTO helix_internal.operation_schedules (user_id, operation_id, schedule_type, cron_expression, timezone, created_at)
    SELECT '$me', 'email-compose', 'cron', '* * * * *', zone, '2020-01-01'
      FROM unnest('{Mars/Base,Europe/Berlin,SAT}'::text[]) zone;
SQL
my $zones = 'SELECT user_id, time_zone, limit_usd FROM helix.budgets ORDER BY 1; SELECT timezone, enabled
    FROM helix_internal.operation_schedules ORDER BY 1';
$stored = sql($zones);
is(scalar(() = $stored =~ /\n/g), 6, 'all are stored');
for my $form ([ 'zone_copies' ], [ 'zone_inserts', '--inserts' ]) {
    restored(@$form);
    is($node->safe_psql($form->[0], $zones), $stored, "$form->[0]: budgets and schedules are the same");
    is($node->safe_psql($form->[0], <<'SQL'), "t\n3\n3", "$form->[0]: all of them are claimed");
SELECT helix.resume_queue();
SELECT count(helix.enqueue_execution(NULL, p_user_id => user_id, p_operation_id => 'email-classify')) FROM helix.budgets;
SELECT count(*) FROM helix.claim_executions('w', 100, p_operations => '{email-classify}');
SQL
}
refused($node, "INSERT INTO helix.budgets (user_id, period, limit_usd, time_zone) VALUES ('$me', 'day', 1, 'Mars/Base')", '22023',
    'unknown time zone',
    'a new one is refused');

$node->stop;
done_testing();
