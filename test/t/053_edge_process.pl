# The server starts and watches helix-edge. The program gets what it needs and nothing else. It is back within a second, and leaves
# with the server however that ends. Its password is nowhere but in the two processes. A stub stands in for the program, and tells
# what it sees.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $folder = PostgreSQL::Test::Utils::tempdir_short();
my $program = "$folder/stub";
my $port = PostgreSQL::Test::Cluster::get_free_port();

# Its report is complete once it has its last name. It signs in over TCP, where the server wants the password.
append_to_file($program, <<"STUB");
#!/bin/sh
[ ! -e $folder/broken ] || exit 3
me=$folder/report.\$\$
{
    echo "arguments=\$*"
    echo "folder=\$(pwd)"
    echo "environment=\$(tr '\\\\0' ' ' </proc/\$\$/environ)"
    echo "files=\$(for file in /proc/\$\$/fd/*; do readlink \$file; done | tr '\\n' ' ')"
    echo "oom=\$(cat /proc/\$\$/oom_score_adj)"
    grep '^Sig[BI]' /proc/self/status # the shell itself blocks signals while it forks
    while read -r line && [ -n "\$line" ]; do echo "\$line"; done
} >\$me.new
export PGPASSWORD=\$(sed -n 's/^password=//p' \$me.new)
psql -w -X -A -t -h 127.0.0.1 -p \$(sed -n 's/^port=//p' \$me.new) -U helix_edge_local -d postgres \\
    -c "SELECT 'signed_in=' || current_user" >>\$me.new 2>&1
mv \$me.new \$me
echo 'a line of the stub' >&2
exec 3<&0 # a command in the background has another standard input
cat <&3 >/dev/null &
reader=\$!
trap 'echo left >\$me.left; kill \$reader; exit 0' TERM
wait \$reader
STUB
chmod 0755, $program;

# Cluster.pm lets the server take no TCP connections.
my $conf = <<"CONF";
listen_addresses = '127.0.0.1'
shared_preload_libraries = 'helix,pg_stat_statements'
pg_stat_statements.track = all
log_statement = all
log_min_messages = debug2
log_error_verbosity = verbose
restart_after_crash = on
helix.edge_listen = '127.0.0.1:$port'
helix.edge_program = '$program'
helix.edge_options = '--one  two'
CONF

sub report {
    my ($file) = @_;
    return map { /^(\w+)[=:]\s*(.*?)\s*$/ ? ($1 => $2) : () } split /\n/, slurp_file($file);
}

# The stub that runs now, other than those known, with its report.
my %known;
sub next_stub {
    my ($seconds) = @_;
    my $end = time + ($seconds // 20);
    do {
        for my $file (glob "$folder/report.*") {
            my ($pid) = $file =~ /report\.(\d+)$/ or next;
            next if $known{$pid}++;
            return { pid => $pid, report($file) };
        }
        sleep 0.02;
    } while (time < $end);
    return undef;
}

sub is_gone {
    my ($pid, $seconds) = @_;
    my $end = time + $seconds;
    while (time < $end) {
        return 1 if !kill(0, $pid) || (eval { slurp_file("/proc/$pid/stat") } // ') Z ') =~ /\) Z /;
        sleep 0.02;
    }
    return 0;
}

sub set {
    my ($node, $name, $value) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET $name = '$value'");
    $node->reload;
}

# ---- It waits for the extension, and gets what it needs and no more.
$ENV{HELIX_SECRET_CANARY} = 'a secret of the environment';
my $node = PostgreSQL::Test::Cluster->new('edge', own_host => 0);
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', $conf);
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', <<'HBA');
local all helix_edge_local reject
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
HBA
$node->start;
sleep 1;
is(next_stub(0), undef, 'without the extension it does not start');
ok(slurp_file($node->logfile) =~ /helix-edge waits for the extension helix in database "postgres"/, 'the log says so');
$node->safe_psql('postgres', q{CREATE EXTENSION helix; CREATE EXTENSION pg_stat_statements;
    CREATE ROLE api_user; CREATE ROLE api_service; CREATE ROLE api_anon;
    SELECT helix.grant_api_access('api_user', 'api_service', 'api_anon')});
my $stub = next_stub() or BAIL_OUT('helix-edge does not start');
is($stub->{arguments}, '--launched --one two', 'its arguments');
is($stub->{listen}, "127.0.0.1:$port", 'where it listens');
is($stub->{port}, $node->port, 'the port of the server');
is($stub->{socket_directory}, $node->host, 'and its socket');
is("$stub->{database} $stub->{user}", 'postgres helix_edge_local', 'whom it signs in as');
like($stub->{password}, qr/^[0-9a-f]{64}$/, 'a password');
is($stub->{signed_in}, 'helix_edge_local', 'which is right');
is($stub->{folder}, '/', 'its folder');
unlike($stub->{files}, qr{socket:|anon_inode:|/pgdata/|/dev/zero|/dev/shm}, 'it has no file of the server');
is($stub->{oom}, '0', 'it is as any process to the OOM killer');
# posix_spawn() lets two signals of the C library itself, 32 and 33, be ignored.
is(join(' ', map { hex($stub->{$_}) & ~(3 << 31) } qw(SigBlk SigIgn)), '0 0', 'signals are as at the start of a program');
unlike($stub->{environment}, qr/CANARY|PGDATA/, 'nothing secret is in its environment');
is($node->safe_psql('postgres', q{SELECT rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
    FROM pg_roles WHERE rolname = 'helix_edge_local'}), 't|f|f|f|f|f|f', 'what its role may do');
is($node->safe_psql('postgres', q{SELECT string_agg(roleid::regrole::text, ' ' ORDER BY roleid::regrole::text) FROM pg_auth_members
    WHERE member = 'helix_edge_local'::regrole}), 'api_anon api_service api_user', 'and whom it takes on');
ok(slurp_file($node->logfile) =~ /^a line of the stub$/m, 'its log lines are in the log of the server');

# ---- It is back at once, with another password.
my $began = time;
kill 'KILL', $stub->{pid};
my $second = next_stub();
cmp_ok(time - $began, '<', 1.5, sprintf 'killed, it is back after %.2f s', time - $began);
isnt($second->{password}, $stub->{password}, 'with another password');
is($second->{signed_in}, 'helix_edge_local', 'which is right');
{
    local $ENV{PGPASSWORD} = $stub->{password};
    my ($output, $errors) = run_command([ 'psql', '-w', '-h', '127.0.0.1', '-p', $node->port, '-U', 'helix_edge_local', 'postgres',
        '-c', 'SELECT 1' ]);
    like($errors, qr/password authentication failed/, 'the one before is wrong now');
}
ok(slurp_file($node->logfile) =~ /helix-edge \(PID $stub->{pid}\) has ended: signal 9/, 'the log says what happened');

# ---- One that ends at once is started less and less often, and the server goes on.
append_to_file("$folder/broken", '');
my $log_size = -s $node->logfile;
kill 'KILL', $second->{pid};
sleep 3;
my $starts = () = slurp_file($node->logfile, $log_size) =~ /has ended: exit status 3/g;
ok($starts >= 2 && $starts <= 5, "$starts starts in 3 s");
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server goes on');
unlink "$folder/broken";
my $third = next_stub() or BAIL_OUT('helix-edge does not come back');

# ---- A reload changes it.
my $other = PostgreSQL::Test::Cluster::get_free_port();
set($node, 'helix.edge_listen', "[::1]:$other");
my $fourth = next_stub();
is($fourth->{listen}, "[::1]:$other", 'a reload starts it anew');
ok(-e "$folder/report.$third->{pid}.left", 'the one before was asked to leave');
set($node, 'helix.edge_listen', '');
ok(is_gone($fourth->{pid}, 5), 'without an address it leaves');
is(next_stub(1), undef, 'and none starts');
for my $address ('0.0.0.0:80', ':80', 'localhost', 'unix:here', '127.0.0.1:0') {
    my (undef, undef, $errors) = $node->psql('postgres', "ALTER SYSTEM SET helix.edge_listen = '$address'");
    like($errors, qr/not an address that helix-edge may listen on/, "$address is refused");
}
set($node, 'helix.edge_program', "$folder/missing");
set($node, 'helix.edge_listen', "unix:$folder/socket");
my $missing = qr/helix could not start ".*missing": No such file or directory/;
ok(eval { $node->wait_for_log($missing); 1 }, 'a program that is not there');
set($node, 'helix.edge_program', $program);
my $fifth = next_stub();
is($fifth->{listen}, "unix:$folder/socket", 'it starts once it is there');

# ---- A role that somebody else has prepared is not used.
$node->safe_psql('postgres', 'CREATE ROLE intruder; GRANT helix_edge_local TO intruder');
kill 'KILL', $fifth->{pid};
ok(eval { $node->wait_for_log(qr/role "helix_edge_local" has members/); 1 }, 'a role with members is not used');
is(next_stub(1), undef, 'nothing starts');
$node->safe_psql('postgres', 'REVOKE helix_edge_local FROM intruder');
my $sixth = next_stub() or BAIL_OUT('helix-edge does not come back');

# ---- The password is nowhere.
my @passwords = map { $_->{password} } $stub, $second, $third, $fourth, $fifth, $sixth;
sub has_none {
    my ($text, $where) = @_;
    is(scalar(grep { index($text, $_) >= 0 } @passwords), 0, "no password in $where");
}
has_none(slurp_file($node->logfile), 'the log');
ok(slurp_file($node->logfile) !~ /SCRAM-SHA-256\$\d/, 'nor its verifier');
my $statistics = $node->safe_psql('postgres', 'SELECT * FROM pg_stat_statements; SELECT * FROM pg_stat_activity;
    SELECT * FROM pg_settings; SELECT * FROM helix_internal.api_roles');
has_none($statistics, 'statistics and settings');
unlike($statistics, qr/SCRAM-SHA-256\$\d/, 'nor its verifier');
has_none(scalar run_command([ 'pg_dumpall', '-h', $node->host, '-p', $node->port ]), 'a dump');
has_none(join('', map { slurp_file($_) } grep { -r } glob '/proc/' . launcher_pid($node) . '/{cmdline,environ}'), 'the launcher');

# ---- A standby has none until it is promoted.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby', own_host => 0);
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
sleep 1;
is(next_stub(0), undef, 'a standby starts none');
$standby->promote;
my $promoted = next_stub();
is($promoted->{port}, $standby->port, 'promotion starts it');
is($promoted->{signed_in}, 'helix_edge_local', 'and it signs in');

# ---- It leaves with the server.
$standby->stop('fast');
ok(is_gone($promoted->{pid}, 5), 'a stopped server leaves none behind');
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
kill 'KILL', $postmaster;
ok(is_gone($sixth->{pid}, 5), 'nor does one that was killed');
$node->stop('immediate', fail_ok => 1);
unlink $node->data_dir . '/postmaster.pid';
$node->{_pid} = undef;
$node->start;
my $last = next_stub();
is($last->{signed_in}, 'helix_edge_local', 'it starts again with it');
my $launcher = launcher_pid($node);
kill 'KILL', $launcher; # the server restarts all of its processes
ok(is_gone($last->{pid}, 5), 'it leaves with a launcher that crashes');
ok(next_stub(), 'and comes back with the next one');
$node->stop('fast');

done_testing();
