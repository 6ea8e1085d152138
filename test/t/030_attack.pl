# Attacks: every function and relation of the catalog, called and written by each role with what nobody would pass. The server
# stays up, no error is an internal one or undocumented, and no answer to one user holds anything of another's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use AttackSeed;
use AttackTest;
use HelixTest;
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;

srand(20261126);
my ($errors) = grep { -e } "$FindBin::RealBin/../docs/errors.md", "$FindBin::RealBin/../../docs/errors.md";
die 'docs/errors.md is not beside the tests' if !$errors;
my %documented = documented_sqlstates($errors);
cmp_ok(scalar keys %documented, '>', 30, 'docs/errors.md lists SQLSTATEs');

my $redis = start_redis();
my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/secret", "s3cret\n");
my $node = helix_node('attacked', conf => <<"CONF");
shared_preload_libraries = 'pg_cron,helix'
cron.use_background_workers = on
cron.database_name = 'postgres'
max_worker_processes = 20
jit = off
helix.close_delay = 1h
helix.secret_folder = '$folder'
helix.dimensions = 'm'
helix.redis_url = '${\$redis->url}'
log_line_prefix = '%m [%p] %b SQLSTATE=%e '
CONF

sub sql { return $node->safe_psql('postgres', $_[0]) }

my ($ann, $bob) = (user_id(1), 'b0bb0bb0-0b0b-4b0b-8b0b-b0bb0bb0b0bb');
my $started = sql('SELECT pg_postmaster_start_time()');
sql(q{CREATE EXTENSION pg_cron;
    CREATE ROLE attack_user; CREATE ROLE attack_service; CREATE ROLE attack_anon;
    SELECT helix.grant_api_access('attack_user', 'attack_service', 'attack_anon')});
my %anns = seed_user($node, $ann, 'annsown', $folder);
my %bobs = seed_user($node, $bob, 'c4n4ry', $folder);
wait_until_folded($node);
sql(q(SELECT helix_internal.close_levels(now() + interval '3 hours'))); # from now on folds alone write to them

my %relations = relations_of($node, $bob);
my @canaries = canaries_of($node, $bob, $ann, 'c4n4ry');
install_attack($node, @canaries);
sql('GRANT USAGE ON SCHEMA attack TO PUBLIC; GRANT SELECT ON attack.canaries TO PUBLIC');
cmp_ok(scalar @canaries, '>', 20, 'there is much of the other user to be found');
is(join(' ', grep { $relations{$_}{has_user} && $relations{$_}{kind} ne 'S' && !@{ $relations{$_}{rows} }
    && !$relations{$_}{may_be_empty} } sort keys %relations),
    '', 'every relation with users has rows of the other user (seed_user() makes them)');
my $bobs_rows = digest($node, $bob, \%relations);

my %settings = (
    none => [],
    attack_service => [q(SET request.jwt.claims = '{"role": "service_role"}')],
    attack_user => ["SET request.jwt.claims = '{\"sub\": \"$ann\", \"role\": \"authenticated\"}'"],
    attack_anon => [q(SET request.jwt.claims = '{"role": "anon"}')]);
my %is_signed_in = (attack_user => 1, attack_anon => 1);

# Whether a call passes something of the other user in a text, which may stay in rows of one's own.
sub stores_foreign {
    my $sql = $_[0] =~ s/'[0-9a-f-]{36}'::uuid//gr;
    return scalar grep { index($sql, $_) >= 0 } @canaries;
}

sub is_passed {
    my ($canary, @outcomes) = @_;
    return scalar grep { index($_->{sql}, $canary) >= 0 } @outcomes;
}

# What each outcome must be. The first few of what is wrong are shown.
my %seen;
sub judge {
    my ($what, $role, $told, @outcomes) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong;
    for my $outcome (@outcomes) {
        $seen{ $outcome->{state} }++;
        push @wrong, [ 'undocumented', $outcome ] if !$documented{ $outcome->{state} } && $outcome->{state} ne '00000';
        push @wrong, [ 'leak', $outcome ] if $is_signed_in{$role} && $outcome->{leaks};
    }
    my %shown;
    for (@wrong) {
        my ($why, $outcome) = @$_;
        my ($which) = $outcome->{sql} =~ /\b((?:helix|helix_internal)\.\w+)/;
        diag("$why: " . JSON::PP->new->canonical->encode({ %$outcome, sql => substr($outcome->{sql}, 0, 600) }))
          if $shown{ join ' ', $why, $which // '', $outcome->{state} }++ < 1;
    }
    is(scalar @wrong, 0, "$what, as $role: " . @outcomes . ' statements');
    if ($is_signed_in{$role}) {
        my @in_notices = grep { index($told, $_) >= 0 && !is_passed($_, @outcomes) } @canaries;
        is("@in_notices", '', "$what, as $role: nothing of the other user in notices");
    }
    unlike($told, qr/server closed the connection|connection to server was lost/, "$what, as $role: the server stays up");
}

# ---- Functions.
my @functions = functions_of($node);
cmp_ok(scalar @functions, '>', 80, 'the catalog lists functions');
my $more = more_values(\%anns, \%bobs, $ann, $bob, $folder);
my $base = right_values(\%anns, $ann, $folder);
my %no_values = map { $_ => 1 } grep { !values_of($_, $more) } map { @{ $_->{types} } } @functions;
is(join(' ', sort keys %no_values), '', 'every type of an argument has extreme values');
for my $role (sort keys %settings) {
    my (@statements, @kept, %right);
    for my $function (@functions) {
        my @calls = function_calls($function, $base, $more, 4);
        push @statements, $function->{may}{$role} ? @calls : $calls[0];
        $right{ $calls[0] } = 1 if $function->{may}{$role} && $function->{result} ne 'trigger'
            && ($role eq 'none' || $function->{schema} eq 'helix');
        push @kept, grep { !stores_foreign($_) } @calls if $function->{may}{$role} && $is_signed_in{$role}
            && $function->{schema} eq 'helix';
    }
    my ($told, @outcomes) = attack($node, $role, $settings{$role}, 'false', @statements);
    judge('functions', $role, $told, @outcomes);
    my %refused = map { $_->{sql} => $_ } grep { $right{ $_->{sql} } && $_->{state} ne '00000' } @outcomes;
    note "refused: $refused{$_}{state} $refused{$_}{message}: $_" for sort keys %refused;
    cmp_ok(scalar keys %refused, '<', 0.3 * keys %right,
        "functions, as $role: most right calls go through (right_values() makes them)");
    judge('functions, committed', $role, attack($node, $role, $settings{$role}, 'true', @kept)) if @kept;
}
is(digest($node, $bob, \%relations), $bobs_rows, "after the functions: the other user's rows are as they were");

# ---- Relations.
for my $role (qw(attack_anon attack_user attack_service none)) {
    my $keep = $is_signed_in{$role} ? 'true' : 'false';
    judge('relations', $role,
        attack($node, $role, $settings{$role}, $keep, map { relation_attacks($relations{$_}, $bob) } sort keys %relations));
    next if !$is_signed_in{$role};
    is(digest($node, $bob, \%relations), $bobs_rows, "relations, as $role: the other user's rows are as they were");
    my ($status, $out, $told) = $node->psql('postgres', join(";\n", @{ $settings{$role} }, "SET ROLE $role", copies(\%relations)),
        on_error_stop => 0);
    is(join(' ', grep { index("$out$told", $_) >= 0 } @canaries), '', "COPY, as $role: nothing of the other user");
    my @foreign = map { /SQLSTATE=(\w{5})|ERROR:  (\w{5}):/ ? ($1 // $2) : () } split /\n/, $told;
    is(join(' ', grep { !$documented{$_} } @foreign), '', "COPY, as $role: documented SQLSTATEs");
}

# ---- The server.
ok(wait_until_folded($node), 'the worker goes on');
is(sql('SELECT pg_postmaster_start_time()'), $started, 'the server has not restarted');
my $log = slurp_file($node->logfile);
unlike($log, qr/was terminated by signal|PANIC:|TRAP:|server process \(PID \d+\) exited with exit code [^01]/, 'no process died');
my %internal = map { /SQLSTATE=XX000 (?:ERROR|FATAL): (.*)/ ? ($1 => 1) : () } split /\n/, $log;
is(join("\n", sort keys %internal), '', 'no internal error in the log');
is(sql('SELECT * FROM helix.verify_ledger()'), '', 'the ledger is exact');
note('SQLSTATEs: ' . join ' ', map { "$_ $seen{$_}" } sort keys %seen);
$node->stop;
done_testing();
