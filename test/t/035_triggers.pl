# Proves that no trigger function of helix can crash the server: each is attached in every way to tables that are not its own, and
# in every other way to those that are. It refuses with 39P01 and says where it belongs. What the catalog holds is what it allows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use Test::More;

my $node = helix_node('node');
my $pid = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');

# Tables of others: columns of our names with other types, and none at all. Ours get a row each where they have none.
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA strange;
CREATE TABLE strange.columns (id integer, user_id integer, shipped text, enabled integer, parent_id text, created_at text);
INSERT INTO strange.columns DEFAULT VALUES;
INSERT INTO strange.columns VALUES (1, 2, 'x', 3, 'y', 'z');
CREATE TABLE strange.operations ();
INSERT INTO strange.operations DEFAULT VALUES;
CREATE FUNCTION strange.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE VIEW strange.executions AS TABLE strange.columns;
CREATE TRIGGER z_last INSTEAD OF INSERT OR UPDATE OR DELETE ON strange.executions FOR EACH ROW EXECUTE FUNCTION strange.nothing();
SELECT helix.record_operation_execution('aaaaaaaa-0000-4000-8000-000000000001', 'email-compose', NULL, true, 1, 0.1, 'openai');
INSERT INTO helix.user_operation_preferences (user_id, operation_id)
    VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'email-compose');
INSERT INTO helix.ui_theme_preferences (user_id) VALUES ('aaaaaaaa-0000-4000-8000-000000000001');
INSERT INTO helix.budget_groups (name) VALUES ('group');
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'day', 1);
INSERT INTO helix.budget_group_members (group_id, user_id) SELECT id, 'aaaaaaaa-0000-4000-8000-000000000001'
    FROM helix.budget_groups;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type)
    VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'email-compose', 'manual');
SELECT helix.pause_queue('task-breakdown', 'aaaaaaaa-0000-4000-8000-000000000001');
SELECT helix.enqueue_execution(NULL, p_user_id => 'aaaaaaaa-0000-4000-8000-000000000001', p_operation_id => 'calendar-prep');
SELECT helix.create_batch('aaaaaaaa-0000-4000-8000-000000000001', 'batch', 'parallel', '[{"operation_id": "email-compose"}]');
INSERT INTO helix.optimization_recommendations (user_id, kind, subject, title, description, recommendation_type, priority,
        suggested_action, estimated_implementation_effort, extent)
    VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'failures', 'all', 'title', 'why', 'performance', 5, '{}', 'easy', 1);

-- Attaches the function, fires it and undoes everything. Says the SQLSTATE and the detail; 00000 where nothing was refused.
CREATE FUNCTION strange.fire(function regproc, arguments text, relation regclass, timing text, level text, event text)
    RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                      WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
    is_view boolean := (SELECT relkind = 'v' FROM pg_class WHERE oid = relation);
    target text := relation::text || CASE WHEN columns IS NULL THEN '' ELSE format('(%s)', columns) END;
    -- A view's own trigger would refuse the row before its statement trigger fires.
    rows text := CASE WHEN is_view AND level = 'STATEMENT' THEN ' WHERE false' ELSE '' END;
    state text;
    details text;
BEGIN
    PERFORM set_config('session_replication_role', CASE WHEN is_view THEN 'origin' ELSE 'replica' END, true);
    IF event = 'INSERT' THEN
        EXECUTE format('CREATE TEMP TABLE kept AS SELECT %s FROM %s', columns, relation);
        IF NOT is_view THEN
            EXECUTE 'DELETE FROM ' || relation;
        END IF;
    END IF;
    EXECUTE format('CREATE TRIGGER probe %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s(%s)', timing, event, relation, level,
        function, arguments);
    IF NOT is_view THEN
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER probe', relation);
    END IF;
    CASE event
        WHEN 'INSERT' THEN
            IF columns IS NULL THEN
                EXECUTE format('INSERT INTO %s DEFAULT VALUES', relation);
            ELSE
                EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM kept%s', target, rows);
            END IF;
        WHEN 'UPDATE' THEN
            IF columns IS NOT NULL THEN
                EXECUTE format('UPDATE %s SET %s = %2$s%s', relation, split_part(columns, ', ', 1), rows);
            END IF;
        WHEN 'DELETE' THEN EXECUTE format('DELETE FROM %s%s', relation, rows);
        WHEN 'TRUNCATE' THEN EXECUTE 'TRUNCATE ' || relation || ' CASCADE';
    END CASE;
    RAISE EXCEPTION USING ERRCODE = '00U00', MESSAGE = 'undo';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, details = PG_EXCEPTION_DETAIL;
    RETURN CASE WHEN state = '00U00' THEN ARRAY['00000', ''] ELSE ARRAY[state, details] END;
END $$;

CREATE VIEW strange.functions AS
    SELECT p.oid::regproc AS function FROM pg_proc p
     WHERE p.prorettype = 'trigger'::regtype AND p.pronamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace);
-- What helix itself does: each timing, level and event of each of its triggers.
CREATE VIEW strange.legal AS
    SELECT t.tgfoid::regproc AS function, t.tgrelid::regclass AS relation,
           CASE WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF' WHEN t.tgtype & 2 > 0 THEN 'BEFORE' ELSE 'AFTER' END AS timing,
           CASE WHEN t.tgtype & 1 > 0 THEN 'ROW' ELSE 'STATEMENT' END AS level, e.event,
           (SELECT coalesce(string_agg(quote_literal(a), ', ' ORDER BY n), '')
              FROM regexp_split_to_table(encode(t.tgargs, 'escape'), '\\000') WITH ORDINALITY AS s (a, n)
                  WHERE a <> '') AS arguments
      FROM pg_trigger t
      JOIN strange.functions f ON f.function = t.tgfoid::regproc
      JOIN (VALUES ('INSERT', 4), ('DELETE', 8), ('UPDATE', 16), ('TRUNCATE', 32)) e (event, bit) ON t.tgtype & e.bit > 0
     WHERE NOT t.tgisinternal;
CREATE VIEW strange.ways AS
    SELECT * FROM (VALUES ('BEFORE'), ('AFTER'), ('INSTEAD OF')) t (timing), (VALUES ('ROW'), ('STATEMENT')) l (level),
                  (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) e (event)
     WHERE NOT (level = 'ROW' AND event = 'TRUNCATE') AND (timing <> 'INSTEAD OF' OR level = 'ROW');
SQL

# The ways that PostgreSQL allows for a relation of kind $_[0].
my $possible = <<'SQL';
CASE c.relkind WHEN 'v' THEN w.level = 'STATEMENT' AND w.event <> 'TRUNCATE' OR w.timing = 'INSTEAD OF'
               ELSE w.timing <> 'INSTEAD OF' END
SQL

# Rows of function|arguments|relation|timing|level|event|sqlstate|detail. Other triggers and foreign keys rest meanwhile.
sub fire_all {
    my ($rows) = @_;
    my ($status, $out, $errors) = $node->psql('postgres', <<"SQL");
SET client_min_messages = error;
SELECT f.*, s[1], s[2] FROM ($rows) f,
       LATERAL strange.fire(f.function, f.arguments, f.relation, f.timing, f.level, f.event) s
SQL
    is($status, 0, 'the server stays up') or diag($errors);
    return map { [ split /\|/, $_, -1 ] } split /\n/, $out;
}

my $functions = $node->safe_psql('postgres', 'SELECT count(*) FROM strange.functions');
cmp_ok($functions, '>=', 11, "$functions trigger functions");

subtest 'on the tables of others' => sub {
    my @fired = fire_all(<<"SQL");
SELECT f.function, a.arguments, c.oid::regclass AS relation, w.timing, w.level, w.event
  FROM strange.functions f, (VALUES (''), ('''id''')) a (arguments), strange.ways w, pg_class c
 WHERE c.relnamespace = 'strange'::regnamespace AND c.relname IN ('columns', 'operations', 'executions') AND $possible
SQL
    cmp_ok(scalar @fired, '>', 700, scalar(@fired) . ' ways');
    # A table without columns has nothing to update. The cache's trigger is for any table, afterwards; that of the bounds is for any
    # that has the columns of its arguments.
    my @wrong = grep {
        my ($function, $arguments, $relation, $timing, $level, $event, $state, $detail) = @$_;
        my $legal = $function =~ /invalidate_cache/ && $timing eq 'AFTER' || $relation =~ /operations/ && $event eq 'UPDATE';
        my $no_column = $function =~ /check_bounds/ && "$timing $level" eq 'BEFORE ROW' && $detail eq 'It is "id".';
        $legal ? $state ne '00000' : $state ne '39P01' || !$no_column && $detail !~ /may be attached (BEFORE|AFTER|INSTEAD OF) /;
    } @fired;
    is_deeply([ map { join '|', @$_ } @wrong ], [], 'each is refused with where it may be attached');
};

subtest 'on our own tables in other ways' => sub {
    my @fired = fire_all(<<"SQL");
SELECT f.function, (SELECT l.arguments FROM strange.legal l WHERE l.function = f.function ORDER BY l.relation <> c.oid::regclass
    LIMIT 1) AS arguments,
       c.oid::regclass AS relation, w.timing, w.level, w.event
  FROM strange.functions f, strange.ways w, pg_class c
 WHERE c.oid IN (SELECT relation FROM strange.legal) AND $possible
   AND (f.function, c.oid::regclass, w.timing, w.level, w.event) NOT IN (SELECT function, relation, timing, level, event
       FROM strange.legal)
SQL
    cmp_ok(scalar @fired, '>', 1000, scalar(@fired) . ' ways');
    my @wrong = grep {
        my ($function, undef, undef, $timing, $level, undef, $state, $detail) = @$_;
        # PostgreSQL lets nobody write a view of several tables, which then fires no trigger of the statement.
        my $never_fires = $level eq 'STATEMENT' && $state eq '55000' && $detail =~ /not automatically updatable/;
        $never_fires ? 0 : $function =~ /invalidate_cache/ && $timing eq 'AFTER' ? $state ne '00000' : $state ne '39P01';
    } @fired;
    is_deeply([ map { join '|', @$_ } @wrong ], [], 'each is refused');
};

subtest 'as helix itself attaches them' => sub {
    my @fired = fire_all('SELECT DISTINCT function, arguments, relation, timing, level, event FROM strange.legal');
    my @wrong = grep { $_->[6] =~ /^(39P01|XX)/ } @fired;
    is_deeply([ map { join '|', @$_ } @wrong ], [], scalar(@fired) . ' ways, none is refused');
    my @bare = grep { $_->[1] ne '' && $_->[0] !~ /invalidate_cache/ } @fired;
    my @without = fire_all(join ' UNION ALL ', map {
            "SELECT '$_->[0]'::regproc AS function, '' AS arguments, '$_->[2]'::regclass AS relation, '$_->[3]' AS timing,
                '$_->[4]' AS level, '$_->[5]' AS event"
        } @bare);
    is_deeply([ grep { $_->[6] ne '39P01' } @without ], [], 'without its arguments it is refused');
};

# Bound to SQL functions that are no triggers.
for my $function (split /\n/, $node->safe_psql('postgres', 'SELECT prosrc FROM pg_proc
    WHERE oid IN (SELECT function FROM strange.functions)')) {
    my (undef, undef, $error) = $node->psql('postgres', <<"SQL");
CREATE FUNCTION strange.plain() RETURNS integer LANGUAGE c AS 'helix', '$function';
\\set VERBOSITY verbose
SELECT strange.plain();
DROP FUNCTION strange.plain();
SQL
    like($error, qr/39P01/, "$function called as no trigger");
    $node->safe_psql('postgres', 'DROP FUNCTION IF EXISTS strange.plain()');
}

is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $pid, 'the server has never been away');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/was terminated by signal/, 'no process has crashed');

done_testing();
