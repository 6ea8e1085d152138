# Logical replication: the tables behind the views are published, with the columns that a subscriber wants.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = helix_node('publisher', init => { allows_streaming => 'logical' });
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
my ($me, $other) = (user_id(1), user_id(2));

# A view is none that can be published; its table is.
my ($status, $out, $err) = $publisher->psql('postgres', 'CREATE PUBLICATION app FOR TABLE helix.operation_schedules');
like($err, qr/cannot add relation "operation_schedules" to publication/, 'a view cannot be published');
$publisher->safe_psql('postgres', <<"SQL");
CREATE PUBLICATION app FOR TABLE
    helix_internal.operation_schedules (id, user_id, operation_id, enabled, max_cost_per_month),
    helix_internal.schedule_executions (id, user_id, execution_status, cost_actual),
    helix.user_operation_preferences WHERE (user_id = '$me');
SQL
$subscriber->safe_psql('postgres', <<'SQL');
CREATE SCHEMA helix;
CREATE SCHEMA helix_internal;
CREATE TABLE helix_internal.operation_schedules (id uuid PRIMARY KEY, user_id uuid, operation_id text, enabled boolean,
    max_cost_per_month numeric);
CREATE TABLE helix_internal.schedule_executions (id uuid PRIMARY KEY, user_id uuid, execution_status text, cost_actual numeric);
CREATE TABLE helix.user_operation_preferences (id uuid, user_id uuid, operation_id text, preferred_model text, enabled boolean,
    default_parameters jsonb, cost_budget_monthly numeric, created_at timestamptz, updated_at timestamptz,
    PRIMARY KEY (user_id, operation_id));
SQL
my $columns = $publisher->safe_psql('postgres', q(SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute
    WHERE attrelid = 'helix.user_operation_preferences'::regclass AND attnum > 0 AND NOT attisdropped));
is($subscriber->safe_psql('postgres', q(SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute
    WHERE attrelid = 'helix.user_operation_preferences'::regclass AND attnum > 0)), $columns, 'the copy has the same columns');
my $publisher_address = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION app CONNECTION '$publisher_address' PUBLICATION app");
$subscriber->wait_for_subscription_sync($publisher, 'app');

# What clients write arrives: schedules, executions that they run, preferences of the user of the row filter.
my $schedule = $publisher->safe_psql('postgres', <<"SQL");
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type) VALUES ('$me', 'email-compose', 'manual') RETURNING id
SQL
$publisher->safe_psql('postgres', <<"SQL");
UPDATE helix.operation_schedules SET max_cost_per_month = 2, next_execution_at = now() WHERE id = '$schedule';
INSERT INTO helix.schedule_executions (schedule_id, user_id, execution_status, cost_usd)
    VALUES ('$schedule', '$me', 'success', 0.25);
SELECT helix.set_operation_preference('$me', 'email-compose', p_enabled => false);
SELECT helix.set_operation_preference('$other', 'email-compose', p_enabled => false);
SQL
$publisher->wait_for_catchup('app');
is($subscriber->safe_psql('postgres', 'SELECT id, operation_id, enabled, max_cost_per_month
    FROM helix_internal.operation_schedules'), "$schedule|email-compose|t|2", 'a schedule and its change');
is($subscriber->safe_psql('postgres', 'SELECT execution_status, cost_actual FROM helix_internal.schedule_executions'),
    'success|0.25', 'an execution');
is($subscriber->safe_psql('postgres', 'SELECT user_id, enabled FROM helix.user_operation_preferences'), "$me|f",
    'the preferences of one user alone');

# A row that goes is named by its primary key, which the tables have as replica identity.
$publisher->safe_psql('postgres', 'DELETE FROM helix.operation_schedules');
$publisher->wait_for_catchup('app');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM helix_internal.operation_schedules'), '0', 'and its end');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION app');

# A publication of all tables refuses no change of helix: each table that has rows to change says how they are identified.
$publisher->safe_psql('postgres', "CREATE PUBLICATION every FOR ALL TABLES;
    INSERT INTO helix.model_prices VALUES ('acme', 'published', '2020-01-01', 1, 1, 1)");
record($publisher, cost_usd => undef, model => 'published', model_used => 'acme', input_tokens => 1_000_000);
$publisher->safe_psql('postgres', 'SELECT helix.fold(); SELECT helix_internal.close_levels();
    SELECT helix_internal.retire_levels()');
$publisher->safe_psql('postgres', "UPDATE helix.model_prices SET input_usd_per_mtok = 3 WHERE model = 'published'");
is($publisher->safe_psql('postgres', "SELECT * FROM helix.reprice('2020-01-01', 'infinity', 'published')"), '1|1|3',
    'prices change while all tables are published');
is($publisher->safe_psql('postgres', q(SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace IN ('helix'::regnamespace, 'helix_internal'::regnamespace) AND c.relkind = 'r' AND c.relpersistence = 'p'
      AND c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))), '',
    'every table has a replica identity');
$subscriber->stop;
$publisher->stop;
done_testing();
