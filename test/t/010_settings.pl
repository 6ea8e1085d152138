# Settings do what they say: self-recording can be turned off by reload, and bad values are refused.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = helix_node('settings');
$node->safe_psql('postgres', q{
    CREATE ROLE api_user; CREATE ROLE api_service;
    SELECT helix.grant_api_access('api_user', 'api_service')});

# The SQLSTATE with which a role's recording for $user fails, or 'recorded'.
sub record_as {
    my ($role) = @_;
    my $user = '5e771000-0000-4000-8000-000000000001';
    my ($status, undef, $errors) = $node->psql('postgres', qq{
        \\set VERBOSITY sqlstate
        SET ROLE $role;
        SET helix.user_id = '$user';
        SELECT helix.record_operation_execution('$user', 'email-compose', NULL, true, 1, 1, 'openai')});
    return $status == 0 ? 'recorded' : ($errors =~ /ERROR:\s+(\w{5})/ ? $1 : $errors);
}

is(record_as('api_user'), 'recorded', 'a signed-in user records for himself');
$node->append_conf('postgresql.conf', 'helix.allow_self_recording = off');
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('helix.allow_self_recording') = 'off'}) or die 'no reload';
is(record_as('api_user'), '42501', 'helix.allow_self_recording = off stops that');
is(record_as('api_service'), 'recorded', 'and leaves the service role alone');
is($node->safe_psql('postgres', 'SELECT sum(total_cost_usd) FROM helix.cost_trends'), '2', 'nothing else was recorded');

my (undef, undef, $errors) = $node->psql('postgres', q{ALTER SYSTEM SET helix.databases = 'a,,b'});
like($errors, qr/not a list of database names/, 'a broken list of databases is refused');
(undef, undef, $errors) = $node->psql('postgres', q{ALTER SYSTEM SET helix.fold_interval = '1ms'});
like($errors, qr/outside the valid range/, 'so is an interval out of range');
(undef, undef, $errors) = $node->psql('postgres', q{SET helix.no_such_setting = 1});
like($errors, qr/invalid configuration parameter name/, 'and a setting that helix does not have');

done_testing();
