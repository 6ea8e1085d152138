# Secrets by reference: each source gives the right one and nothing else, op:// ones are asked for as seldom as promised and survive
# an outage for as long, and no source keeps a session, a shutdown or a restart waiting.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ConnectTest;
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $module = $ENV{HELIX_SECRET_READER} or die 'HELIX_SECRET_READER must name the module of test/tools/secret_reader.cpp';
my $folder = PostgreSQL::Test::Utils::tempdir_short();
mkdir "$folder/$_" or die for qw(in in/deep inside);
sub write_secret { ConnectTest::write_file("$folder/$_[0]", $_[1]) }
write_secret('token', "the-token\n");
$ENV{HELIX_SECRET_ONE} = 'from the environment';
$ENV{OTHER_SECRET} = 'not for you';
my $connect = start_connect('the-token');
my $node = helix_node('node', init => { allows_streaming => 1 }, conf => <<"CONF");
helix.secret_folder = '$folder/in'
helix.onepassword_connect_url = '${\$connect->url}'
helix.onepassword_token_ref = 'file://$folder/token'
log_min_messages = log
CONF

# read(reference): the secret, or the SQLSTATE and detail of its refusal.
sub prepare {
    my ($database) = @_;
    $node->safe_psql($database, qq{
        CREATE FUNCTION secret(text) RETURNS text LANGUAGE c STRICT AS '$module', 'helix_test_read_secret';
        CREATE FUNCTION often(text, integer) RETURNS integer LANGUAGE c STRICT AS '$module', 'helix_test_read_secret_often';
        CREATE FUNCTION check_reference(text) RETURNS void LANGUAGE c STRICT AS '$module', 'helix_test_check_reference';
        CREATE FUNCTION attempt(query text) RETURNS text LANGUAGE plpgsql AS \$\$
        DECLARE result text; state text; message text; detail text;
        BEGIN
            EXECUTE query INTO result;
            RETURN result;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            RETURN concat_ws('|', state, message, detail);
        END \$\$});
}
prepare('postgres');

sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]) }
sub secret { return query("SELECT attempt(format('SELECT secret(%L)', '$_[0]'))", $_[1]) }
sub check { return query("SELECT attempt(format('SELECT check_reference(%L)', '$_[0]'))") }
sub status { return query("SELECT $_[1] FROM helix.secret_cache_status() WHERE reference = '$_[0]'") }

sub set_up {
    my %settings = @_;
    $node->safe_psql('postgres', join '', map { "ALTER SYSTEM SET $_ = '$settings{$_}';\n" } sort keys %settings);
    $node->reload;
    for my $name (keys %settings) {
        $node->poll_query_until('postgres', "SELECT current_setting('$name') = '$settings{$name}'") or die "no reload of $name";
    }
    sleep 0.1; # the keeper too
}

sub timed {
    my ($what) = @_;
    my $start = time;
    my $result = $what->();
    return ($result, time - $start);
}

subtest 'files' => sub {
    my $base = "file://$folder/in";
    write_secret('in/one', "first\n");
    write_secret('in/deep/two', 'second');
    write_secret('outside', 'escaped');
    write_secret('inside/x', 'escaped');
    symlink "$folder/outside", "$folder/in/absolute";
    symlink '../outside', "$folder/in/relative";
    symlink 'deep/two', "$folder/in/within";
    symlink "$folder", "$folder/in/up";
    system 'mkfifo', "$folder/in/pipe";
    is(secret("$base/one"), 'first', 'a file without its line break');
    is(secret("$base/deep/two"), 'second', 'one in a folder within');
    is(secret("$base/within"), 'second', 'one behind a link that stays within');
    write_secret('in/one', 'changed');
    is(secret("$base/one"), 'changed', 'and as it is now');
    for my $bad ("$base/absolute", "$base/relative", "$base/up/outside", "$base/pipe", "$base/none", "$base/deep") {
        like(secret($bad), qr/^HX003\|secret unavailable\|"\Q$bad\E": /, "not $bad");
    }
    for my $bad ("$base/../outside", "file://$folder/outside", "file://$folder/inside/x", "$base/deep/../../outside", $base,
        "$base/") {
        like(check($bad), qr/^22023\|/, "$bad is refused when it is given");
        like(secret($bad), qr/^HX003\|/, 'and when it is used');
    }
    set_up('helix.secret_folder' => '');
    like(check("$base/one"), qr/^22023\|files are not allowed/, 'without a folder no file is');
    like(secret("$base/one"), qr/^HX003\|.*files are not allowed/, 'nor read');
    set_up('helix.secret_folder' => "$folder/in");
};

subtest 'the environment' => sub {
    is(secret('env://HELIX_SECRET_ONE'), 'from the environment', 'a variable with the prefix');
    like(secret('env://HELIX_SECRET_NONE'), qr/^HX003\|.*no such environment variable/, 'one that is not there');
    for my $bad ('env://OTHER_SECRET', 'env://PATH', 'env://', 'env://helix_secret_one') {
        like(check($bad), qr/^22023\|/, "$bad is refused");
        unlike(secret($bad), qr/not for you/, 'and never read');
    }
    unlike(check("file://$folder/outside"), qr{\Q$folder/in}, 'the folder that is allowed is not told');
    unlike(check('hunter2'), qr/hunter2/, 'a secret in the place of a reference is not repeated');
    like(check('hunter2'), qr/^22023\|not a reference/, 'but refused');
};

subtest 'the vault' => sub {
    like(secret('vault://hook'), qr/^HX003\|.*no vault\.decrypted_secrets/, 'none in this database');
    query('CREATE ROLE low; GRANT CREATE ON DATABASE postgres TO low; CREATE TABLE ran (what text); GRANT INSERT ON ran TO PUBLIC');
    query(q{SET ROLE low; CREATE SCHEMA vault;
        CREATE FUNCTION vault.evil() RETURNS text LANGUAGE sql AS $$ INSERT INTO public.ran VALUES (current_user) RETURNING what $$;
        CREATE VIEW vault.decrypted_secrets AS SELECT 'hook'::text AS name, vault.evil() AS decrypted_secret});
    like(secret('vault://hook'), qr/^HX003\|.*does not belong to a superuser/, 'one that somebody else has made is not trusted');
    query('ALTER SCHEMA vault OWNER TO postgres');
    like(secret('vault://hook'), qr/^HX003\|.*does not belong to a superuser/, "nor within a superuser's schema");
    query('ALTER SCHEMA vault OWNER TO low; ALTER VIEW vault.decrypted_secrets OWNER TO postgres');
    like(secret('vault://hook'), qr/^HX003\|.*does not belong to a superuser/, "nor a superuser's within another's schema");
    is(query('SELECT count(*) FROM ran'), '0', 'nor run');
    query(q{DROP SCHEMA vault CASCADE; CREATE DATABASE other});
    for my $database ('postgres', 'other') {
        query(qq{CREATE SCHEMA vault; CREATE TABLE vault.secrets (name text, secret text);
            CREATE VIEW vault.decrypted_secrets AS SELECT name, secret AS decrypted_secret FROM vault.secrets;
            INSERT INTO vault.secrets VALUES ('hook', 'of $database'), ('a b/c', 'odd name'), ('twice', '1'), ('twice', '2'),
            ('empty', ''),
                ('null', NULL), ('largest', repeat('x', 4096)), ('larger', repeat('x', 4097))}, $database);
    }
    query('CREATE EXTENSION helix', 'other');
    prepare('other');
    is(secret('vault://hook'), 'of postgres', 'its secret');
    is(secret('vault://hook', 'other'), 'of other', 'and the other database has its own');
    is(secret('vault://a b/c'), 'odd name', 'whatever its name');
    is(query(q{SELECT length(secret('vault://largest'))}), '4096', 'up to 4096 bytes');
    like(secret('vault://none'), qr/^HX003\|.*no secret of that name/, 'none of that name');
    like(secret('vault://twice'), qr/^HX003\|.*more than one/, 'two of that name');
    like(secret("vault://$_"), qr/^HX003\|.*1 to 4096 bytes/, "$_") for qw(empty null larger);
    is(query(q{BEGIN; UPDATE vault.secrets SET secret = 'new' WHERE name = 'hook'; SELECT secret('vault://hook'); ROLLBACK}), 'new',
        'a transaction sees what it has written');
    is(secret('vault://hook'), 'of postgres', 'nobody else does');
    my $low = q{SET SESSION AUTHORIZATION low; SELECT secret('vault://hook')};
    query('GRANT USAGE ON SCHEMA public TO low');
    is(query($low), 'of postgres', 'it is read as the owner');
    query(q{CREATE OR REPLACE VIEW vault.decrypted_secrets AS SELECT name, (1 / (length(secret) * 0))::text AS decrypted_secret
        FROM vault.secrets});
    my (undef, $out, $errors) = $node->psql('postgres', q{BEGIN; SELECT attempt($$SELECT secret('vault://hook')$$);
        SELECT 'goes on'; COMMIT});
    like($out, qr/^HX003\|.*cannot be read.*\ngoes on$/s, 'an error within it is a refusal, and the transaction goes on');
    is($errors, '', 'and the caller, who may be anonymous, hears no more');
    like(slurp_file($node->logfile), qr/LOG:  division by zero/, 'the server\'s log has the reason');
};

my $hook = 'op://Team Secrets/Webhooks/hook';
subtest '1Password Connect' => sub {
    $connect->value(hook => 'canary one');
    $connect->value('production.key' => 'in production');
    $connect->value('staging.key' => 'in staging');
    is(secret($hook), 'canary one', 'vault, item and field by name');
    is(secret("op://${\$connect->vault_id}/${\$connect->item_id}/id-hook"), 'canary one', 'all by id');
    is(secret('op://Team Secrets/Webhooks/staging/key'), 'in staging', 'a field of a section');
    like(secret('op://Team Secrets/Webhooks/key'), qr/^HX003\|.*more than one such field/, 'without it there are two');
    like(secret('op://Team Secrets/Webhooks/none'), qr/^HX003\|.*no such field/, 'no such field');
    like(secret('op://Team Secrets/None/hook'), qr/^HX003\|.*no item of that name/, 'no such item');
    like(secret('op://None/Webhooks/hook'), qr/^HX003\|.*no vault of that name/, 'no such vault');
    like(secret('op://Team Secrets/Twice/hook'), qr/^HX003\|.*more than one item/, 'two such items');
    like(check($_), qr/^22023\|/, "$_ is refused")
      for 'op://a/b', 'op://a/b/c/d/e', 'op://a/b/', 'op://a/../c', 'op://a/b%20c/d', 'op://a/b"/c', 'op://a/b/c?attribute=otp',
          'op://' . 'a/' x 300;

    my $before = $connect->requests('/items/');
    is(query("SELECT often('$hook', 1000)"), '1000', '1,000 reads');
    is($connect->requests('/items/'), $before, 'need no request');
    is(query("SELECT helix.forget_secret('$hook'), helix.forget_secret('$hook')"), 't|f', 'until it is forgotten');
    $connect->mode('slow 0.3');
    my @sessions = map { $node->background_psql('postgres') } 1 .. 5;
    $_->{stdin} .= "SELECT secret('$hook');\n\\echo done\n" for @sessions;
    $_->{run}->pump_nb for @sessions;
    for my $session (@sessions) { $session->{run}->pump until $session->{stdout} =~ /done/ }
    is(join(',', map { $_->{stdout} =~ /canary one/ ? 1 : 0 } @sessions), '1,1,1,1,1', 'five that ask at once');
    is($connect->requests('/items/'), $before + 1, 'share one request');
    $_->quit for @sessions;
    $connect->mode('ok');
    is(status($hook, q{state || ' ' || source || ' ' || (age < '10 s') || ' ' || (last_error IS NULL)}), 'fresh connect true true',
        'the DBA sees that it is there');
};

subtest 'time to live and grace' => sub {
    set_up('helix.secret_cache_ttl' => '1s', 'helix.secret_grace' => '4s');
    $connect->value(hook => 'canary two');
    sleep 1.1;
    is(secret($hook), 'canary two', 'it is asked for again after its time');
    $connect->stop;
    sleep 1.1;
    my ($result, $seconds) = timed(sub { secret($hook) });
    is($result, 'canary two', 'a server that is gone is borne');
    # curl 8 writes "could not".
    like(status($hook, "state || ' ' || last_error"), qr/^stale .*Connect: Could(n't| not) connect/, 'and told');
    ($result, $seconds) = timed(sub { query("SELECT often('$hook', 100)") });
    is($result, '100', 'all the time');
    cmp_ok($seconds, '<', 1, 'without waiting');
    $node->poll_query_until('postgres', "SELECT state = 'unavailable' FROM helix.secret_cache_status() WHERE reference = '$hook'")
      or die 'the grace does not end';
    like(secret($hook), qr/^HX003\|.*Could(n't| not) connect/, 'until the grace is over');
    $connect->start;
    set_up('helix.secret_grace' => '1h');
    is(secret($hook), 'canary two', 'and then again once it is back');
    for my $mode (qw(500 401 429 403 broken huge redirect proxy404 cut)) {
        $connect->mode($mode);
        sleep 1.1;
        is(secret($hook), 'canary two', "$mode is an outage");
        unlike(status($hook, 'last_error'), qr/^$|the-token/, 'and told, without a word of the answer');
        $connect->mode('ok');
        $node->reload;
        sleep 0.1;
        secret($hook);
        $node->poll_query_until('postgres', "SELECT last_error IS NULL FROM helix.secret_cache_status() WHERE reference = '$hook'");
    }
    $connect->mode('404');
    sleep 1.1;
    like(secret($hook), qr/^HX003\|.*does not know/, '404 ends it at once');
    $connect->stop;
    set_up('helix.secret_timeout' => '3s');
    like(secret($hook), qr/^HX003\|/, 'and for good');
    $connect->mode('ok');
    $connect->start;
};

subtest 'refusals' => sub {
    set_up('helix.secret_cache_ttl' => '5min', 'helix.secret_timeout' => '1500ms');
    my %reasons = (
        401 => 'refuses the token', 403 => 'HTTP status 403', 404 => 'does not know', 429 => 'too many requests',
        500 => 'HTTP status 500',
        huge => 'longer than 64 kB', broken => 'not JSON', redirect => 'HTTP status 302', proxy404 => 'HTTP status 404',
        cut => 'Connect: ');
    for my $mode (sort keys %reasons) {
        query("SELECT helix.forget_secret('$hook')");
        $connect->mode($mode);
        $node->reload;
        sleep 0.1;
        my ($result, $seconds) = timed(sub { secret($hook) });
        like($result, qr/^HX003\|secret unavailable\|"\Q$hook\E": .*$reasons{$mode}/, "answer $mode");
        unlike($result, qr/the-token|xxx|Stub/, 'nothing of the answer');
        cmp_ok($seconds, '<', 1.4, 'at once');
        my $before = $connect->requests('/v1/');
        secret($hook) for 1 .. 5;
        cmp_ok($connect->requests('/v1/'), '<=', $before + 3, 'and it is not asked again and again');
    }
    $connect->mode('429');
    $node->reload;
    sleep 0.1;
    my $end = time + 2; # before the time is over, however slow the machine is
    secret($hook);
    my $before = $connect->requests('/v1/');
    for (my $i = 1; time < $end; ++$i) { secret("op://Team Secrets/Webhooks/other$i"); sleep 0.2 }
    is($connect->requests('/v1/'), $before, 'after 429 nothing is asked for the time that Retry-After gives');
    $connect->mode('ok');
    for (1 .. 20) { last if secret($hook) eq 'canary two'; sleep 0.5 }
    is(secret($hook), 'canary two', 'and then it is');
    write_secret('token', "another-token\n");
    query("SELECT helix.forget_secret('$hook')");
    like(secret($hook), qr/^HX003\|.*refuses the token/, 'a wrong token');
    write_secret('token', "the-token\n");
    rename "$folder/token", "$folder/away";
    $node->reload;
    sleep 0.1;
    like(secret($hook), qr/^HX003\|.*the token cannot be read: No such file or directory\.$/, 'none');
    unlike(secret($hook), qr/\Q$folder/, 'of which the place is not told');
    rename "$folder/away", "$folder/token";
    $node->reload;
};

subtest 'a standby' => sub {
    $node->backup('copy');
    my $standby = PostgreSQL::Test::Cluster->new('standby');
    $standby->init_from_backup($node, 'copy', has_streaming => 1);
    $standby->start;
    is($standby->safe_psql('postgres', "SELECT secret('$hook')"), 'canary two', 'asks for itself');
    $standby->stop;
};

subtest 'nobody waits longer than told' => sub {
    set_up('helix.secret_timeout' => '700ms', 'helix.secret_cache_ttl' => '1s');
    is(query("SELECT often('$hook', 1)"), '1', 'first it is there');
    sleep 1.1;
    $connect->mode('slow 60');
    my ($result, $seconds) = timed(sub { secret('op://Team Secrets/Webhooks/production/key') });
    like($result, qr/^HX003\|.*no answer within 700 ms/, 'a server that hangs');
    cmp_ok($seconds, '<', 1.5, "is waited for as told ($seconds s)");
    ($result, $seconds) = timed(sub { secret($hook) });
    is($result, 'canary two', 'what is known is used');
    cmp_ok($seconds, '<', 1.5, "after that time ($seconds s)");
    $node->poll_query_until('postgres', "SELECT last_error LIKE '%Timeout%' FROM helix.secret_cache_status()
        WHERE reference = '$hook'")
      or die 'the keeper does not give up';
    sleep 1.2; # its pause is over
    ($result, $seconds) = timed(sub { secret($hook) });
    is($result, 'canary two', 'once that is known to be an outage');
    cmp_ok($seconds, '<', 0.5, "nobody waits for the next question ($seconds s)");
    set_up('helix.secret_timeout' => '1min');
    my (undef, undef, $errors) = $node->psql('postgres', q{SET statement_timeout = 500;
        SELECT secret('op://Team Secrets/Webhooks/x')});
    like($errors, qr/canceling statement due to statement timeout/, 'waiting can be cancelled');
    is(query('SELECT 1'), '1', 'without harm');
    ($result, $seconds) = timed(sub { query('CREATE DATABASE gone'); query('DROP DATABASE gone'); 'dropped' });
    cmp_ok($seconds, '<', 5, "databases are dropped meanwhile ($seconds s)");
    ($result, $seconds) = timed(sub { $node->stop('fast'); 'stopped' });
    cmp_ok($seconds, '<', 5, "the server stops meanwhile ($seconds s)");
    $connect->mode('ok');
    $node->start;
    set_up('helix.secret_timeout' => '2s', 'helix.secret_cache_ttl' => '5min');
};

subtest 'TLS' => sub {
    plan skip_all => 'openssl is not installed' if system('openssl version >/dev/null 2>&1') != 0;
    my $port = PostgreSQL::Test::Cluster::get_free_port();
    system_or_bail('openssl',
        qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext
            subjectAltName=DNS:localhost),
        '-keyout', "$folder/key", '-out', "$folder/certificate");
    my $server = start_command("$folder/tls", qw(openssl s_server -www -accept), $port, '-cert', "$folder/certificate", '-key',
        "$folder/key");
    sleep 0.5;
    my $scheme = sub {
        set_up('helix.onepassword_connect_url' => "$_[0]://localhost:$port");
        query("SELECT helix.forget_secret('$hook')");
        return secret($hook);
    };
    like($scheme->('https'), qr/^HX003\|.*SSL peer certificate/, 'a server that cannot prove who it is gets no token');
    like($scheme->('http'), qr/^HX003\|.*Connect: /, 'nor one that does not speak HTTP');
    $server->kill_kill;
    set_up('helix.onepassword_connect_url' => $connect->url);
};

subtest 'a crash' => sub {
    is(secret($hook), 'canary two', 'before');
    my $backend = $node->background_psql('postgres', on_error_stop => 0);
    my $pid = $backend->query_safe('SELECT pg_backend_pid()');
    kill 'KILL', $pid;
    $node->poll_query_until('postgres', 'SELECT true') or die 'no restart';
    is(query('SELECT count(*) FROM helix.secret_cache_status()'), '0', 'nothing is known after it');
    is(secret($hook), 'canary two', 'and it is read anew');
    $backend->{run}->kill_kill;
};

subtest 'many at once' => sub {
    set_up('helix.secret_cache_ttl' => '1s');
    $connect->value("label$_", "value $_") for 1 .. 4;
    # A reading is right, or refused; anything else ends pgbench.
    query(q{CREATE FUNCTION hammer() RETURNS void LANGUAGE plpgsql AS $$
        DECLARE label integer := 1 + floor(random() * 4); result text;
        BEGIN
            IF random() < 0.01 THEN PERFORM helix.forget_secret('op://Team Secrets/Webhooks/label' || label); END IF;
            result := attempt(format('SELECT secret(%L)', 'op://Team Secrets/Webhooks/label' || label));
            IF result <> 'value ' || label AND result NOT LIKE 'HX003|%' THEN RAISE 'wrong: %', result; END IF;
        END $$});
    my $clients = start_pgbench($node, 'hammer', [qw(-c 8 -j 2 -T 6)], hammer => 'SELECT hammer();');
    for my $round (0 .. 23) {
        $connect->mode((qw(ok 500 ok 404))[$round % 4]);
        $node->reload if $round % 4 == 0;
        sleep 0.2;
    }
    $connect->mode('ok');
    $clients->finish;
    unlike(slurp_file($node->basedir . '/hammer.log.err'), qr/wrong:|aborted/, 'no reading was wrong');
    like(slurp_file($node->basedir . '/hammer.log'), qr/tps = \d{3,}/, 'and there were many');
    set_up('helix.secret_cache_ttl' => '5min');
};

subtest 'the op command' => sub {
    write_secret('op', <<'SH');
#!/bin/sh
[ "$1 $2" = "read --no-newline" ] && [ $# = 3 ] || exit 9
[ "$OP_SERVICE_ACCOUNT_TOKEN" = the-token ] || { echo "[ERROR] signin $OP_SERVICE_ACCOUNT_TOKEN" >&2; exit 6; }
case $3 in
    */good) printf 'from op\n' ;;
    */environment) env | cut -d= -f1 | grep -vE '^(PWD|SHLVL|_)$' | sort | tr '\n' ' ' ;;
    */files) ls /proc/self/fd | tr '\n' ' ' ;;
    */huge) head -c 100000 /dev/zero | tr '\0' x ;;
    */empty) ;;
    */hang) sleep 60; echo late ;;
    */limit) echo '[ERROR] Too many requests: the-token' >&2; exit 1 ;;
    */fails) echo '[ERROR] the-token' >&2; exit 3 ;;
    *) echo "[ERROR] could not read secret $3: \"x\" isn't an item in the \"y\" vault" >&2; exit 1 ;;
esac
SH
    chmod 0755, "$folder/op";
    set_up('helix.onepassword_connect_url' => '');
    query('SELECT helix.forget_secret(reference) FROM helix.secret_cache_status()');
    like(check($hook), qr/^22023\|1Password is not configured/, 'without a server and a command');
    set_up('helix.onepassword_cli' => "$folder/op");
    is(secret('op://v/i/good'), "from op\n", 'what it prints');
    is(status('op://v/i/good', 'source'), 'command line', 'is told to come from it');
    unlike(secret('op://v/i/environment'), qr/HELIX|OTHER|PG/, 'it sees nothing of the environment but what it needs');
    is(secret('op://v/i/files'), '0 1 2 3 ', 'nor an open file of the server');
    my %reasons = (
        huge => '1 to 4096 bytes', empty => '1 to 4096 bytes', none => 'does not know', fails => 'failed with exit code 3',
        limit => 'too many requests');
    for my $kind (sort keys %reasons) {
        like(secret("op://v/i/$kind"), qr/^HX003\|.*$reasons{$kind}/, $kind);
        $node->reload;
        sleep 0.1;
    }
    my ($result, $seconds) = timed(sub { secret('op://v/i/hang') });
    like($result, qr/^HX003\|.*no answer within/, 'one that hangs');
    cmp_ok($seconds, '<', 3, 'is not waited for');
    $node->poll_query_until('postgres', q{SELECT last_error LIKE '%not answer in time%' FROM helix.secret_cache_status()
        WHERE reference = 'op://v/i/hang'})
      or die 'it is not given up';
    is(`ps -eo args | grep -c '^sleep 6[0]'` + 0, 0, 'and in the end it is killed with all that it has started');
    set_up('helix.onepassword_cli' => '/nowhere/op');
    like(secret('op://v/i/other'), qr/^HX003\|.*cannot be run/, 'one that is not there');
    is(query(q{SELECT attempt('SELECT helix.forget_secret(NULL)')}), '22004|p_secret_ref must not be null|', 'null is refused');
};

$connect->stop;
done_testing();
