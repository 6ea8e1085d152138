# Errors cross the boundary between C++ and PostgreSQL with every field kept, and past live C++ objects without a leak:
# 10,000 of them in one backend, each past 128 KiB, leave its memory flat. A subtransaction swallows errors, but not a cancel.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $module = $ENV{HELIX_BOUNDARY} or die "HELIX_BOUNDARY must name the boundary module";

my $node = PostgreSQL::Test::Cluster->new('boundary');
$node->init;
$node->start;
$node->safe_psql('postgres', qq{
    CREATE FUNCTION fail(text) RETURNS integer LANGUAGE c AS '$module', 'helix_boundary_fail';
    CREATE FUNCTION swallows(text) RETURNS boolean LANGUAGE c AS '$module', 'helix_boundary_swallows';
    CREATE FUNCTION heap_bytes() RETURNS bigint LANGUAGE c AS '$module', 'helix_boundary_heap_bytes';
    CREATE FUNCTION rss_kb() RETURNS bigint LANGUAGE sql
        AS \$\$ SELECT split_part(pg_read_file('/proc/self/statm'), ' ', 2)::bigint * 4 \$\$;
    -- Every field of the error that fail(kind) raises.
    CREATE FUNCTION fields(kind text) RETURNS text LANGUAGE plpgsql AS \$\$
    DECLARE state text; message text; detail text; hint text;
    BEGIN
        PERFORM fail(kind);
        RETURN 'no error';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
            hint = PG_EXCEPTION_HINT;
        RETURN concat_ws('|', state, message, detail, hint);
    END \$\$;
});

my %expected = (
    core => '22012|message of core|detail of core|hint of core',
    server => '23505|message of the server|detail of the server|hint of the server',
    nested => '23505|message of the server|detail of the server|hint of the server',
    memory => '53200|out of memory||',
    standard => 'XX000|unexpected C++ exception|message of the standard library|',
    unknown => 'XX000|unexpected C++ exception||',
    fine => 'no error',
);
for my $kind (sort keys %expected) {
    is($node->safe_psql('postgres', "SELECT fields('$kind')"), $expected{$kind}, "$kind: every field is kept");
}
like($node->safe_psql('postgres', "SELECT fields('long')"), qr/^22012\|m{1000,}\|d{2000,}\|h{1000,}$/,
    'long texts are cut, not lost');

is($node->safe_psql('postgres', q(SELECT swallows('23505'))), 't', 'a subtransaction swallows an error');
my (undef, undef, $told) = $node->psql('postgres', q(SELECT swallows('57014')));
like($told, qr/ERROR:  message of the subtransaction/, 'a canceled query stays canceled');

my ($failed, $heap_growth, $rss_growth) = split /\|/, $node->safe_psql('postgres', q{
    CREATE TABLE result (failed int, heap_growth bigint, rss_growth bigint);
    DO $$
    DECLARE
        kinds text[] := '{core,server,nested,memory,standard,unknown,long}';
        heap bigint; rss bigint; failed int := 0;
    BEGIN
        FOR i IN 0 .. 10999 LOOP
            IF i = 1000 THEN -- caches are warm
                heap := heap_bytes(); rss := rss_kb();
            END IF;
            BEGIN
                PERFORM fail(kinds[1 + i % 7]);
            EXCEPTION WHEN OTHERS THEN
                failed := failed + 1;
            END;
        END LOOP;
        INSERT INTO result VALUES (failed, heap_bytes() - heap, rss_kb() - rss);
    END $$;
    SELECT * FROM result;
});
is($failed, 11000, 'each call failed');
cmp_ok($heap_growth, '<', 1024 * 1024, "heap is flat over 10,000 errors (grew by $heap_growth bytes)");
cmp_ok($rss_growth, '<', 4 * 1024, "RSS is flat over 10,000 errors (grew by $rss_growth kB)");

done_testing();
