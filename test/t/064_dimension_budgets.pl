# Budgets on dimensions hold: 16 clients reserve, settle and record for users of a group, with a team in the metadata. What is
# settled and reserved for the team never passes its limit, all of it is given out, and what other teams spend counts for nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('main', conf => "helix.fold_interval = '20ms'\nhelix.dimensions = 'team'\n");
my $sql = sub { $node->safe_psql('postgres', $_[0]) };
$node->poll_query_until('postgres', q(SELECT helix.fold() >= 0 AND count(*) = 1 FROM helix.dimensions)) or die 'not counted';

# Red may spend 100 in a month by the clock of Kathmandu; each member besides 60 with red in a day.
$sql->(<<'SQL');
ALTER DATABASE postgres SET client_min_messages = error;
CREATE FUNCTION user_of(p_user integer) RETURNS uuid LANGUAGE sql AS $$
    SELECT ('dddddddd-0000-4000-8000-' || lpad(p_user::text, 12, '0'))::uuid $$;
INSERT INTO helix.budget_groups (id, name) VALUES ('dddddddd-0000-4000-8000-00000000000a', 'all');
INSERT INTO helix.budget_group_members (group_id, user_id)
    SELECT 'dddddddd-0000-4000-8000-00000000000a', user_of(i) FROM generate_series(1, 4) i;
INSERT INTO helix.budgets (group_id, dimension_key, dimension_value, period, limit_usd, time_zone)
    VALUES ('dddddddd-0000-4000-8000-00000000000a', 'team', 'red', 'month', 100, 'Asia/Kathmandu');
INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd)
    SELECT user_of(i), 'team', 'red', 'day', 60 FROM generate_series(1, 4) i;
CREATE FUNCTION attempt(p_user integer, p_team text, OUT given integer, OUT reservation uuid) LANGUAGE plpgsql AS $$
BEGIN
    given := 0;
    reservation := helix.reserve_budget(user_of(p_user), 'email-compose', 2, p_metadata => jsonb_build_object('team', p_team));
    given := 1;
EXCEPTION WHEN SQLSTATE 'HX001' THEN
    IF p_team <> 'red' THEN RAISE; END IF;
END $$;
SQL
my $client = sub {
    my ($team) = @_;
    return <<"SQL";
\\set user random(1, 4)
\\set what random(1, 4)
SELECT given, reservation FROM attempt(:user, '$team') \\gset
\\if :given
\\if :what <= 2
SELECT helix.record_operation_execution(user_of(:user), 'email-compose', NULL, true, 1, 0.5 * :what, 'openai',
    p_metadata => '{"team": "$team"}', p_reservation_id => ':reservation');
\\elif :what <= 3
SELECT helix.release_reservation(':reservation');
\\endif
\\endif
SQL
};
# What is no number ends it: a budget that has been passed in a snapshot.
my $watch = <<'SQL';
SELECT coalesce(min(pg_catalog.format('%s', to_jsonb(s))), '0')::integer
  FROM generate_series(1, 4) i, helix.budget_status(user_of(i)) s WHERE remaining_usd < 0;
\sleep 5 ms
SQL
my $clients = start_pgbench($node, 'clients', [ '-c', 16, '-j', 2, '-T', $ENV{HELIX_BUDGET_SECONDS} || 8 ],
    red => [ $client->('red'), 12 ], blue => [ $client->('blue'), 4 ], watch => [ $watch, 4 ]);
ok(IPC::Run::finish($clients), 'nothing passes while clients reserve, settle, release and leave open')
  or diag(slurp_file($node->basedir . '/clients.log.err'));

my $used = $sql->(q(SELECT spent_usd + reserved_usd FROM helix.budget_status(user_of(1)) WHERE scope = 'group'));
cmp_ok($used, '>', 98, 'all of it is given out');
cmp_ok($used, '<=', 100, 'and no more');
is($sql->(q(SELECT spent_usd FROM helix.budget_status(user_of(1)) WHERE scope = 'group')),
    $sql->(q(SELECT trim_scale(sum(cost_usd)) FROM helix.executions WHERE metadata ->> 'team' = 'red')), 'spent is what red cost');
cmp_ok($sql->(q(SELECT sum(cost_usd) FROM helix.executions WHERE metadata ->> 'team' = 'blue')), '>', 10, 'others go on');
is($sql->('SELECT count(*) FROM helix.verify_ledger()'), '0', 'the sums are those of the ledger');
done_testing();
