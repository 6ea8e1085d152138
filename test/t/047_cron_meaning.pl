# Proves that an expression that helix accepts means the same to pg_cron's own parser. Random expressions, and random times.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $module = $ENV{HELIX_PG_CRON_READER} or die 'HELIX_PG_CRON_READER does not name the module';
my $node = helix_node('main', conf => "shared_preload_libraries = 'pg_cron,helix'\ncron.database_name = 'postgres'\n");
sub sql { return $node->safe_psql('postgres', $_[0]) }

my ($code, $out, $error) = $node->psql('postgres', "CREATE FUNCTION pg_cron_runs(text, timestamp) RETURNS boolean STRICT LANGUAGE c
    AS '$module', 'pg_cron_runs_at'; SELECT pg_cron_runs('30 4 * * 1', '2024-01-01 04:30'), pg_cron_runs('30 4 * * 1',
    '2024-01-02 04:30'), pg_cron_runs('61 * * * *', '2024-01-01 00:00') IS NULL");
plan skip_all => "this pg_cron does not show its parser: $error" if $error =~ /could not find function/;
is($out, 't|f|t', 'the parser is read rightly') or diag $error;

sql(<<'SQL');
CREATE FUNCTION failure(p_expression text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helix.next_run(p_expression);
    RETURN NULL;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN SQLERRM;
END $$;
-- Parts that are right, and characters that may make another expression of them.
CREATE FUNCTION part(p_low int, p_high int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT (ARRAY[a::text, '*', a || '-' || b, least(a, b) || '-' || greatest(a, b), a || ',' || b, '*/' || c,
                  least(a, b) || '-' || greatest(a, b) || '/' || c, least(a, b) || '-' || greatest(a, b) || ',' || a])[1 + d]
           || CASE WHEN random() < 0.02 THEN (ARRAY['#1', ';x', '*', '-', ',', '/2', '$', 'x', '.', '?', 'L'])[1 + e] ELSE '' END
      FROM (SELECT p_low + floor(random() * (p_high - p_low + 1))::int AS a,
                   p_low + floor(random() * (p_high - p_low + 1))::int AS b,
                   1 + floor(random() * 7)::int AS c, floor(random() * 8)::int AS d, floor(random() * 11)::int AS e OFFSET 0) r $$;
CREATE FUNCTION named(p_low int, p_high int, p_names text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN random() < 0.5 THEN part(p_low, p_high) ELSE p_names[a] || '-' || p_names[b] || ',' || upper(p_names[a]) END
      FROM (SELECT 1 + floor(random() * array_length(p_names, 1))::int AS a,
                   1 + floor(random() * array_length(p_names, 1))::int AS b OFFSET 0) r $$;
CREATE TABLE expressions AS
SELECT part(0, 59) || ' ' || part(0, 23) || ' ' || part(1, 31) || ' '
           || named(1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}') || ' '
           || named(0, 7, '{sun,mon,tue,wed,thu,fri,sat}')
           || CASE WHEN random() < 0.02 THEN (ARRAY[' *', ' x', E'\n', ' ', E'\t', '#'])[1 + floor(random() * 6)::int] ELSE '' END
           AS expression FROM generate_series(1, 4000)
UNION ALL SELECT unnest('{@yearly,@annually,@monthly,@weekly,@daily,@midnight,@hourly,@reboot,@Hourly,@hourly x,@every 5m}'::text[])
UNION ALL SELECT unnest('{0 0 12 * * *,*/10 * * * * *,0 9 * * 1#1,0 7 * * 1;drop,50-10 * * * *,0 0 * * fri-mon}'::text[]);
ALTER TABLE expressions ADD failure text;
UPDATE expressions SET failure = failure(expression);
-- Times at which either runs, and any others.
CREATE TABLE times AS
SELECT expression, at FROM expressions, LATERAL (
    SELECT (helix.next_run(expression, 'UTC', t) AT TIME ZONE 'UTC') + m AS at
      FROM (SELECT timestamptz '2024-01-01 00:00+00' + random() * interval '4 years' AS t FROM generate_series(1, 4) OFFSET 0) s,
           unnest('{0 minutes,1 minute,-1 minute,1 hour,1 day,7 days}'::interval[]) m
    UNION ALL
    SELECT date_trunc('minute', timestamp '2024-01-01' + random() * interval '4 years') FROM generate_series(1, 10)) t
 WHERE failure IS NULL AND at IS NOT NULL;
SQL
cmp_ok(sql('SELECT count(*) FROM expressions WHERE failure IS NULL'), '>', 1000, 'many are accepted');
cmp_ok(sql('SELECT count(*) FROM expressions WHERE failure IS NOT NULL'), '>', 500, 'and many refused');
is(sql(q(SELECT expression FROM expressions WHERE failure IS NULL AND pg_cron_runs(expression, '2024-01-01') IS NULL LIMIT 5)), '',
    'pg_cron accepts what helix accepts');
is(sql(q(SELECT expression, at FROM times WHERE pg_cron_runs(expression, at)
    <> (helix.next_run(expression, 'UTC', (at AT TIME ZONE 'UTC') - interval '1 s') = at AT TIME ZONE 'UTC') LIMIT 5)), '',
    'and both run at the same times');
cmp_ok(sql('SELECT count(*) FROM times WHERE pg_cron_runs(expression, at)'), '>', 1000, 'of which there are many');

$node->stop;
done_testing;
