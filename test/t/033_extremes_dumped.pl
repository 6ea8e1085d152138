# A dump brings back all that users can store: the extreme of every column that they write is stored, dumped, restored into another
# cluster and compared, with every other table. A new column without an extreme here fails the test.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

# No worker: nothing changes between the dump and the comparison.
my $conf = <<'CONF';
helix.dimensions = 'a, kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'
helix.databases = ''
helix.fold_interval = '1h'
helix.executors = 0
helix.date_ahead = 3000000
helix.onepassword_cli = '/nowhere/op'
CONF
my $source = helix_node('source', conf => $conf);
my ($me, $group, $schedule, $clients) = (user_id(1), map { "0e000000-0000-4000-8000-00000000000$_" } 1 .. 3);
my $amount = '999999999.' . '9' x 40;
my $object = q((repeat('{"a":', 64) || '"' || left((SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2100) i),
    65000 - 64 * 16) || '"' || repeat('}', 64))::jsonb);
my $text = sub { "repeat('\xc3\xa4', $_[0])" };

sub sql { return $source->safe_psql('postgres', @_) }

# What users store, and how each column looks then: a condition, or '' for what the database makes.
my $ref = "'op://v/i/' || repeat('f', 491)";
my $operation = $text->(200);
my %stored = (
    'helix.operations' => {
        operation_id => "operation_id = $operation", name => "name = $operation", description => 'description = ' . $text->(2000),
        default_input_tokens => 'default_input_tokens = 1000000000', default_output_tokens => 'default_output_tokens = 0',
        handler => 'handler IS NULL' }, # its function is not in the dump of helix
    'helix.model_prices' => {
        provider => 'provider = ' . $text->(200), model => 'model = ' . $text->(200),
        valid_from => "valid_from = '9999-12-31 23:59:59.999999+00'",
        input_usd_per_mtok => 'input_usd_per_mtok = 999999999.999999999999',
        cached_input_usd_per_mtok => 'cached_input_usd_per_mtok = 0',
        output_usd_per_mtok => 'output_usd_per_mtok = 0.000000000001' },
    'helix.model_price_rates' => {
        provider => 'provider = ' . $text->(200), model => 'model = ' . $text->(200),
        valid_from => "valid_from = '9999-12-31 23:59:59.999999+00'", usage_type => "usage_type = 'cached_input_audio'",
        service_tier => 'service_tier = ' . $text->(40), above_prompt_tokens => 'above_prompt_tokens = 1000000000',
        week_hours => "week_hours = '{[0,1),[167,168)}'", usd_per_million => 'usd_per_million = 999999999.999999999999' },
    'helix.model_aliases' => {
        pattern => 'pattern = ' . $text->(500), provider => 'provider = ' . $text->(200), model => 'model = ' . $text->(200),
        position => 'position = -2147483648' },
    'helix.model_retirements' => {
        provider => 'provider = ' . $text->(200), model => 'model = ' . $text->(200), retires_on => "retires_on = '5874897-12-31'",
        successor => 'successor = ' . $text->(200) },
    'helix.webhook_schemes' => {
        name => "name = repeat('n', 63)", description => 'description = ' . $text->(2000), algorithm => "algorithm = 'sha512'",
        encoding => "encoding = 'base64'",
        signature_header => "signature_header = repeat('s', 200)", separator => "separator = repeat(';', 8)",
        prefix => 'prefix = ' . $text->(64),
        timestamp_header => "timestamp_header = repeat('t', 200)", timestamp_prefix => "timestamp_prefix = ''",
        id_header => "id_header = repeat('i', 200)",
        signed_content => 'length(signed_content) = 200', key_prefix => 'key_prefix = ' . $text->(64),
        key_encoding => "key_encoding = 'hex'", timestamp_unit => "timestamp_unit = 'ms'",
        kept_headers => "kept_headers = array_fill(repeat('k', 100), '{16}')", challenge_in => "challenge_in = 'query'",
        signature_path => "signature_path = repeat('s', 200)", timestamp_path => "timestamp_path = repeat('t', 200)",
        id_path => "id_path = repeat('i', 200)", delivery_header => "delivery_header = repeat('d', 200)",
        delivery_path => "delivery_path = repeat('d', 200)",
        (map { $_ => "$_ = " . $text->(200) } qw(challenge_field challenge_value challenge_token challenge_verify)),
        challenge_reply => "challenge_reply = '{token}' || repeat('r', 993)",
        challenge_reply_type => "challenge_reply_type = 'text'", challenge_status => 'challenge_status = 299' },
    'helix.user_operation_preferences' => {
        operation_id => "operation_id = $operation", preferred_model => 'preferred_model = ' . $text->(200),
        enabled => 'NOT enabled',
        default_parameters => "default_parameters = $object", cost_budget_monthly => "cost_budget_monthly = $amount" },
    'helix.ui_theme_preferences' => {
        color_scheme => "color_scheme = 'light'", accent_color => "accent_color = '#fFfFfF'", compact_mode => 'compact_mode',
        email_list_view => "email_list_view = 'compact'",
        calendar_view => "calendar_view = 'agenda'", tasks_sort_by => "tasks_sort_by = 'alphabetical'",
        (map { $_ => "NOT $_" } qw(notify_on_operation_completion notify_on_operation_failure notify_on_cost_limit_warning
            notify_on_cost_limit_exceeded)), sidebar_collapsed => 'sidebar_collapsed' },
    'helix.budget_groups' => { name => 'name = ' . $text->(200), parent_id => 'parent_id IS NOT NULL' },
    'helix.budget_group_members' => { group_id => "group_id = '$group'", joined_at => "joined_at = '-infinity'" },
    'helix.budgets' => {
        operation_id => "operation_id = $operation", group_id => "group_id = '$group'", period => "period = 'week'",
        dimension_key => "dimension_key = repeat('k', 63)", dimension_value => 'dimension_value = ' . $text->(200),
        time_zone => "time_zone = 'America/Argentina/ComodRivadavia'",
        limit_usd => "limit_usd = $amount", warn_percent => "warn_percent = 99.@{['9' x 40]}", hard => 'NOT hard',
        enabled => 'NOT enabled' },
    'helix_internal.budget_reservations' => { operation_id => "operation_id = $operation", amount_usd => "amount_usd = $amount",
        expires_at => "expires_at > now() + interval '29 days'", metadata => 'metadata IS NOT NULL' },
    'helix_internal.moved_costs' => { operation_id => "operation_id = $operation", usd => "usd = $amount",
        dimensions => 'length(dimensions::text) > 60000',
        occurred_at => "occurred_at < now() - interval '1 hour'", counts_at => "counts_at > now() - interval '1 hour'" },
    'helix_internal.request_ids' => { request_id => "request_id = repeat('q', 255)", content => 'content IS NOT NULL' },
    'helix_internal.queue' => {
        operation_id => "operation_id = $operation", triggered_by => "triggered_by = 'webhook'", priority => 'priority = 10',
        run_at => "run_at = '9999-12-31 23:59:59.999999+00'",
        request_id => 'request_id = ' . $text->(200), concurrency_key => 'concurrency_key = ' . $text->(200),
        payload => 'pg_column_size(payload) > 500000',
        worker => 'worker = ' . $text->(200), last_error => "last_error LIKE '%20,000 bytes]'",
        cost_estimates => "cost_estimates = ARRAY[NULL, $amount, NULL]",
        earlier_cost_usd => "earlier_cost_usd = $amount", progress => 'length(progress::text) > 8000' },
    'helix_internal.queue_pauses' => { operation_id => "operation_id = $operation", reason => 'reason = ' . $text->(1000) },
    'helix_internal.queue_requests' => { request_id => 'request_id = ' . $text->(200) },
    'helix_internal.schedule_executions' => {
        operation_id => "operation_id = $operation", worker => 'worker = ' . $text->(200),
        result => 'length(result::text) > 1000000', error_message => "error_message LIKE '%20,000 bytes]'",
        cost_actual => "cost_actual = $amount", latency_ms => 'latency_ms = 2147483647',
        cost_estimates => "cost_estimates = ARRAY[$amount, 0, $amount]" },
    'helix_internal.operation_schedules' => {
        operation_id => "operation_id = $operation", schedule_type => "schedule_type = 'webhook'",
        cron_expression => "length(cron_expression) = 200", webhook_url => 'webhook_url = ' . $text->(2000),
        webhook_secret_ref => 'length(webhook_secret_ref) = 500', enabled => 'NOT enabled',
        timezone => "timezone = 'America/Argentina/ComodRivadavia'", parameters => "parameters = $object",
        max_cost_per_month => "max_cost_per_month = $amount", job_name => "job_name = 'helix_' || repeat('j', 57)",
        missed_runs => "missed_runs = 'none'", overlap => "overlap = 'queue'",
        max_attempts => 'max_attempts = 100', webhook_scheme => "webhook_scheme = repeat('n', 63)",
        webhook_max_age => "webhook_max_age = '1 day'", webhook_max_ahead => "webhook_max_ahead = '0'",
        webhook_rate_limit => 'webhook_rate_limit = 1000000' },
    'helix_internal.operation_batches' => {
        name => 'name = ' . $text->(200), description => 'description = ' . $text->(2000),
        batch_type => "batch_type = 'conditional'", priority => 'priority = 10',
        max_concurrency => 'max_concurrency = 2147483647', max_cost_usd => "max_cost_usd = $amount",
        cancel_reason => 'cancel_reason = ' . $text->(1000), client_status => "client_status = 'partial_failure'",
        on_complete => "on_complete = $operation",
        cost_estimates => "cost_estimates = ARRAY[$amount, NULL, $amount]",
        started_at => "started_at = '1970-01-01 00:00:00+00'", completed_at => "completed_at = '9999-12-31 23:59:59.999999+00'" },
    'helix_internal.batch_operations' => {
        operation_id => "operation_id = $operation", name => 'name = ' . $text->(200), parameters => "parameters = $object",
        depends_on => 'cardinality(depends_on) = 1', client_running => 'client_running',
        cost_actual => "cost_actual = $amount", result => 'length(result::text) > 1000000',
        sequence_order => 'sequence_order = 1000000000', executed_at => "executed_at = '9999-12-31 23:59:59.999999+00'",
        cost_estimates => "cost_estimates = ARRAY[NULL, $amount, NULL]" },
);
# What the database makes in those tables. Tables that are in neither list hold nothing that users write.
my %made = map { $_ => 1 } qw(id user_id created_at updated_at shipped of_queue recorded_at merged execution_id requested_at
    schedule_id batch_id batch_operation_id ready_at running turn limited held_key reserved paused retried_as
    on_complete_execution_id by_service restored paused_at attempt max_attempts lease_until started_at scheduled_for run_as
    execution_status completed_at pg_cron_name previous_secret_ref previous_secret_until by_name next_scheduled_at
    pg_cron_expression cancelled_at sequence_order unblocked ended executed_at headers);
# copied, or written by workers alone
my %history = map { $_ => 1 } qw(triggered_by priority run_at request_id concurrency_key payload result error_message cost_actual);
my @database_only = qw(helix_internal.api_roles helix_internal.watermark helix_internal.ledger_partitions helix_internal.cost_trends
    helix_internal.operation_execution_analytics helix_internal.dimensions helix_internal.dimension_values
    helix_internal.dimension_days helix_internal.usage_quarters helix_internal.usage_minutes_0 helix_internal.usage_minutes_1
    helix_internal.usage_minutes_2 helix.preference_audit_log
  helix.budget_warnings helix_internal.forgotten_executions helix_internal.webhook_events helix_internal.webhook_deliveries
      helix.webhook_secret_audits helix.erasures helix_internal.past_memberships helix.optimization_recommendations
      helix_internal.recommendation_runs);

# ---- Every column of every dumped table is in one of the lists.
my $dumped = q(SELECT c.oid::regclass FROM pg_extension e, unnest(e.extconfig) o JOIN pg_class c ON c.oid = o
    WHERE e.extname = 'helix' AND c.relkind IN ('r', 'p') ORDER BY 1);
my @tables = split /\n/, sql($dumped);
# The rows of executions are in its partitions, which are nobody's but the database's; the others are as CREATE EXTENSION makes
# them, or a log.
my $left_out = 'helix_internal.api_grants helix_internal.cron_job_repairs helix_internal.executions helix_internal.known_reads '
  . 'helix_internal.usage_minutes';
is(sql(<<'SQL'), $left_out, 'nothing else is left out of dumps');
SELECT string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text)
  FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
  JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p') AND c.oid <> ALL (e.extconfig) WHERE e.extname = 'helix'
SQL
for my $table (@tables) {
    next if grep { $_ eq $table } @database_only;
    my @unknown = grep { !$stored{$table}{$_} && !$made{$_} && !$history{$_} }
      split /\n/, sql("SELECT attname FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 AND NOT attisdropped");
    is("@unknown", '', "$table: each column has its extreme here, or is the database's");
}

# ---- The extremes are stored.
sql(<<"SQL");
INSERT INTO helix.operations (operation_id, name, description, default_input_tokens, default_output_tokens)
    VALUES ($operation, $operation, ${\$text->(2000)}, 1000000000, 0);
INSERT INTO helix.model_prices
    VALUES (${\$text->(200)}, ${\$text->(200)}, '9999-12-31 23:59:59.999999+00', 999999999.999999999999, 0, 0.000000000001);
INSERT INTO helix.model_price_rates VALUES (${\$text->(200)}, ${\$text->(200)}, '9999-12-31 23:59:59.999999+00',
    'cached_input_audio', ${\$text->(40)}, 1000000000, '{[0,1),[167,168)}', 999999999.999999999999);
INSERT INTO helix.model_retirements (provider, model, retires_on, successor)
    VALUES (repeat('\xc3\xa4', 200), repeat('\xc3\xa4', 200), '5874897-12-31', repeat('\xc3\xa4', 200));
INSERT INTO helix.model_aliases (pattern, provider, model, position)
    VALUES (${\$text->(500)}, ${\$text->(200)}, ${\$text->(200)}, -2147483648);
INSERT INTO helix.webhook_schemes (name, description, algorithm, encoding, signature_header, separator, prefix, timestamp_header,
    id_header, signed_content, key_prefix, key_encoding, timestamp_unit, kept_headers, challenge_in, challenge_field,
    challenge_value, challenge_token, challenge_verify, challenge_reply, challenge_reply_type, challenge_status)
    VALUES (repeat('n', 63), ${\$text->(2000)}, 'sha512', 'base64', repeat('s', 200), repeat(';', 8), ${\$text->(64)},
        repeat('t', 200), repeat('i', 200), '{id}.{timestamp}.{body}' || repeat('x', 177), ${\$text->(64)}, 'hex', 'ms',
        array_fill(repeat('k', 100), '{16}'), 'query', ${\$text->(200)}, ${\$text->(200)}, ${\$text->(200)}, ${\$text->(200)},
        '{token}' || repeat('r', 993), 'text', 299);
INSERT INTO helix.webhook_schemes (name, signature_header, signature_path, timestamp_path, id_path, signed_content)
    VALUES ('paths', NULL, repeat('s', 200), repeat('t', 200), repeat('i', 200), '{timestamp}{id}');
INSERT INTO helix.webhook_schemes (name, delivery_header) VALUES ('delivery-header', repeat('d', 200));
INSERT INTO helix.webhook_schemes (name, delivery_path) VALUES ('delivery-path', repeat('d', 200));
INSERT INTO helix.user_operation_preferences (user_id, operation_id, preferred_model, enabled, default_parameters,
    cost_budget_monthly) VALUES ('$me', $operation, ${\$text->(200)}, false, $object, $amount);
INSERT INTO helix.ui_theme_preferences
    VALUES ('$me', 'light', '#fFfFfF', true, 'compact', 'agenda', 'alphabetical', false, false, false, false, true);
INSERT INTO helix.budget_groups (id, name, parent_id) VALUES (gen_random_uuid(), 'top', NULL);
INSERT INTO helix.budget_groups (id, name, parent_id) SELECT '$group', ${\$text->(200)}, id FROM helix.budget_groups;
INSERT INTO helix.budget_group_members VALUES ('$group', '$me', '-infinity');
INSERT INTO helix.budgets (user_id, operation_id, period, time_zone, limit_usd, warn_percent, hard, enabled) VALUES
    ('$me', $operation, 'week', 'America/Argentina/ComodRivadavia', $amount, 99.@{['9' x 40]}, false, false);
INSERT INTO helix.budgets (group_id, period, limit_usd) VALUES ('$group', 'day', 0);
SELECT helix.fold();
INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd)
    VALUES ('$me', repeat('k', 63), ${\$text->(200)}, 'day', 0);
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, cron_expression, webhook_url, enabled, timezone,
    parameters, max_cost_per_month, job_name, missed_runs, overlap,
    max_attempts, webhook_scheme, webhook_max_age, webhook_max_ahead, webhook_rate_limit) VALUES
    ('$schedule', '$me', $operation, 'webhook', repeat('c', 200), ${\$text->(2000)}, false, 'America/Argentina/ComodRivadavia',
        $object, $amount, 'helix_' || repeat('j', 57), 'none', 'queue', 100,
     repeat('n', 63), '1 day', '0', 1000000);
UPDATE helix_internal.operation_schedules SET webhook_secret_ref = $ref;
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, job_name)
    VALUES ('$clients', '$me', 'email-compose', 'manual', 'clients');
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, cost_estimated_mid)
    VALUES ('$clients', '$me', 'running', $amount);
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, cost_estimated_low, cost_estimated_mid,
    cost_estimated_high) VALUES ('$clients', '$me', 'pending', $amount, 0, $amount);
SQL
my $none = user_id(2); # no limits
sql(<<"SQL");
SELECT helix.reserve_budget('$none', $operation, $amount, '30 days', '{"a": 1}');
SELECT helix.record_operation_execution('$none', $operation, '9999-12-31', true, 2147483647, $amount, ${\$text->(100)},
    ${\$text->(100)}, 1000000000, 1000000000, 1000000000,
    repeat('q', 255), now() - interval '2 hours', repeat('e', 16384), repeat('t', 255),
        (SELECT jsonb_build_object('a', left(string_agg(md5(i::text), ''), 65000)) FROM generate_series(1, 2100) i),
        p_reservation_id => helix.reserve_budget('$none', $operation, $amount));
SELECT helix.record_operation_execution('$none', 'email-compose', '1970-01-01', false, 0,
    0.0000000000000000000000000000000000000001, 'openai', p_occurred_at => '1970-01-01 00:00:00+00');
SELECT helix.finalize_execution(id, p_cost_usd => $amount, p_input_tokens => 0, p_cached_input_tokens => 1000000000,
    p_output_tokens => 0, p_service_tier => ${\$text->(20)}) FROM helix.executions WHERE user_id = '$none';
SELECT helix.finalize_execution(id, '{"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 1000000000}', 0)
    FROM helix.executions WHERE user_id = '$none' AND corrects IS NULL;
SELECT helix.adjust_cost('$none', 'email-compose', -$amount, ${\$text->(1000)}, '1970-01-01 00:00:00+00');
SELECT helix.enqueue_execution(NULL, 'webhook', (SELECT jsonb_build_object('a', left(string_agg(md5(i::text), ''), 1000000))
    FROM generate_series(1, 32000) i), '9999-12-31 23:59:59.999999+00', 10,
    ${\$text->(200)}, '$none', $operation, ${\$text->(200)});
SELECT helix.enqueue_execution(NULL, 'manual', NULL, NULL, 10, NULL, '$none', $operation);
SELECT helix.enqueue_execution(NULL, 'manual', NULL, NULL, 9, NULL, '$none', $operation);
SELECT helix.enqueue_execution(NULL, 'manual', NULL, NULL, 8, NULL, '$none', $operation);
SELECT count(helix.complete_execution(execution_id, 'failed',
    (SELECT jsonb_build_object('a', left(string_agg(md5(i::text), ''), 1040000)) FROM generate_series(1, 33000) i), $amount,
        2147483647, fencing_token, repeat('e', 20000)))
  FROM helix.claim_executions(${\$text->(200)}, 1);
SELECT count(helix.fail_execution(execution_id, repeat('e', 20000), fencing_token, $amount, p_retry_in => '365 days'))
  FROM helix.claim_executions('w', 1);
SELECT count(*) FROM helix.claim_executions(${\$text->(200)}, 1);
SELECT helix.heartbeat_execution(id, attempt, '1 day', (SELECT jsonb_build_object('p', left(string_agg(md5(i::text), ''), 8100))
    FROM generate_series(1, 300) i)) FROM helix_internal.queue WHERE running AND worker <> 'w';
SELECT helix.cancel_batch(helix.create_batch('$none', ${\$text->(200)}, 'conditional', jsonb_build_array(
    jsonb_build_object('operation_id', $operation, 'name', ${\$text->(200)}, 'parameters', $object),
    jsonb_build_object('operation_id', $operation, 'depends_on', jsonb_build_array(1))), ${\$text->(2000)}, 10, 2147483647,
        $amount, p_on_complete => $operation), ${\$text->(1000)});
SELECT helix.pause_queue($operation, '$none', ${\$text->(1000)});
SQL
sql(<<"SQL");
INSERT INTO helix.operation_batches (id, user_id, name, status, started_at, completed_at, total_cost_estimated_low,
    total_cost_estimated_high) VALUES ('$clients', '$me', 'ended', 'partial_failure', '1970-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999999+00', $amount, $amount);
WITH b AS (INSERT INTO helix.operation_batches (user_id, name) VALUES ('$me', 'draft') RETURNING id)
INSERT INTO helix.batch_operations (batch_id, operation_id, status, sequence_order, cost_actual, cost_estimated_mid, executed_at,
    result) SELECT id, 'email-compose', 'running', 1000000000, $amount, $amount, '9999-12-31 23:59:59.999999+00',
        (SELECT jsonb_build_object('a', left(string_agg(md5(i::text), ''), 1040000)) FROM generate_series(1, 33000) i) FROM b;
SQL
for my $table (sort keys %stored) {
    is(sql("SELECT count(*) > 0 FROM $table WHERE $stored{$table}{$_}"), 't', "$table.$_ holds its extreme")
        for sort keys %{ $stored{$table} };
}

# ---- Dumped, restored into another cluster, and compared: every table that is dumped, the ledger, and what is read of it.
my $dump = $source->basedir . '/dump.sql';
my $target = helix_node('target', conf => "shared_preload_libraries = 'helix'\n$conf");
command_ok([ 'pg_dump', '-d', $source->connstr('postgres'), '-f', $dump ], 'dumped');
$target->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('restored'), '-f', $dump ], 'restored');
for my $table (@tables, 'helix_internal.executions') {
    my $rows = "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM $table t";
    # CREATE EXTENSION ships the others
    $rows .= ' WHERE NOT shipped' if grep { $_ eq $table } qw(helix.operations helix.model_prices helix.webhook_schemes);
    $rows .= ' WHERE NOT restored' if $table eq 'helix_internal.queue_pauses';
    is($target->safe_psql('restored', $rows), sql($rows), "$table is the same");
}
is(all_reads($target, 'restored'), all_reads($source, 'postgres'), 'everything reads the same');
done_testing();
