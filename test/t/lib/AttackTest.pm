# What the attack calls with: extreme values of each type, calls of every function that the catalog lists, and the outcome of
# each statement under a role.
package AttackTest;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use PostgreSQL::Test::Utils;

our @EXPORT = qw(install_attack function_calls relation_attacks attack documented_sqlstates values_of);

# Runs a statement under a role and returns what came of it. `leaks` are the canaries that its answer holds and the statement
# does not. Where the statement is not kept, it is rolled back.
my $call = <<'SQL';
CREATE SCHEMA attack;
CREATE TABLE attack.canaries (text text PRIMARY KEY);
CREATE FUNCTION attack.leaks(p_sql text, p_answer text) RETURNS text[] LANGUAGE sql
    RETURN (SELECT array_agg(c.text) FROM attack.canaries c WHERE strpos(p_answer, c.text) > 0 AND strpos(p_sql, c.text) = 0);
CREATE FUNCTION attack.call(p_role text, p_sql text, p_keep boolean) RETURNS jsonb LANGUAGE plpgsql AS $call$
DECLARE
    answer text; state text := '00000'; message text; detail text; hint text; context text; 
BEGIN
    BEGIN
        PERFORM set_config('role', p_role, true);
        IF p_sql ~ '^(SELECT|WITH)' THEN
            EXECUTE p_sql INTO answer;
        ELSE
            EXECUTE p_sql;
        END IF;
        IF p_keep THEN
            PERFORM set_config('role', 'none', true);
        ELSE
            RAISE SQLSTATE 'ZZ000';
        END IF;
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    WHEN OTHERS OR query_canceled OR assert_failure THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
            hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
    END;
    RETURN jsonb_build_object('role', p_role, 'sql', p_sql, 'state', state, 'message', left(message, 300), 'detail',
        left(detail, 300),
        'leaks', attack.leaks(p_sql, concat_ws(' ', answer, message, detail, hint, context)));
END $call$;
SQL

sub install_attack {
    my ($node, @canaries) = @_;
    $node->safe_psql('postgres', $call . 'INSERT INTO attack.canaries VALUES '
          . join(', ', map { "('$_')" } @canaries) . ' ON CONFLICT DO NOTHING');
}

# SQL expressions by type. Long values are written by expressions that are short.
my %plain = (
    boolean => [qw(true false)],
    smallint => [ map { "'$_'::smallint" } qw(0 1 -1 -32768 32767) ],
    integer => [ map { "'$_'::integer" } qw(0 1 -1 -2147483648 2147483647) ],
    bigint => [ map { "'$_'::bigint" } qw(0 1 -1 -9223372036854775808 9223372036854775807) ],
    numeric => [
        (map { "'$_'::numeric" }
        qw(0 1 -1 NaN Infinity -Infinity 1e131071 -1e131071 1e40 0.123456789012345678901234567890123456789012345)),
        "('0.' || repeat('0', 16382) || '1')::numeric" ],
    'double precision' => [ map { "'$_'::double precision" } qw(0 -0 1 -1 NaN Infinity -Infinity 1e308 4e-324 100.0001) ],
    oid => [ map { "'$_'::oid" } qw(0 1 4294967295) ],
    regclass => [ map { "$_\::regclass" } qw(0::oid 999999999::oid), map { "'$_'" }
          qw(pg_catalog.pg_class helix.budgets helix.cost_trends helix_internal.queue helix_internal.execution_ids
              helix.budgets_pkey) ],
    name => [ "''::name", "repeat('x', 100)::name", "'no such role'::name", "'pg_monitor'::name", "'postgres'::name",
        "'public'::name", "'none'::name" ],
    text => [
        "''", "' '", "E'\\n'", "E'\\x01\\x7f'", "repeat('x', 1048576)", "repeat('é', 300)", "repeat('(', 20000)", "'%s%n%1\$s'",
        "\$\$'; DROP SCHEMA helix CASCADE; --\$\$", "'../../etc/passwd'", "'file:///etc/passwd'", "'env://PATH'", "'NaN'", "'*'",
        "'[z-a]'",
        "'99999999999999999999999999'", "'select 1/0'" ],
    date => [ map { "'$_'::date" } 'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', '2026-02-28', '1969-12-31' ],
    'timestamp with time zone' => [ map { "'$_'::timestamptz" }
          'infinity', '-infinity', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '1970-01-01 00:00+00', 'now' ],
    interval => [ map { "'$_'::interval" } '0', '1 microsecond', '-1 day', '178000000 years', '-178000000 years',
          '2147483647 days -2147483648 months', '2562047788:00:54.775807', '-2562047788:00:54.775807', '1 month -30 days',
          '200 milliseconds' ],
    uuid => [ map { "'$_'::uuid" } '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff' ],
    bytea => [ "''::bytea", "'\\x00'::bytea", "'\\x00ff80'::bytea", "decode(repeat('00', 1048576), 'hex')",
        "decode(repeat('ff', 64), 'hex')",
        "'\\x0101'::bytea", "'\\x0180808080808080808080'::bytea" ],
    json => [
        (map { "'$_'" } 'null', 'true', '1', '"x"', '[]', '{}', '[null]', '[[]]', '[1,null,{}]', '{"":null}', '1e400', '-0'),
        q('{"a":1,"a":2}'),
        q((repeat('[', 3000) || repeat(']', 3000))), q((repeat('{"a":', 3000) || '1' || repeat('}', 3000))),
        q(('"' || repeat('x', 1048576) || '"')),
        q(('[' || repeat('{},', 20000) || '{}]')), q('{"sub":"x","user_id":null,"operation_id":[],"depends_on":[0]}'),
        q('[{"operation_id":"email-compose","depends_on":[0]},{"operation_id":"email-compose","depends_on":[-1,99999999999]}]') ],
);
$plain{jsonb} = $plain{json};
$plain{'timestamp without time zone'} = [ map { s/timestamptz/timestamp/r } @{ $plain{'timestamp with time zone'} } ];

# All values of a type, null the first; `more` are values of a kind that the test knows, by type.
sub values_of {
    my ($type, $more) = @_;
    if ($type =~ /^(.*)\[\]$/) { return array_values($1, $more) }
    return unless $plain{$type};
    my @values = (@{ $plain{$type} }, @{ $more->{$type} // [] });
    @values = map { "$_\::$type" } @values if $type =~ /^jsonb?$/;
    return ("NULL::$type", @values);
}

sub array_values {
    my ($type, $more) = @_;
    my @elements = values_of($type, $more) or return;
    my $one = $elements[1];
    return ("NULL::$type\[]", "'{}'::$type\[]", (map { "ARRAY[$_]::$type\[]" } @elements),
        "ARRAY[ARRAY[$one, $one], ARRAY[$one, $one]]::$type\[]",
        "array_fill($one, ARRAY[3], ARRAY[5])::$type\[]", "array_fill($one, ARRAY[20000])::$type\[]",
        "array_fill(NULL::$type, ARRAY[1001])");
}

# The calls of one function of the catalog. `base` gives each argument's right value by its function, its name or its type; each
# argument takes each value of its type once, while the others are right, then come calls of chance.
sub function_calls {
    my ($function, $base, $more, $chances) = @_;
    my @types = @{ $function->{types} };
    my @values = map { [ values_of($_, $more) ] } @types;
    my @right = map { right_value($base, $function->{name}, $function->{names}[$_], $types[$_]) } 0 .. $#types;
    my @calls = (call_sql($function, @right), call_sql($function, map { $_->[0] } @values));
    for my $i (0 .. $#types) {
        for my $value (@{ $values[$i] }) {
            my @arguments = @right;
            $arguments[$i] = $value;
            push @calls, call_sql($function, @arguments);
        }
    }
    for (1 .. $chances) {
        push @calls, call_sql($function, map { rand() < 0.4 ? $right[$_] : $values[$_][ rand @{ $values[$_] } ] } 0 .. $#types)
            if @types;
    }
    return @calls;
}

sub right_value {
    my ($base, $function, $name, $type) = @_;
    if ($type =~ /^(.*)\[\]$/) { return sprintf 'ARRAY[%s]::%s', right_value($base, $function, $name, $1), $type }
    my $value = $base->{"$function $name"} // $base->{"$name $type"} // $base->{$name} // $base->{$type} // 'NULL';
    return "$value\::$type";
}

sub call_sql {
    my ($function, @arguments) = @_;
    my $call = "$function->{name}(" . join(', ', @arguments) . ')';
    return "CALL $call" if $function->{kind} eq 'p';
    return "SELECT $call\::text" if $function->{kind} eq 'a';
    return "SELECT string_agg(left(f::text, 100000), ' ') FROM (SELECT * FROM $call LIMIT 1000) f";
}

# What a role tries with a relation. `columns` are those that a client may write, `row` is another user's row as JSON.
sub relation_attacks {
    my ($relation, $other) = @_;
    my $name = $relation->{name};
    my @sql = "SELECT string_agg(t::text, ' ') FROM $name t";
    return (@sql, "SELECT nextval('$name')", "SELECT setval('$name', 1)", "SELECT currval('$name')") if $relation->{kind} eq 'S';
    my @columns = @{ $relation->{columns} };
    my $list = join ', ', map { "\"$_\"" } @columns;
    push @sql, "SELECT count(*) FROM $name", "SELECT string_agg(t::text, ' ') FROM (SELECT * FROM $name FOR UPDATE) t",
      "WITH w AS (UPDATE $name SET \"$columns[0]\" = \"$columns[0]\" RETURNING *) SELECT string_agg(w::text, ' ') FROM w",
      (map { "UPDATE $name SET \"$_\" = NULL" } @columns[ 0 .. ($#columns < 3 ? $#columns : 3) ]);
    if ($relation->{has_user}) {
        push @sql, "WITH w AS (UPDATE $name SET user_id = '$other' RETURNING *) SELECT string_agg(w::text, ' ') FROM w",
          "WITH w AS (DELETE FROM $name WHERE user_id = '$other' RETURNING *) SELECT string_agg(w::text, ' ') FROM w";
    }
    for my $row (@{ $relation->{rows} }) {
        my $new = "(jsonb_populate_record(NULL::$name, $row))";
        my $all = join ', ', map { "$new.\"$_\"" } @columns;
        push @sql, "INSERT INTO $name ($list) SELECT $all";
        my @without = grep { $_ ne 'id' } @columns;
        push @sql, "INSERT INTO $name (" . join(', ', map { "\"$_\"" } @without) . ') SELECT '
            . join(', ', map { "$new.\"$_\"" } @without)
          if @without && @without < @columns;
    }
    return (@sql, "TRUNCATE $name", "WITH w AS (DELETE FROM $name RETURNING *) SELECT string_agg(w::text, ' ') FROM w",
        "DELETE FROM $name", "LOCK TABLE $name IN ACCESS EXCLUSIVE MODE NOWAIT");
}

# Runs statements in one session under a role with these settings; returns the outcomes, and all that the session was told.
sub attack {
    my ($node, $role, $settings, $keep, @statements) = @_;
    my $file = PostgreSQL::Test::Utils::tempdir() . '/attack.sql';
    append_to_file($file, join '', map { "$_;\n" } "SET statement_timeout = '400ms'", 'SET client_min_messages = notice',
        @$settings,
        map { "SELECT attack.call('$role', \$attack\$$_\$attack\$, $keep)" } @statements);
    my ($out, $told) = ('', '');
    IPC::Run::run([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-f', $file ], '<', \undef, '>', \$out, '2>', \$told);
    my $json = JSON::PP->new;
    return ($told, map { $json->decode($_) } grep { /^\{/ } split /\n/, $out);
}

# The SQLSTATEs in the first column of the tables of docs/errors.md.
sub documented_sqlstates {
    my ($file) = @_;
    return map { /^\| `([0-9A-Z]{5})` \|/ ? ($1 => 1) : () } split /\n/, slurp_file($file);
}

1;
