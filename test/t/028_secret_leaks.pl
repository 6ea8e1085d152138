# No secret and no token leaves the memory that is meant for it: a canary of each is looked for in the log at its most talkative, in
# what statistics and dumps show, in the data directory, and in the core file of a backend that has just used the secret. The keeper
# leaves no core file at all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ConnectTest;
use File::Find ();
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $module = $ENV{HELIX_SECRET_READER} or die 'HELIX_SECRET_READER must name the module of test/tools/secret_reader.cpp';
my $canary = 'canary' . join '', map { chr(97 + int rand 26) } 1 .. 24;
my $token = 'token' . join '', map { chr(97 + int rand 26) } 1 .. 24;
my $in_file = "infile$canary";
my $folder = PostgreSQL::Test::Utils::tempdir_short();
ConnectTest::write_file("$folder/token", "$token\n");
ConnectTest::write_file("$folder/secret", "$in_file\n");
my $connect = start_connect($token);
$connect->value(hook => $canary);
my $hook = 'op://Team Secrets/Webhooks/hook';
my $node = helix_node('leaks', conf => <<"CONF");
shared_preload_libraries = 'helix,pg_stat_statements'
helix.secret_folder = '$folder'
helix.onepassword_connect_url = '${\$connect->url}'
helix.onepassword_token_ref = 'file://$folder/token'
log_statement = all
log_min_messages = debug5
log_min_error_statement = debug5
log_error_verbosity = verbose
debug_print_plan = on
CONF
$node->safe_psql('postgres', qq{
    CREATE EXTENSION pg_stat_statements;
    CREATE FUNCTION length_of(text) RETURNS integer LANGUAGE c STRICT AS '$module', 'helix_test_read_secret_length';
    CREATE FUNCTION use_and_abort(text) RETURNS void LANGUAGE c STRICT AS '$module', 'helix_test_use_and_abort'});

sub has_none {
    my ($text, $where) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(index($text, $canary) < 0, "no secret in $where");
    ok(index($text, $token) < 0, "no token in $where");
}

# All files of the data directory but for core files.
sub data_files {
    my @files;
    File::Find::find(sub { push @files, $File::Find::name if -f && !/^core/ }, $node->data_dir);
    return join '', map { ConnectTest::read_file($_) } @files;
}

is($node->safe_psql('postgres', "SELECT length_of('$hook'), length_of('file://$folder/secret')"),
    length($canary) . '|' . length($in_file),
    'the secrets are read');
for my $mode (qw(401 404 500 broken huge)) { # answers that hold the token or worse
    $connect->mode($mode);
    $node->reload;
    sleep 0.1;
    my (undef, undef, $errors) = $node->psql('postgres', "SELECT length_of('op://Team Secrets/Webhooks/$mode')");
    like($errors, qr/HX003|secret unavailable/, "answer $mode is refused");
    has_none($errors, "the error of answer $mode");
}
$connect->mode('ok');
$node->reload;
sleep 0.1;
is($node->safe_psql('postgres', "SELECT length_of('$hook'), helix.forget_secret('$hook'), length_of('$hook')"), '30|t|30',
    'and read anew');

my $log = slurp_file($node->logfile);
like($log, qr/length_of/, 'the log has everything');
has_none($log, 'it');
has_none($node->safe_psql('postgres', 'SELECT * FROM pg_stat_activity; SELECT * FROM pg_stat_statements; SELECT *
    FROM helix.secret_cache_status();
    SELECT * FROM pg_settings'), 'statistics, status and settings');
my ($dump, $messages) = run_command([ 'pg_dumpall', '-h', $node->host, '-p', $node->port ]);
like($dump, qr/CREATE EXTENSION.*helix/, 'there is a dump');
has_none($dump . $messages, 'it');
$node->safe_psql('postgres', 'CHECKPOINT');
has_none(data_files(), 'the data directory');

# The mapping that secrets are in, as a session sees it. It is told from others by its size, 256 times 4096 bytes.
sub mapping {
    return pack 'H*', $node->safe_psql('postgres', q{
        SELECT encode(pg_read_binary_file('/proc/self/mem', ('x' || lpad(start, 16, '0'))::bit(64)::bigint, 1048576), 'hex')
          FROM (SELECT (regexp_match(line, '^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero'))[1] AS start,
                       (regexp_match(line, '^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero'))[2] AS stop
                  FROM regexp_split_to_table(pg_read_file('/proc/self/maps'), '\n') line) m
         WHERE ('x' || lpad(stop, 16, '0'))::bit(64)::bigint - ('x' || lpad(start, 16, '0'))::bit(64)::bigint = 1048576});
}

sub is_mapped { return index(mapping(), $canary) >= 0 ? 'there' : 'gone' }

is(is_mapped(), 'there', 'the secret is in the mapping');
$node->safe_psql('postgres', "SELECT helix.forget_secret('$hook')");
is(is_mapped(), 'gone', 'and wiped when it is forgotten');
$node->safe_psql('postgres', q{ALTER SYSTEM SET helix.secret_cache_ttl = '1s'; ALTER SYSTEM SET helix.secret_grace = '1s'});
$node->reload;
sleep 0.1;
$node->safe_psql('postgres', "SELECT length_of('$hook')");
is(is_mapped(), 'there', 'read again');
sleep 2.2;
is(is_mapped(), 'gone', 'wiped at its end though nobody asks');
$node->safe_psql('postgres', "SELECT length_of('$hook')");
$connect->mode('404');
sleep 1.1;
is(is_mapped(), 'there', 'read again');
$node->psql('postgres', "SELECT length_of('$hook')");
is(is_mapped(), 'gone', 'and wiped when 1Password has it no longer');
$connect->mode('ok');
sleep 0.1;
$node->safe_psql('postgres', 'ALTER SYSTEM RESET helix.secret_cache_ttl; ALTER SYSTEM RESET helix.secret_grace');
$node->reload;

sub keeper_pid {
    my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
    my ($pid) = `ps --ppid $postmaster -o pid=,args=` =~ /^\s*(\d+) .*helix secret keeper/m;
    return $pid;
}

my $keeper = keeper_pid();
ok($keeper, 'the keeper runs');
SKIP: {
    skip 'root may read anything', 1 if $> == 0;
    ok(!open(my $memory, '<', "/proc/$keeper/mem"), 'nobody may look into its memory');
}

# The files that a process's crash has left in the data directory, its working directory.
sub cores { return glob $node->data_dir . '/core*' }

sub crash {
    my ($what) = @_;
    $what->();
    sleep 0.2;
    $node->poll_query_until('postgres', 'SELECT true') or die 'no restart after the crash';
}

SKIP: {
    my $pattern = ConnectTest::read_file('/proc/sys/kernel/core_pattern');
    skip "core files go to $pattern", 1 if $pattern !~ m{^core[^/|]*$};
    $node->stop;
    system_or_bail('pg_ctl', '-c', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start');
    $node->_update_pid(1);
    crash(sub { kill 'ABRT', keeper_pid() });
    is(join(' ', cores()), '', 'the keeper leaves no core file');
    crash(sub { $node->psql('postgres', "SELECT length_of('$hook'); SELECT use_and_abort('$hook')") });
    my ($core) = cores();
    skip 'the system leaves no core files (ulimit -c)', 1 if !$core;
    my $content = ConnectTest::read_file($core);
    cmp_ok(index($content, $hook), '>', 0, 'a backend leaves a core file, with shared memory in it');
    has_none($content, 'it');
    ok(index($content, $in_file) < 0, 'nor the secret of the file');
    unlink cores();
}

$node->stop;
$connect->stop;
done_testing();
