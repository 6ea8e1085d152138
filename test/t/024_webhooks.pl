# A delivery is queued exactly once: many at the same time, after a crash, after a rollback, in another cluster from a dump. What
# was answered with 202 is there, event and execution; what was not answered may come again.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $schedule = '3eb00000-0000-4000-8000-000000000001';
my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/secret", "s3cret\n");
my $conf = "helix.secret_folder = '$folder'\nmax_connections = 80\n";
my $node = helix_node('main', conf => $conf);

sub sql { return $node->safe_psql('postgres', @_) }

sub call_text {
    my ($body, $id) = @_;
    $id //= $schedule;
    return sprintf "SELECT helix.webhook_trigger('%s', '%s', '%s')", $id, $body, hmac_sha256_hex($body, 's3cret');
}

# The answer's fields and status.
sub call {
    my ($body, $id) = @_;
    return sql("BEGIN; SELECT answer->>'accepted', answer->>'duplicate', answer->>'error' FROM (" . call_text($body, $id)
          . ") c (answer); SELECT current_setting('response.status'); COMMIT") =~ s/\n/|/r;
}

sub counts { return sql("SELECT (SELECT count(*) FROM helix.webhook_events WHERE execution_id IS NOT NULL),
    (SELECT count(*) FROM helix_internal.queue)") }

sub add_schedule {
    my ($id, %columns) = @_;
    my %row = (id => $id, user_id => user_id(1), operation_id => 'email-compose', schedule_type => 'webhook',
        webhook_secret_ref => "file://$folder/secret", %columns);
    sql('INSERT INTO helix.operation_schedules (' . join(', ', sort keys %row) . ') VALUES ('
          . join(', ', map { defined $row{$_} ? "'$row{$_}'" : 'NULL' } sort keys %row) . ')');
}

add_schedule($schedule, webhook_rate_limit => undef);
is(call('{"n": 1}'), 'true|||202', 'a call is accepted');
is(call('{"n": 1}'), 'true|true||202', 'and is known the second time');
is(counts(), '1|1', 'one event, one execution');

# ---- A transaction that rolls back has delivered nothing.
sql('BEGIN; ' . call_text('{"n": 2}') . '; ROLLBACK');
is(counts(), '1|1', 'a rollback leaves nothing');
is(call('{"n": 2}'), 'true|||202', 'and the delivery may come again');

# ---- Many at the same time: the first transaction decides, whether it commits or not.
my $first = $node->background_psql('postgres');
$first->query_safe('BEGIN');
$first->query_safe(call_text('{"n": 3}'));
my @same = map { start_command("$folder/same.$_", "psql", "-XAtq", "-d", $node->connstr("postgres"), "-c", call_text(q({"n": 3}))) }
    1 .. 5;
$node->poll_query_until('postgres', q(SELECT count(*) = 5 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
    AND query LIKE '%webhook_trigger%'))
  or die 'the others do not wait';
$first->query_safe('ROLLBACK');
$_->finish for @same;
is(sql(q(SELECT count(*) FILTER (WHERE NOT duplicate), count(*) FILTER (WHERE duplicate) FROM helix.webhook_events
    WHERE signature = ')
      . substr(hmac_sha256_hex('{"n": 3}', 's3cret'), 0, 20) . q(')), '1|4',
      'of six one rolls back, one is queued, four are duplicates');
$first->quit;

# 16 clients call with 400 bodies in different orders.
sql('CREATE TABLE bodies (n integer, body text, signature text)');
sql('INSERT INTO bodies VALUES '
    . join(', ', map { my $b = qq({"id": $_}); sprintf "(%d, '%s', '%s')", $_, $b, hmac_sha256_hex($b, 's3cret') } 1 .. 400));
sql(q(ALTER SYSTEM SET helix.webhook_unverified_rate = 1000000));
$node->reload;
my $script = "$folder/calls.sql";
append_to_file($script, "\\set n random(1, 400)\nSELECT helix.webhook_trigger('$schedule', body, signature) FROM bodies
    WHERE n = :n\n");
chmod 0644, $script;
my $before = sql('SELECT count(*) FROM helix_internal.queue');
$node->command_ok([ 'pgbench', '-n', '-c', 16, '-j', 2, '-t', 200, '-f', $script, 'postgres' ], '3,200 calls by 16 clients');
is(sql("SELECT count(*), count(DISTINCT payload) FROM helix_internal.queue WHERE payload ? 'id'"),
    sql("SELECT count(DISTINCT signature), count(DISTINCT signature) FROM helix.webhook_events
        WHERE signature IN (SELECT left(signature, 20) FROM bodies)"),
    'each body that came was queued once');
is(sql("SELECT count(*) FROM helix.webhook_events WHERE signature IN (SELECT left(signature, 20) FROM bodies)"), '3200',
    'and each call has its event');

# ---- A crash: what was answered is there.
my ($out, $err) = ('', '');
my $caller = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \my $in, '>', \$out, '2>', \$err);
my $sent = 0;
my $until = time + 2;
while (time < $until) {
    $in .= call_text(sprintf '{"crash": %d}', ++$sent) . ";\n";
    $caller->pump_nb;
    sleep 0.001;
}
$node->stop('immediate');
eval { $caller->finish };
my $answered = () = $out =~ /"queued"/g;
cmp_ok($answered, '>', 100, "$answered calls were answered before the crash");
$node->start;
my $kept = sql(q(SELECT count(*) FROM helix.webhook_events e JOIN helix_internal.queue q ON q.id = e.execution_id
    AND q.payload = e.payload WHERE e.payload ? 'crash'));
cmp_ok($kept, '>=', $answered, "$kept of them are there, event and execution");
my @again = map { call(qq({"crash": $_})) } 1 .. 50, $answered - 50 .. $answered;
is(scalar(grep { $_ ne 'true|true||202' } @again), 0, 'and known as duplicates');
is(sql(q(SELECT count(*) - count(DISTINCT payload) FROM helix_internal.queue WHERE payload ? 'crash')), '0',
    'nothing is queued twice');

# ---- One at a time.
my $serial = '3eb00000-0000-4000-8000-000000000002';
add_schedule($serial, overlap => 'queue');
call('{"turn": 1}', $serial);
call('{"turn": 2}', $serial);
is(sql("SELECT payload->>'turn', ready_at = 'infinity' FROM helix_internal.queue WHERE schedule_id = '$serial' ORDER BY 1"),
    "1|f\n2|t", 'the second waits for the first');
sql("DELETE FROM helix_internal.queue WHERE schedule_id <> '$serial'");
is(sql("SELECT c.payload->>'turn' FROM helix.claim_executions('w', 10) c"), '1', 'and is not handed out before');
sql("SELECT helix.complete_execution(id, 'success') FROM helix_internal.queue WHERE running");
is(sql("SELECT c.payload->>'turn' FROM helix.claim_executions('w', 10) c"), '2', 'but after');

# ---- A dump: deliveries stay known, no audit is written anew.
my $audits = sql('SELECT id, schedule_id, action, new_hash FROM helix.webhook_secret_audits ORDER BY id');
like($audits, qr/^1\|$schedule\|created\|[0-9a-f]{8}$/m, 'the secrets were audited');
my $dump = $node->basedir . '/dump.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'pg_dump');
unlike(slurp_file($dump), qr/s3cret/, 'the secret is not in the dump');
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->append_conf('postgresql.conf', "shared_preload_libraries = 'helix'\n$conf");
$target->start;
$target->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $dump ], 'restored');
my $events = sql('SELECT count(*), count(payload) FROM helix.webhook_events');
($node, my $source) = ($target, $node);
is(sql('SELECT count(*), count(payload) FROM helix.webhook_events'), $events, 'with every event');
is(sql('SELECT id, schedule_id, action, new_hash FROM helix.webhook_secret_audits ORDER BY id'), $audits, 'and every audit');
is(call('{"n": 1}'), 'true|true||202', 'an old delivery is known');
is(call('{"n": 4}'), 'true|||202', 'a new one is not');
add_schedule('3eb00000-0000-4000-8000-000000000003');
is(sql('SELECT action, id > 2 FROM helix.webhook_secret_audits ORDER BY id DESC LIMIT 1'), 'created|t',
    'audits go on where they were');

# ---- Retention removes events, never deliveries.
sql("UPDATE helix_internal.webhook_events SET created_at = created_at - interval '100 days',
        id = ('00000000' || substr(id::text, 9))::uuid WHERE signature IN (SELECT left(signature, 20) FROM bodies)");
my $left = sql('SELECT count(*) FROM helix.webhook_events WHERE created_at > now() - interval \'1 day\'');
$target->restart; # the worker begins with it
$target->poll_query_until('postgres', "SELECT count(*) = $left FROM helix.webhook_events") or die 'old events stay: ' . counts();
pass('old events go, the others stay');
is(call('{"id": 1}'), 'true|true||202', 'what they have delivered stays known');

$source->stop;
$target->stop;
done_testing();
