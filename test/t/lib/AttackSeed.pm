# What there is to be attacked: the functions and relations of the catalog, a user with rows in every relation, and what of
# them must not be seen by others.
package AttackSeed;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(seed_user functions_of relations_of canaries_of digest more_values right_values copies);

# A row of everything for a user; every text begins with $tag. Returns the ids by name.
sub seed_user {
    my ($node, $user, $tag, $folder) = @_;
    my $sql = sub { $node->safe_psql('postgres', $_[0]) };
    my $schedule = sub {
        my ($name, $columns, $values) = @_;
        return $sql->("INSERT INTO helix.operation_schedules (user_id, operation_id, job_name, parameters, $columns)
            VALUES ('$user', 'email-compose', '${tag}_$name', '{\"p\": \"${tag}_parameters\"}', $values) RETURNING id");
    };
    my %id;
    $sql->(<<"SQL");
SELECT helix.record_operation_execution('$user', 'email-compose', NULL, true, 120, 0.25, 'openai', p_request_id => '${tag}_request',
    p_error => '${tag}_error', p_trace_id => '${tag}_trace', p_metadata => '{"m": "${tag}_metadata"}');
SELECT helix.record_operation_execution('$user', 'task-breakdown', current_date - 2, false, 90, 0.5, 'anthropic',
    p_request_id => '${tag}_second', p_occurred_at => now() - interval '2 days',
    p_reservation_id => helix.reserve_budget('$user', 'task-breakdown', 0.5));
SELECT helix.set_operation_preference('$user', 'email-compose', p_default_parameters => '{"d": "${tag}_default"}',
    p_cost_budget_monthly => 1000);
SELECT helix.set_theme_preferences('$user', p_color_scheme => 'dark');
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('$user', 'month', 900);
WITH g AS (INSERT INTO helix.budget_groups (name) VALUES ('${tag}_group') RETURNING id), m AS (
    INSERT INTO helix.budget_group_members SELECT id, '$user' FROM g)
INSERT INTO helix.budgets (group_id, period, limit_usd) SELECT id, 'day', 800 FROM g;
WITH g AS (INSERT INTO helix.budget_groups (name) VALUES ('${tag}_left') RETURNING id)
INSERT INTO helix.budget_group_members (group_id, user_id) SELECT id, '$user' FROM g;
DELETE FROM helix.budget_group_members USING helix.budget_groups g WHERE g.id = group_id AND g.name = '${tag}_left';
INSERT INTO helix.budget_warnings (budget_id, user_id, operation_id, period_start, level, limit_usd, spent_usd, reserved_usd)
    SELECT id, user_id, '${tag}_warned', '2026-01-01', 'warning', 1, 1, 0 FROM helix.budgets WHERE user_id = '$user';
INSERT INTO helix.optimization_recommendations (user_id, kind, operation_id, subject, title, description, recommendation_type,
        priority, suggested_action, estimated_implementation_effort, extent)
    VALUES ('$user', 'failures', 'email-compose', '${tag}_subject', '${tag}_title', '${tag}_why', 'performance', 5,
        '{"table": "helix.user_operation_preferences", "set": {"preferred_model": "gpt-5"}}', 'easy', 1);
INSERT INTO helix_internal.recommendation_runs VALUES ('$user', now());
INSERT INTO helix_internal.cron_job_repairs (job_name, found) VALUES ('${tag}_repaired', 'missing');
SQL
    $id{recommendation} = $sql->("SELECT id FROM helix.optimization_recommendations WHERE user_id = '$user'");
    $id{recorded} = $sql->("SELECT id FROM helix.executions WHERE user_id = '$user' AND request_id = '${tag}_request'");
    $sql->("SELECT helix.finalize_execution($id{recorded}, p_cost_usd => 0.3)");
    $sql->("SELECT helix.adjust_cost('$user', 'email-compose', -0.01, '${tag}_reason')");
    $sql->("INSERT INTO helix_internal.queue_pauses (user_id, operation_id, reason, by_service)
        VALUES ('$user', 'calendar-time', '${tag}_pause', false)");
    $id{reservation} = $sql->("SELECT helix.reserve_budget('$user', 'email-compose', 0.1, '20 days')");
    $id{budget} = $sql->("SELECT id FROM helix.budgets WHERE user_id = '$user'");
    $id{group} = $sql->("SELECT group_id FROM helix.budget_group_members WHERE user_id = '$user'");
    $id{manual} = $schedule->('manual', 'schedule_type', q('manual'));
    $id{cron} = $schedule->('cron', 'schedule_type, cron_expression', q('cron', '0 0 1 1 *'));
    $id{webhook} = $schedule->('webhook', 'schedule_type, webhook_secret_ref, webhook_url',
        "'webhook', 'file://$folder/secret', 'https://${tag}_url.invalid'");
    my $body = "{\"b\": \"${tag}_body\"}";
    $sql->("SELECT helix.webhook_trigger('$id{webhook}', '$body', '" . hmac_sha256_hex($body, 's3cret') . "')");
    $id{event} = $sql->("SELECT id FROM helix.webhook_events WHERE schedule_id = '$id{webhook}'");
    $id{finished} = $sql->("SELECT execution_id FROM helix.claim_executions('${tag}_worker')");
    $sql->("SELECT helix.complete_execution('$id{finished}', 'success', '{\"r\": \"${tag}_result\"}', 0.01, 5)");
    $id{waiting} = $sql->("SELECT helix.enqueue_execution('$id{manual}', p_payload => '{\"q\": \"${tag}_payload\"}',
        p_run_at => now() + interval '20 days', p_request_id => '${tag}_queued',
        p_concurrency_key => '${tag}_key')");
    $id{batch} = $sql->("SELECT helix.create_batch('$user', '${tag}_batch', 'sequential',
        '[{\"operation_id\": \"email-compose\", \"parameters\": {\"o\": \"${tag}_operation\"}}]',
            p_description => '${tag}_description', p_start => false)");
    $id{part} = $sql->("SELECT id FROM helix.batch_operations WHERE batch_id = '$id{batch}'");
    return %id;
}

# All functions that SQL can call, with the types and names of their arguments and who may execute them.
sub functions_of {
    my ($node) = @_;
    return @{ decode($node, <<'SQL') };
SELECT jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', format('%I.%I', n.nspname, p.proname), 'kind', p.prokind,
    'result', p.prorettype::regtype,
           'types', ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (t, o) ORDER BY o),
           'names', CASE WHEN p.pronargs = 0 THEN '{}'
           ELSE coalesce(p.proargnames[1:p.pronargs], array_fill(''::text, ARRAY[p.pronargs])) END,
           'may', (SELECT jsonb_object_agg(r, r = 'none' OR has_function_privilege(nullif(r, 'none'), p.oid, 'EXECUTE'))
                     FROM unnest('{none,attack_service,attack_user,attack_anon}'::text[]) r)) ORDER BY p.oid::regprocedure::text)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('helix', 'helix_internal') AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
SQL
}

# All relations by name, with the columns that a client may write and up to two rows of a user as SQL literals.
sub relations_of {
    my ($node, $user) = @_;
    my %relations = map { $_->{name} => $_ } @{ decode($node, <<'SQL') };
SELECT jsonb_agg(jsonb_build_object('name', format('%I.%I', n.nspname, c.relname), 'kind', c.relkind, 'schema', n.nspname,
           'has_user', EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id'),
           'columns', ARRAY(SELECT a.attname::text FROM pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                               AND a.attidentity <> 'a'
                               AND (c.relkind <> 'v' OR pg_relation_is_updatable(c.oid, false) & 28 = 0
                                    OR pg_column_is_updatable(c.oid, a.attnum, false)) ORDER BY a.attnum)))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('helix', 'helix_internal') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relispartition
SQL
    for my $relation (values %relations) {
        next if $relation->{kind} eq 'S';
        my $where = $relation->{has_user} ? "user_id = '$user'" : 'true';
        my $rows = decode($node, "SELECT coalesce(jsonb_agg(quote_literal(r::text)), '[]')
            FROM (SELECT to_jsonb(t) r FROM $relation->{name} t WHERE $where LIMIT 2) s");
        $relation->{rows} = $rows;
        # what has come in since the last fold
        $relation->{may_be_empty} = $relation->{kind} eq 'v' && $relation->{schema} ne 'helix';
    }
    return %relations;
}

# The user, the ids of the user's rows, and every text that begins with $tag.
sub canaries_of {
    my ($node, $user, $other, $tag) = @_;
    my @tables = split /\n/,
        $node->safe_psql('postgres', q(SELECT a.attrelid::regclass FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'user_id' AND c.relkind IN ('r', 'p') AND c.relnamespace IN ('helix'::regnamespace,
            'helix_internal'::regnamespace)));
    my $rows = join ' UNION ALL ', map { "SELECT t::text AS row FROM $_ t WHERE t.user_id = '$user'" } @tables;
    return split /\n/, $node->safe_psql('postgres', <<"SQL");
SELECT DISTINCT m[1] FROM ($rows) r, regexp_matches(r.row, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|${tag}_[a-z]+', 'g') m
 WHERE m[1] NOT IN ('$other', '00000000-0000-0000-0000-000000000000') ORDER BY 1
SQL
}

# One number that changes with any row of a user, and with any row that belongs to none.
sub digest {
    my ($node, $user, $relations) = @_;
    my $moves = # the worker's own
      qr/helix_internal\.(watermark|ledger_partitions|dimensions|dimension_values|known_reads|cron_job_repairs)/;
    my $merged = 'helix_internal.moved_costs'; # by the worker, user by user
    my @tables = grep { $_->{kind} =~ /[rp]/ && $_->{name} ne $merged && ($_->{has_user} || $_->{name} !~ $moves) }
        map { $relations->{$_} } sort keys %$relations;
    my @digests = map {
        # whoever calls a webhook in vain is logged for its owner
        my $where = $_->{name} eq 'helix_internal.webhook_events' ? "WHERE user_id = '$user' AND event_type = 'webhook_received'"
          : $_->{has_user} ? "WHERE user_id = '$user'" : $_->{name} =~ /webhook_deliveries/ ? "WHERE schedule_id IN (
            SELECT id FROM helix_internal.operation_schedules WHERE user_id = '$user')" : '';
        "SELECT '$_->{name} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '')
            FROM $_->{name} t $where"
    } @tables;
    return $node->safe_psql('postgres', join ";\n", @digests);
}

# Values of a kind that only this database has: the other user's and one's own ids, names and keys.
sub more_values {
    my ($anns, $bobs, $ann, $bob, $folder) = @_;
    return {
        uuid => [ map { "'$_'::uuid" } $ann, $bob, map { values %$_ } $anns, $bobs ],
        text => [ map { "'$_'" } 'email-compose', 'c4n4ry_manual', 'c4n4ry_cron', "cost_trends:$bob:7", "op_prefs:$bob",
            '0 9 * * *',
            "file://$folder/secret", "file://$folder/none", 'select to_jsonb(1)', 'select to_jsonb(1) into temp t',
            'c4n4ry_request' ],
        name => [ map { "'$_'::name" } qw(attack_user attack_service attack_anon) ],
        json => [ "'{\"user_id\": \"$bob\", \"operation_id\": \"email-compose\", \"success\": true, \"cost_usd\": 1}'",
            "'[{\"user_id\": \"$bob\", \"operation_id\": \"email-compose\", \"success\": true, \"cost_usd\": 1}]'" ],
        jsonb => [ "'[{\"user_id\": \"$bob\", \"operation_id\": \"email-compose\", \"success\": true, \"cost_usd\": 1}]'",
            "'[{\"user_id\": \"$ann\", \"operation_id\": \"email-compose\", \"success\": true, \"cost_usd\": 1e-300, "
                . "\"request_id\": \"c4n4ry_request\"}]'",
            "'{\"x-webhook-signature\": null}'", "'{\"x-webhook-signature\": \"00\"}'" ] };
}

# What each argument is called with while another one is attacked: by its name, by its name and type, or by its type.
sub right_values {
    my ($ids, $user, $folder) = @_;
    return {
        uuid => "'$user'", text => "'x'", integer => '5', bigint => '5', numeric => '0.5', boolean => 'true',
        date => 'current_date',
        'timestamp with time zone' => 'now()', interval => "'1 hour'", 'double precision' => '50', bytea => "'{}'",
        name => "'attack_user'",
        p_user_id => "'$user'", p_schedule_id => "'$ids->{manual}'", p_execution_id => "'$ids->{waiting}'",
        'p_execution_id bigint' => $ids->{recorded},
        p_batch_id => "'$ids->{batch}'",
        p_reservation_id => "'$ids->{reservation}'", p_event_id => "'$ids->{event}'", p_operation_id => "'email-compose'",
        p_operations => "'{email-compose}'", 'p_operations jsonb' => q('[{"operation_id": "email-compose"}]'),
        p_service => "'attack_service'", p_anon => "'attack_anon'", p_model_used => "'openai'", p_model => 'NULL',
        p_provider => "'openai'",
        p_status => "'success'", p_triggered_by => "'manual'", p_schedule => "'0 9 * * *'", p_expression => "'0 9 * * *'",
        p_timezone => "'UTC'",
        p_time_zone => "'UTC'", p_period => "'month'", p_batch_type => "'parallel'", p_fencing_token => 'NULL', p_wait => 'NULL',
        p_dimension_key => 'NULL', p_dimension_value => 'NULL',
        p_key => "'own_key'", p_concurrency_key => "'own_key'", p_pattern => "'own_*'", p_query => "'select to_jsonb(1)'",
        p_secret_ref => "'file://$folder/secret'",
        p_new_secret_ref => "'file://$folder/secret'", p_scheme => "'hmac-sha256-hex'", p_algorithm => "'sha256'",
        p_relation => "'helix.budgets'",
        p_color_scheme => "'dark'", p_accent_color => "'#00ff00'", p_email_list_view => "'list'", p_calendar_view => "'week'",
        p_tasks_sort_by => "'priority'", p_preferred_model => 'NULL', p_default_parameters => "'{}'", p_headers => "'{}'",
        p_result => "'{}'",
        p_metadata => "'{}'", p_updates => q('[{"operation_id": "email-compose", "enabled": true}]'),
        p_executions => "'[{\"user_id\": \"$user\", \"operation_id\": \"email-compose\", \"success\": true, \"cost_usd\": 0.5}]'",
        'p_executions numeric' => '5', 'helix.rotate_webhook_secret p_schedule_id' => "'$ids->{webhook}'",
        'helix.revoke_webhook_secret p_schedule_id' => "'$ids->{webhook}'",
        'helix.webhook_verify_token p_schedule_id' => "'$ids->{webhook}'", p_body_base64 => 'NULL',
        p_url => "'https://example.com/'",
        'helix.claim_executions p_wait' => "'0'", 'helix.cache_read p_key' => "'op_prefs:$user'", p_value => "'1'",
        p_to => "(now() + interval '1 hour')",
        p_sketch => 'NULL', a => 'NULL', b => 'NULL', 'p_body bytea' => "'{}'", 'helix.heartbeat_execution p_fencing_token' => '1',
        p_occurred_at => 'NULL', p_request_id => 'NULL', p_retry_in => 'NULL', p_lease => "'1 minute'", p_priority => '5',
        p_overlap => "'1 hour'" };
}

# COPY in both directions, which PL/pgSQL cannot run.
sub copies {
    my ($relations) = @_;
    return map { ("COPY $_ TO STDOUT", "COPY (SELECT * FROM $_) TO STDOUT", "COPY $_ FROM '/dev/null'",
        "COPY $_ FROM PROGRAM 'true'") }
      grep { $relations->{$_}{kind} ne 'S' } sort keys %$relations;
}

sub decode {
    my ($node, $sql) = @_;
    return JSON::PP->new->utf8->decode($node->safe_psql('postgres', $sql));
}

1;
