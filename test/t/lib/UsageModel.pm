# For plain arithmetic over the ledger, which says what reads of usage should return: random times and zones, and how bounds are
# widened.
package UsageModel;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(model_setup);

# The helpers of the arithmetic. $clock: the SQL of the time that events follow. $users: how many users there are.
sub model_setup {
    my ($clock, $users) = @_;
    return <<"SQL";
CREATE SCHEMA model;
CREATE UNLOGGED TABLE model.checks (read text, granularity text, checks bigint, wrong bigint, example text);
CREATE FUNCTION model.clock() RETURNS timestamptz VOLATILE LANGUAGE sql AS \$\$ SELECT $clock \$\$;
CREATE FUNCTION model.any_user() RETURNS uuid VOLATILE LANGUAGE sql
    AS \$\$ SELECT ('aaaaaaaa-0000-4000-8000-' || lpad((1 + floor(random() * $users))::text, 12, '0'))::uuid \$\$;
CREATE FUNCTION model.any_reader() RETURNS uuid VOLATILE LANGUAGE sql
    AS \$\$ SELECT coalesce(helix.current_user_id(), model.any_user()) \$\$;
CREATE FUNCTION model.any_of(anyarray) RETURNS anyelement VOLATILE LANGUAGE sql
    AS \$\$ SELECT \$1[1 + floor(random() * cardinality(\$1))::integer] \$\$;

-- Zones of whole, half and quarter hours, with clocks that change by an hour, by half an hour, and at midnight.
CREATE FUNCTION model.zones() RETURNS text[] IMMUTABLE LANGUAGE sql AS \$\$ SELECT ARRAY[
    'UTC', 'Asia/Kathmandu', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Chatham', 'America/St_Johns',
    'America/Havana', 'Asia/Beirut', 'Africa/Abidjan', 'Etc/GMT+12', 'Pacific/Apia', 'Asia/Kolkata'] \$\$;
CREATE TABLE model.changes AS
    SELECT z AS zone, h AS at
      FROM unnest(model.zones()) z,
           generate_series(date_trunc('hour', now()) - interval '400 days', now(), interval '1 hour') h
     WHERE h AT TIME ZONE z - (h - interval '1 hour') AT TIME ZONE z <> interval '1 hour';
CREATE FUNCTION model.any_change() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS \$\$ SELECT at FROM model.changes ORDER BY random() LIMIT 1 \$\$;

-- When events occur, and about when ranges begin and end.
CREATE FUNCTION model.any_time() RETURNS timestamptz VOLATILE LANGUAGE sql AS \$\$
    SELECT CASE floor(random() * 11)
               WHEN 0 THEN now() + (random() * 40 - 20) * interval '1 hour'
               WHEN 1 THEN model.any_change() + (random() * 60 - 30) * interval '1 hour'
               WHEN 2 THEN model.clock() - random() * interval '400 days'
               WHEN 3 THEN timestamptz '1985-01-01 00:00+00' + random() * interval '10000 days'
               WHEN 4 THEN model.clock() + random() * interval '30 days'
               WHEN 5 THEN model.clock() - random() * interval '3 hours'
               WHEN 6 THEN model.clock() - interval '41 days' + (random() * 60 - 40) * interval '1 hour' -- where quarters begin
               ELSE model.clock() + (random() * 50 - 45) * interval '1 hour' END \$\$;
CREATE FUNCTION model.floor_to(at timestamptz, seconds numeric) RETURNS timestamptz IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN isfinite(at) AND seconds > 0
                THEN to_timestamp((floor(extract(epoch FROM at) / seconds) * seconds)::double precision) ELSE at END;
CREATE FUNCTION model.ceil_to(at timestamptz, seconds numeric) RETURNS timestamptz IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN isfinite(at) AND seconds > 0
                THEN to_timestamp((ceil(extract(epoch FROM at) / seconds) * seconds)::double precision) ELSE at END;
CREATE FUNCTION model.any_bound() RETURNS timestamptz VOLATILE LANGUAGE sql AS \$\$
    SELECT CASE WHEN random() < 0.02 THEN model.any_of('{-infinity,infinity,0001-01-01 BC,1969-12-31,11111-11-11}'::timestamptz[])
                ELSE model.floor_to(model.any_time(), model.any_of('{0,1,60,60,900,3600,86400,86400}'::numeric[])) END \$\$;

-- A bound is good for whole minutes, quarters of an hour or days, by what is kept of its time. Nothing is recorded before 1970.
CREATE FUNCTION model.kept(at timestamptz) RETURNS timestamptz IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN at < timestamptz '1970-01-01 00:00:00+00' THEN timestamptz '-infinity'
                WHEN at >= timestamptz '10000-01-01 00:00:00+00' THEN timestamptz 'infinity' ELSE at END;
CREATE FUNCTION model.seconds_at(at timestamptz, minutes_from timestamptz, quarters_from timestamptz) RETURNS numeric
    IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN NOT isfinite(at) THEN 0 WHEN model.floor_to(at, 900) >= minutes_from THEN 60 WHEN at >= quarters_from THEN 900
                ELSE 86400 END;
CREATE FUNCTION model.first_instant(zone text, shown timestamp) RETURNS timestamptz STABLE LANGUAGE sql
    RETURN least(shown AT TIME ZONE zone, (shown - interval '1 second') AT TIME ZONE zone + interval '1 second');
CREATE FUNCTION model.day_start(zone text, day date) RETURNS timestamptz STABLE LANGUAGE sql
    RETURN model.first_instant(zone, day::timestamp);
CREATE FUNCTION model.word(seconds numeric) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN CASE seconds WHEN 60 THEN 'minute' WHEN 900 THEN 'quarter' WHEN 86400 THEN 'day' ELSE 'exact' END;

-- Percentiles are whole ms, exact up to 100 ms, and within 1 % above.
CREATE FUNCTION model.near(shown bigint[], actual integer[]) RETURNS boolean IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN actual IS NULL OR actual[1] IS NULL THEN shown[1] IS NULL AND shown[2] IS NULL AND shown[3] IS NULL
                ELSE coalesce(abs(shown[1] - actual[1]) <= CASE WHEN actual[1] <= 100 THEN 0 ELSE actual[1] * 0.01 + 0.5 END
                              AND abs(shown[2] - actual[2]) <= CASE WHEN actual[2] <= 100 THEN 0 ELSE actual[2] * 0.01 + 0.5 END
                              AND abs(shown[3] - actual[3]) <= CASE WHEN actual[3] <= 100 THEN 0 ELSE actual[3] * 0.01 + 0.5 END,
                              false) END;
CREATE FUNCTION model.rate(good bigint, n bigint, otherwise numeric) RETURNS numeric IMMUTABLE LANGUAGE sql
    RETURN coalesce((100.0 * good / nullif(n, 0))::double precision::numeric, otherwise);
CREATE FUNCTION model.mean(usd numeric, n bigint, otherwise numeric) RETURNS numeric IMMUTABLE LANGUAGE sql
    RETURN coalesce((usd / nullif(n, 0))::double precision::numeric, otherwise);
SQL
}

1;
