# Tokens are made by openssl and verified by the server: with a secret, with keys in a file, and with keys of an HTTP server. That
# server may be slow, gone or changed. A refusal says nothing but that; no token and no secret is in the log.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use ConnectTest;
use HelixTest;
use MIME::Base64 qw(encode_base64url);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $folder = PostgreSQL::Test::Utils::tempdir_short();
my $secret = 'canary' . join '', map { chr(97 + int rand 26) } 1 .. 32;
ConnectTest::write_file("$folder/secret", "$secret\n");
ConnectTest::write_file("$folder/short", "too short\n");
my $user = 'a11ce000-0000-4000-8000-000000000052';

# ---- Keys, as JSON Web Keys.
sub openssl { system_or_bail('openssl', @_) }
sub hex_bytes { my ($text) = @_; $text =~ s/[\s:]//g; return pack 'H*', $text }

sub rsa_key {
    my ($name) = @_;
    openssl('genpkey', '-quiet', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', "$folder/$name");
    my ($modulus) = `openssl rsa -in $folder/$name -noout -modulus` =~ /Modulus=([0-9A-F]+)/;
    my $n = encode_base64url(pack 'H*', $modulus);
    return qq({"kty":"RSA","use":"sig","alg":"RS256","kid":"$name","n":"$n","e":"AQAB","x5t":"@{['x' x 200]}"});
}

sub ec_key {
    my ($name) = @_;
    openssl('genpkey', '-quiet', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', "$folder/$name");
    my ($point) = `openssl ec -in $folder/$name -noout -text 2>/dev/null` =~ /pub:\s+04:?((?:[\s:]*[0-9a-f]{2})+)/;
    my ($x, $y) = unpack 'a32a32', hex_bytes($point);
    return sprintf '{"kty":"EC","crv":"P-256","kid":"%s","x":"%s","y":"%s"}', $name, map { encode_base64url($_) } $x, $y;
}

sub sign {
    my ($key, $text) = @_;
    ConnectTest::write_file("$folder/text", $text);
    return scalar `openssl dgst -sha256 -sign $folder/$key $folder/text`;
}

# r and s of a DER signature, 32 bytes each.
sub raw_signature {
    my ($der) = @_;
    ConnectTest::write_file("$folder/der", $der);
    my @numbers = join('', `openssl asn1parse -inform DER -in $folder/der`) =~ /INTEGER\s+:([0-9A-F]+)/g;
    return join '', map { pack 'H*', substr('0' x 64 . $_, -64) } @numbers;
}

sub token {
    my ($algorithm, $claims, %with) = @_;
    my $header = qq({"alg":"$algorithm","typ":"JWT") . ($with{kid} ? qq(,"kid":"$with{kid}") : '') . '}';
    my $text = encode_base64url($header) . '.' . encode_base64url($claims);
    my $key = $with{key} // $secret;
    my $signature =
        $algorithm =~ /^HS/ ? hmac_sha256($text, $key)
      : $algorithm =~ /^RS/ ? sign($key, $text)
      : $algorithm =~ /^ES/ ? raw_signature(sign($key, $text))
      :                       '';
    return "$text." . encode_base64url($signature);
}

sub claims {
    my %with = (exp => int(time) + 600, role => '"api_user"', sub => qq("$user"), @_);
    return '{' . join(',', map { qq("$_":$with{$_}) } grep { defined $with{$_} } sort keys %with) . '}';
}

# ---- A server with roles.
my $jwks = start_connect('no token');
my $node = helix_node('tokens', conf => <<"CONF");
helix.jwt_secret_ref = 'file://$folder/secret'
helix.jwks_ref = 'file://$folder/keys'
log_statement = all
log_min_duration_statement = 0
log_min_messages = debug1
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
CONF
$node->safe_psql('postgres', q{
    CREATE ROLE api_user; CREATE ROLE api_service; CREATE ROLE api_anon; CREATE ROLE other; CREATE ROLE edge LOGIN NOINHERIT;
    SELECT helix.grant_api_access('api_user', 'api_service', 'api_anon');
    SELECT helix.grant_edge_access('edge');
    GRANT EXECUTE ON FUNCTION pg_read_file(text) TO edge});
my @tokens;

# What verify_jwt() says: the row, or the SQLSTATE, or the reason of the log for a refusal.
sub verified {
    my ($token) = @_;
    my $before = -s $node->logfile;
    push @tokens, $token;
    ConnectTest::write_file($node->data_dir . '/token', $token); # a statement would log it
    my ($status, $output, $errors) = $node->psql('postgres', <<"SQL", extra_params => [ '-U', 'edge' ]);
\\set VERBOSITY verbose
SELECT role, user_id, service FROM helix_internal.verify_jwt(pg_read_file('token'))
SQL
    return $output if $status == 0;
    my ($code, $message) = $errors =~ /ERROR:\s+(\w{5}): (.*)/;
    return "$code $message" if $code ne '28000';
    unlike($errors, qr/DETAIL|HINT/, 'no more is said') if $errors =~ /DETAIL|HINT/;
    my ($reason) = slurp_file($node->logfile, $before) =~ /helix refuses a token: (.*)/;
    return "$message: $reason";
}

my $keys = join ',', map { $_ =~ /^rsa/ ? rsa_key($_) : ec_key($_) } qw(rsa1 ec1);
ConnectTest::write_file("$folder/keys", qq({"keys":[$keys]}));
my $as_user = "api_user|$user|f";

# ---- By a secret.
is(verified(token('HS256', claims())), $as_user, 'HS256');
is(verified(token('HS256', claims(role => '"api_service"', sub => undef))), 'api_service||t', 'a service');
is(verified(token('HS256', claims(role => undef))), "api_anon|$user|f", 'without a role it is anonymous');
is(verified(token('HS256', claims(sub => '"auth0|12"'))), 'api_user||f', 'a sub that is no uuid is nobody whom helix knows');
my $now = int time;
is(verified(token('HS256', claims(exp => $now - 10))), $as_user, 'clocks may differ by 30 s: exp');
is(verified(token('HS256', claims(nbf => $now + 20, iat => $now + 20))), $as_user, 'nbf and iat');
ConnectTest::write_file($node->data_dir . '/token', token('HS256', claims(exp => '9300000000000')));
is($node->safe_psql('postgres', "SELECT keep_until - now() > '50 s' FROM helix_internal.verify_jwt(pg_read_file('token'))"), 't',
    'an exp that no timestamp can tell is far away');
my %refused = (
    'it has expired' => token('HS256', claims(exp => $now - 40)),
    'it has no exp' => token('HS256', claims(exp => undef)),
    'it is not valid yet' => token('HS256', claims(nbf => $now + 60)),
    "its role is none of the API's" => token('HS256', claims(role => '"other"')),
    'its role or sub is not text' => token('HS256', claims(role => '{}')),
    'the secret has not signed it' => token('HS256', claims(), key => 'another secret of more than 32 bytes'),
    'its algorithm is not HS256, RS256 or ES256' => token('none', claims()),
    'no public key has signed it' => token('RS256', claims(), key => 'ec1'), # not what a key of RSA makes
    'it has not three parts' => 'a.b',
    'a part is not base64url' => token('HS256', claims()) . '=',
);
is(verified($refused{$_}), "invalid token: $_", $_) for sort keys %refused;
is(verified(token('HS256', claims(iat => $now + 60))), 'invalid token: it is not valid yet', 'iat');
is(verified(token('HS256', claims(role => '"edge"'))), "invalid token: its role is none of the API's", 'nor is the edge');
is(verified(token('HS256', claims(role => '"postgres"'))), "invalid token: its role is none of the API's", 'nor a superuser');
$node->safe_psql('postgres', 'DROP OWNED BY api_anon; DROP ROLE api_anon');
is(verified(token('HS256', claims(role => '"api_anon"'))), "invalid token: its role is none of the API's", 'nor a dropped role');
is(verified(token('HS256', claims(role => undef))), "invalid token: its role is none of the API's", 'and nobody is anonymous');

# ---- By keys of a file.
is(verified(token('RS256', claims(), key => 'rsa1')), $as_user, 'RS256');
is(verified(token('ES256', claims(), key => 'ec1')), $as_user, 'ES256');
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'rsa1')), $as_user, 'RS256 with the kid');
my $other_key = 'invalid token: no public key has signed it';
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'ec1')), $other_key, 'the kid of another key');
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'rsa2')), $other_key, 'a kid that nobody knows');
my $public = `openssl rsa -in $folder/rsa1 -pubout 2>/dev/null`;
is(verified(token('HS256', claims(), key => $public, kid => 'rsa1')), 'invalid token: the secret has not signed it',
    'HS256 with a public key');
rsa_key('rsa2');
is(verified(token('RS256', claims(), key => 'rsa2')), $other_key, 'another key');
ConnectTest::write_file("$folder/keys", '{"keys":[' . rsa_key('rsa2') . ']}');
is(verified(token('RS256', claims(), key => 'rsa2')), $as_user, 'which counts as soon as it is in the file');
ConnectTest::write_file("$folder/keys", 'no JSON');
like(verified(token('RS256', claims(), key => 'rsa2')), qr/^HX003 secret unavailable/, 'a file that is no key set');

# ---- What is wrong with the settings is no fault of the token.
sub set {
    my ($name, $value) = @_;
    $node->safe_psql('postgres', "ALTER SYSTEM SET $name = '$value'");
    $node->reload;
    $node->poll_query_until('postgres', "SELECT current_setting('$name') = '$value'") or die 'no reload';
}
set('helix.jwt_secret_ref', "file://$folder/short");
like(verified(token('HS256', claims(), key => 'too short')), qr/^HX003/, 'a secret that is too short verifies nothing');
set('helix.jwt_secret_ref', "file://$folder/missing");
like(verified(token('HS256', claims())), qr/^HX003/, 'a secret that is not there');
set('helix.jwt_secret_ref', '');
is(verified(token('HS256', claims(), key => '')), 'invalid token: helix.jwt_secret_ref is not set', 'no secret is no empty secret');
my (undef, undef, $errors) = $node->psql('postgres', "ALTER SYSTEM SET helix.jwt_secret_ref = 'the secret itself'");
like($errors, qr/not a reference to a secret/, 'a secret is no reference');
(undef, undef, $errors) = $node->psql('postgres', "ALTER SYSTEM SET helix.jwks_ref = 'http://example.com/keys'");
like($errors, qr/not the address of a key set/, 'keys come over TLS');
set('helix.jwt_secret_ref', "file://$folder/secret");
my $made = $node->safe_psql('postgres', "SELECT helix.edge_token('$user', '1 min')");
is(verified($made), $as_user, 'helix.edge_token()');

# ---- By keys of a server.
$jwks->body('/jwks', '{"keys":[' . rsa_key('rsa1') . ']}');
set('helix.jwks_ref', $jwks->url . '/jwks');
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'rsa1')), $as_user, 'the server is asked');
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'rsa1')), $as_user, 'and again');
is($jwks->requests('/jwks'), 1, 'once');
is(verified(token('RS256', claims(), key => 'rsa1', kid => "rsa$_")), $other_key, "unknown kid $_") for 5 .. 7;
is($jwks->requests('/jwks'), 1, 'an unknown kid within a minute of that does not have it asked again');
$jwks->stop;
is(verified(token('RS256', claims(), key => 'rsa1', kid => 'rsa1')), $as_user, 'while it is gone the keys are known');
$node->safe_psql('postgres', "SELECT helix.forget_secret('@{[$jwks->url]}/jwks')");
like(verified(token('RS256', claims(), key => 'rsa1')), qr/^HX003/, 'and where they are not, nothing is valid');
$jwks->start;
for my $mode ('500', 'slow 4', 'redirect', 'huge', 'cut') {
    $jwks->mode($mode);
    $node->safe_psql('postgres', "SELECT helix.forget_secret('@{[$jwks->url]}/jwks')");
    my $began = time;
    like(verified(token('RS256', claims(), key => 'rsa1')), qr/^HX003/, "an answer that is $mode");
    cmp_ok(time - $began, '<', 3.5, 'within a bounded time');
}
$jwks->mode('ok');
sleep 3; # the keeper waits for the slow answer
$node->safe_psql('postgres', "SELECT helix.forget_secret('@{[$jwks->url]}/jwks')");
is(verified(token('RS256', claims(), key => 'rsa1')), $as_user, 'the server is back');

# ---- Keys are exchanged while tokens are verified: whose key is in both sets is never refused.
my @jwk = map { rsa_key("rsa$_") } 1 .. 3;
my @sets = map { qq({"keys":[$_]}) } "$jwk[0],$jwk[1]", "$jwk[1],$jwk[2]";
my @signed = map { token('RS256', claims(), key => "rsa$_", kid => "rsa$_") } 1 .. 3;
ConnectTest::write_file($node->data_dir . '/stays', $signed[1]);
push @tokens, $signed[1];
my %exchange = (
    file => sub { ConnectTest::write_file("$folder/keys", $_[0]) },
    server => sub { $jwks->body('/jwks', $_[0]) });
set('helix.secret_cache_ttl', '1s');
for my $place ('file', 'server') {
    $exchange{$place}->($sets[0]);
    set('helix.jwks_ref', $place eq 'file' ? "file://$folder/keys" : $jwks->url . '/jwks');
    my $load = start_pgbench($node, "exchange-$place", [ '-c4', '-T4', '--rate=400' ],
        verify => "SELECT role FROM helix_internal.verify_jwt(pg_read_file('stays'));\n");
    for my $round (1 .. 40) {
        $exchange{$place}->($sets[ $round % 2 ]);
        sleep 0.08;
    }
    $exchange{$place}->($sets[1]);
    $load->finish;
    is($load->result(0), 0, "keys of a $place: nobody is refused meanwhile")
      or diag(slurp_file($node->basedir . "/exchange-$place.log.err"));
    sleep 1.5;
    is(verified($signed[0]), $other_key, 'then the old one no longer counts');
    is(verified($signed[2]), $as_user, 'and the new one does');
}

# ---- Nothing of it is in the log.
my $log = slurp_file($node->logfile);
like($log, qr/verify_jwt/, 'the log has the statements');
ok(index($log, $secret) < 0, 'but no secret');
is(scalar(grep { length > 50 && index($log, $_) >= 0 } @tokens), 0, 'and no token');
is($node->safe_psql('postgres', q{SELECT source FROM helix.secret_cache_status()}), 'https', 'the cache is shown');

done_testing();
