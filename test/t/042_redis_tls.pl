# Proves that rediss:// speaks TLS with whom it names and with nobody else, and that the environment's REDIS_URL counts where
# helix.redis_url is not set, without its password showing anywhere.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $folder = PostgreSQL::Test::Utils::tempdir_short();

sub openssl { system('openssl', @_) == 0 or die "openssl @_ failed" }

# An authority of the test's own, and certificates that it has signed.
sub make_authority {
    my ($name) = @_;
    openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj), "/CN=$name", '-keyout',
        "$folder/$name.key", '-out', "$folder/$name.crt");
    return "$folder/$name.crt";
}

sub make_certificate {
    my ($name, $authority, $names) = @_;
    openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj), "/CN=$name", '-keyout', "$folder/$name.key",
        '-out', "$folder/$name.csr");
    append_to_file("$folder/$name.ext", "subjectAltName=$names\n");
    openssl(qw(x509 -req -days 2 -in), "$folder/$name.csr", '-CA', "$folder/$authority.crt", '-CAkey', "$folder/$authority.key",
        '-CAcreateserial', '-extfile', "$folder/$name.ext", '-out', "$folder/$name.crt");
    chmod 0644, "$folder/$name.key";
}

my $ca = make_authority('authority');
my $other_ca = make_authority('stranger');
make_certificate('server', 'authority', 'DNS:localhost,DNS:redis.example,IP:127.0.0.1');
make_certificate('elsewhere', 'authority', 'DNS:elsewhere.example');
chmod 0755, $folder;

my %tls = ('tls-ca-cert-file' => $ca, 'tls-auth-clients' => 'no');
my %ports = map { ($_ => PostgreSQL::Test::Cluster::get_free_port()) } qw(server elsewhere plain);
my %redis = map { ($_ => start_redis(undef, %tls, 'tls-port' => $ports{$_}, 'tls-cert-file' => "$folder/$_.crt",
            'tls-key-file' => "$folder/$_.key")) } qw(server elsewhere);
my $redis = $redis{server};
my $password = 'hunter2/@:' . int(rand 1e9);
my $node = helix_node('node', conf => <<"CONF");
helix.redis_url = 'rediss://localhost:$ports{server}/0'
helix.redis_ca_file = '$ca'
helix.cache_repeat_delay = 0
helix.redis_connect_timeout = '5s'
helix.redis_command_timeout = '5s'
CONF

sub state { return $node->safe_psql('postgres', "SELECT $_[0] FROM helix.cache_stats()") }

sub set_up {
    my ($name, $value) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET helix.$name = '$value'");
    $node->reload;
    $node->poll_query_until('postgres', "SELECT setting = '$value' FROM pg_settings WHERE name = 'helix.$name'");
}

sub is_down {
    my ($name, $error) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(wait_for_cache($node, 'down', 60), "$name: there is no Redis");
    like(state('last_error'), $error, "$name: last_error says why");
}

sub is_up {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(wait_for_cache($node, 'up', 60), "$name: there is Redis");
    my $store = q(SELECT helix.cache_get_or_fetch('t:1', 'SELECT to_jsonb(7)', 60), helix.cache_get('t:1'));
    is($node->safe_psql('postgres', $store), '7|7', "$name: a session reads and stores");
}

subtest 'the certificate must be of the host and of the authority' => sub {
    is_up('by name');
    $redis->cli('SET', 'op_prefs:x', 'old');
    $node->safe_psql('postgres', q(SELECT helix.cache_delete_pattern('op_prefs:*')));
    ok(wait_for(sub { $redis->cli('EXISTS', 'op_prefs:x') eq '0' }), 'keys are removed, by the index too');
    my $value = 'x' x 900_000;
    is($node->safe_psql('postgres', "SELECT helix.cache_set('t:big', to_jsonb('$value'::text), 60),
        length(helix.cache_get('t:big')::text)"), 't|900002', 'a large value goes through in both directions');
    set_up('redis_url', "rediss://127.0.0.1:$ports{server}/0");
    is_up('by number');
    set_up('redis_url', "rediss://127.0.0.1:$ports{server}/0?server_name=redis.example");
    is_up('by the name that the url says');
    set_up('redis_url', "rediss://127.0.0.1:$ports{server}/0?server_name=other.example");
    is_down('by another name', qr/certificate of Redis is refused for "other\.example": hostname mismatch/i);
    set_up('redis_url', "rediss://localhost:$ports{elsewhere}/0");
    is_down('with a certificate of another host', qr/certificate of Redis is refused for "localhost": hostname mismatch/i);
    set_up('redis_url', "rediss://localhost:$ports{server}/0");
    is_up('back');
    set_up('redis_ca_file', $other_ca);
    is_down('of another authority', qr/certificate of Redis is refused.*(self.signed|unable to get)/);
    set_up('redis_ca_file', '');
    is_down(q(by the system's authorities), qr/certificate of Redis is refused.*(self.signed|unable to get)/);
    set_up('redis_ca_file', "$folder/none.crt");
    is_down('without a file of authorities', qr/could not read the certificates of helix\.redis_ca_file/);
    set_up('redis_ca_file', $ca);
    is_up('with the right one again');
    like(slurp_file($node->logfile), qr/certificate of Redis is refused.*\n.*HINT:.*helix\.redis_ca_file/, 'the log has a hint');
};

sub wait_for {
    my ($what) = @_;
    for (my $end = time + 60; time < $end; sleep 0.05) { return 1 if $what->() }
    return 0;
}

subtest 'what is no TLS' => sub {
    my $plain = start_redis(undef, port => $ports{plain});
    set_up('redis_url', "rediss://localhost:$ports{plain}/0");
    is_down('a Redis without it', qr/no TLS with Redis|no answer/);
    set_up('redis_url', "redis://localhost:$ports{server}/0");
    is_down('a url without it', qr/could not read|no answer/);
    set_up('redis_url', "rediss://localhost:$ports{server}/0");
    is_up('back');
    $plain->restart(undef, 'tls-port' => 0);
    $plain->stop; # it accepts, and never answers the handshake
    my $start = time;
    set_up('redis_url', "rediss://localhost:$ports{plain}/0");
    is_down('a handshake that nobody answers', qr/no answer from Redis in time/);
    cmp_ok(time - $start, '<', 30, 'ends by its deadline');
    $plain->cont;
    $redis->cli(qw(CONFIG SET tls-auth-clients yes));
    set_up('redis_url', "rediss://localhost:$ports{server}/0");
    is_down('a Redis that asks for certificates of clients', qr/could not (read|write)|certificate required|no answer/);
    $redis->cli(qw(CONFIG SET tls-auth-clients no));
    is_up('back again');
};

subtest 'REDIS_URL of the environment' => sub {
    $redis->cli(qw(CONFIG SET requirepass), $password);
    my $encoded = $password =~ s/([^A-Za-z0-9])/sprintf '%%%02x', ord $1/ger;
    my $restart = sub { local $ENV{REDIS_URL} = shift; $node->restart };
    $node->safe_psql('postgres', 'ALTER SYSTEM RESET helix.redis_url');
    $node->append_conf('postgresql.conf', "helix.redis_url = ''");
    $restart->("rediss://default:$encoded\@localhost:$ports{server}/0");
    is_up('with a password');
    set_up('redis_url', 'off');
    ok(wait_for_cache($node, 'off', 60), 'helix.redis_url = off goes before it');
    set_up('redis_url', "rediss://localhost:$ports{server}/0");
    is_down('so does a url', qr/NOAUTH/);
    set_up('redis_url', '');
    is_up('an empty one does not');
    $restart->("rediss://default:${encoded}x\@localhost:$ports{server}/0");
    is_down('with a wrong password', qr/WRONGPASS/);
    $restart->("http://default:$encoded\@localhost");
    is_down('one that is no url of Redis', qr/invalid REDIS_URL in the server's environment/);
    for my $relation (qw(pg_settings pg_stat_activity pg_file_settings helix.cache_stats())) {
        unlike($node->safe_psql('postgres', "SELECT t::text FROM $relation t"), qr/hunter2/,
            "$relation does not show the password");
    }
    unlike(slurp_file($node->logfile), qr/hunter2/, 'nor does the log');
    like(slurp_file($node->logfile), qr{helix reached Redis at rediss://default\@localhost:$ports{server}/0},
        'which names the place');
};

$node->stop;
done_testing();
