# What the TAP tests share: a node with helix, ways to record, and the checks that every sum is exact.
package HelixTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(
  helix_node record record_many user_id differences is_exact all_reads refused worker_pid wait_for_worker wait_until_folded
  record_call launcher_pid start_command start_pgbench
);

# Cluster.pm asks for a log of every statement and for a server that stays down after a crash.
my $base_conf = <<'CONF';
shared_preload_libraries = 'helix'
log_statement = none
restart_after_crash = on
max_prepared_transactions = 20
CONF

# A running node with helix preloaded and created in postgres; `conf` is appended to its configuration, `init` goes to init(),
# `before_start` is called on the node in between.
sub helix_node {
    my ($name, %options) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);
    $node->init(%{ $options{init} // {} });
    $node->append_conf('postgresql.conf', $base_conf . ($options{conf} // ''));
    $options{before_start}->($node) if $options{before_start};
    $node->start;
    $node->safe_psql('postgres', 'CREATE EXTENSION helix');
    return $node;
}

sub user_id { return sprintf 'aaaaaaaa-0000-4000-8000-%012d', $_[0] }

# The SQL of one call of record_operation_execution; fields are its parameters without p_.
sub record_call {
    my %fields = (
        user_id => user_id(1), operation_id => 'email-compose', date => undef, success => 'true', latency_ms => 10,
        cost_usd => '0.001', model_used => 'openai', @_);
    return 'SELECT helix.record_operation_execution('
      . join(', ', map { "p_$_ => " . (defined $fields{$_} ? "'$fields{$_}'" : 'NULL') } sort keys %fields) . ')';
}

# Records one execution, on a node or in a background session, and returns its id.
sub record {
    my ($where, %fields) = @_;
    return $where->query_safe(record_call(%fields)) if $where->isa('PostgreSQL::Test::BackgroundPsql');
    return $where->safe_psql(delete $fields{database} // 'postgres', record_call(%fields));
}

# The SQL that records $count executions of several users, days, operations, providers and outcomes; $seed makes them differ.
sub many_call {
    my ($count, $seed) = @_;
    return <<"SQL";
SELECT count(helix.record_operation_execution(
           ('aaaaaaaa-0000-4000-8000-' || lpad((i % 5 + 1)::text, 12, '0'))::uuid,
           (ARRAY['email-compose', 'task-breakdown', 'calendar-prep'])[i % 3 + 1], current_date - i % 4, i % 7 <> 0,
           CASE WHEN i % 11 > 0 THEN i * 37 % 5000 END, (i * 7919 + $seed) % 100003 / 1e9,
           (ARRAY['anthropic', 'deepseek', 'gemini', 'openai'])[i % 4 + 1],
           p_input_tokens => i, p_cached_input_tokens => i % 3, p_output_tokens => i * 2))
  FROM generate_series(1, $count) i
SQL
}

sub record_many {
    my ($where, $count, %options) = @_;
    my $sql = many_call($count, $options{seed} // 0);
    return $where->query_safe($sql) if $where->isa('PostgreSQL::Test::BackgroundPsql');
    return $where->safe_psql($options{database} // 'postgres', $sql);
}

# Both views against a recomputation from the ledger, in both directions and in one statement: one snapshot.
my $differences = <<'SQL';
WITH trends AS (
         SELECT user_id, date, total_operations, total_cost_usd, anthropic_cost, deepseek_cost, gemini_cost, openai_cost,
                avg_latency_ms, success_rate, input_tokens, cached_input_tokens, output_tokens
           FROM helix.cost_trends WHERE true),
     own_trends AS (
         SELECT user_id, date, count(*) FILTER (WHERE corrects IS NULL), sum(cost_usd),
                coalesce(sum(cost_usd) FILTER (WHERE provider = 'anthropic'), 0),
                coalesce(sum(cost_usd) FILTER (WHERE provider = 'deepseek'), 0),
                coalesce(sum(cost_usd) FILTER (WHERE provider = 'gemini'), 0),
                coalesce(sum(cost_usd) FILTER (WHERE provider = 'openai'), 0),
                avg(latency_ms)::double precision::numeric,
                coalesce((100.0 * count(*) FILTER (WHERE success AND corrects IS NULL)
                          / nullif(count(*) FILTER (WHERE corrects IS NULL), 0))::double precision::numeric, 100),
                coalesce(sum(input_tokens), 0), coalesce(sum(cached_input_tokens), 0), coalesce(sum(output_tokens), 0)
           FROM helix_internal.executions WHERE true GROUP BY 1, 2),
     analytics AS (
         SELECT user_id, operation_id, period_start, total_executions, successful_executions, total_cost_usd,
                max_cost_single_execution, min_latency_ms, max_latency_ms, gemini_count
           FROM helix.operation_execution_analytics WHERE true),
     own_analytics AS (
         SELECT user_id, operation_id, date_trunc('day', occurred_at, 'UTC'), count(*) FILTER (WHERE corrects IS NULL),
                count(*) FILTER (WHERE success AND corrects IS NULL), sum(cost_usd),
                coalesce(max(cost_usd + coalesce(final_cost_usd - cost_usd, 0))
                         FILTER (WHERE corrects IS NULL OR revision > 0), 0),
                min(latency_ms), max(latency_ms), count(*) FILTER (WHERE provider = 'gemini' AND corrects IS NULL)
           FROM helix_internal.executions WHERE true GROUP BY 1, 2, 3)
SELECT (SELECT count(*) FROM ((TABLE trends EXCEPT TABLE own_trends) UNION ALL (TABLE own_trends EXCEPT TABLE trends)) d)
     + (SELECT count(*) FROM ((TABLE analytics EXCEPT TABLE own_analytics)
                              UNION ALL (TABLE own_analytics EXCEPT TABLE analytics)) d)
SQL

# The SQL that counts the differences, of all users or of those that an expression names.
sub differences {
    my ($user) = @_;
    return $differences unless defined $user;
    return $differences =~ s/WHERE true/WHERE user_id = $user/gr;
}

# The views equal a recomputation, and so do the rollups.
sub is_exact {
    my ($node, $name, $database) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $database //= 'postgres';
    is($node->safe_psql($database, differences()), '0', "$name: the views equal a recomputation");
    is($node->safe_psql($database, 'SELECT * FROM helix.verify_ledger()'), '', "$name: verify_ledger() finds nothing");
}

# All that clients can read, as one text, but for period_end: that of a day that runs follows the clock.
sub all_reads {
    my ($node, $database) = @_;
    my $me = user_id(1);
    my $span = q('2000-01-01', now() + interval '1 year');
    return $node->safe_psql($database // 'postgres', <<"SQL");
SELECT t::text FROM helix.cost_trends t ORDER BY t.user_id, t.date;
SELECT to_jsonb(a) - 'period_end' FROM helix.operation_execution_analytics a ORDER BY a.user_id, a.operation_id, a.period_start;
SELECT e::text FROM helix.executions e ORDER BY e.id;
SELECT helix.get_total_monthly_cost('$me'), helix.get_operation_monthly_cost('$me', 'email-compose');
SELECT helix.calculate_success_rate('$me', 'email-compose', $span);
SELECT c::text FROM helix.get_cost_trends('$me', 30) c;
SELECT m::text FROM helix.get_all_operation_metrics('$me', $span) m;
SELECT m::text FROM helix.get_operation_metrics('$me', 'task-breakdown', $span) m;
SELECT s::text FROM helix.get_period_summary('$me', $span) s;
SQL
}

# The statement fails with that SQLSTATE and a message (or hint) like $pattern.
sub refused {
    my ($node, $sql, $sqlstate, $pattern, $name, %params) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, $out, $error) = $node->psql($params{database} // 'postgres', $sql,
        extra_params => [ '-v', 'VERBOSITY=verbose', @{ $params{extra_params} // [] } ]);
    like($error, qr/ERROR:  $sqlstate: .*$pattern/s, $name);
}

# The pid of a database's worker, '' where none is connected. Asks the server, for helix may not be created there.
sub worker_pid {
    my ($node, $database) = @_;
    return $node->safe_psql('postgres', sprintf q(SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'helix worker' AND datname = '%s'), $database // 'postgres');
}

sub wait_for_worker {
    my ($node, $database) = @_;
    $database //= 'postgres';
    $node->poll_query_until('postgres', sprintf q(SELECT count(*) = 1 FROM pg_stat_activity
        WHERE backend_type = 'helix worker' AND datname = '%s'), $database) or die "no helix worker for $database";
    return worker_pid($node, $database);
}

# The launcher has no connection and so no row in pg_stat_activity.
sub launcher_pid {
    my ($node) = @_;
    my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
    return join ' ', map { /^\s*(\d+) .*helix launcher/ ? $1 : () } `ps -o pid=,args= --ppid $postmaster`;
}

sub wait_until_folded {
    my ($node, $database) = @_;
    return $node->poll_query_until($database // 'postgres', 'SELECT unfolded_rows = 0 FROM helix.ledger_status()');
}

# Starts a command with its output in $log and $log.err; IPC::Run's finish() waits for it.
sub start_command {
    my ($log, @command) = @_;
    return IPC::Run::start(\@command, '<', \undef, '>', $log, '2>', "$log.err");
}

# Starts pgbench on scripts (name => text, or [text, weight]) in the node's folder; its output goes to $name.log.
sub start_pgbench {
    my ($node, $name, $options, %scripts) = @_;
    my @files;
    for my $script (sort keys %scripts) {
        my ($text, $weight) = ref $scripts{$script} ? @{ $scripts{$script} } : ($scripts{$script}, 1);
        my $path = $node->basedir . "/$name-$script.sql";
        append_to_file($path, $text);
        push @files, '-f', "$path\@$weight";
    }
    return start_command($node->basedir . "/$name.log", 'pgbench', '-n', @$options, @files, $node->connstr('postgres'));
}

1;
