# What the tests of helix-edge share: starting the program on a node, tokens, and requests to it byte by byte.
package EdgeTest;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter 'import';
use HelixTest;
use IO::Select;
use IO::Socket::INET;
use IPC::Run ();
use MIME::Base64 qw(encode_base64url);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
  edge_node start_edge stop_edge edge_log token token_of signed_in request rpc exchange connect_edge read_response json_of
);

my $secret = 'a secret of at least 32 characters';
my $started = 0;

# A running node with the three roles of the API, the role `edge` to sign in as, and the secret of token_of(). Options are
# those of helix_node. Returns the node and the folder of its secrets.
sub edge_node {
    my ($name, %options) = @_;
    my $folder = PostgreSQL::Test::Utils::tempdir();
    append_to_file("$folder/jwt", $secret);
    my $conf = "helix.secret_folder = '$folder'\nhelix.jwt_secret_ref = 'file://$folder/jwt'\n" . ($options{conf} // '');
    my $node = helix_node($name, %options, conf => $conf);
    $node->safe_psql('postgres', <<'SQL');
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
SELECT helix.grant_api_access('authenticated', 'service_role', 'anon');
CREATE ROLE edge LOGIN NOINHERIT;
SELECT helix.grant_edge_access('edge');
SQL
    return ($node, $folder);
}

# Starts the program on a node; options are those of its command line. Returns {port, log, process}.
sub start_edge {
    my ($node, @options) = @_;
    my $log = $node->basedir . '/edge' . $started++ . '.log';
    my $database = (grep { $_ eq '--database' } @options) ? [] : [ '--database', $node->connstr('postgres') ];
    my $process = IPC::Run::start([ 'helix-edge', @$database, '--listen', '127.0.0.1:0', @options ], '<', \undef, '>', '/dev/null',
        '2>', $log);
    my $edge = { log => $log, process => $process };
    wait_until(sub { ($edge->{port}) = edge_log($edge) =~ /listening on 127\.0\.0\.1:(\d+)/ }) or die "no edge: " . edge_log($edge);
    return $edge;
}

sub stop_edge {
    my ($edge, $signal) = @_;
    IPC::Run::signal($edge->{process}, $signal // 'TERM');
    eval { IPC::Run::finish($edge->{process}) };
    return $?;
}

sub edge_log { return -e $_[0]{log} ? slurp_file($_[0]{log}) : '' }

sub wait_until {
    my ($condition) = @_;
    for (1 .. 200) {
        return 1 if $condition->();
        sleep 0.05;
    }
    return 0;
}

# A token by HS256; claims as a hash.
sub token {
    my ($secret, %claims) = @_;
    my $fields = join ',', map { qq("$_":) . ($claims{$_} =~ /^\d+$/ ? $claims{$_} : qq("$claims{$_}")) } sort keys %claims;
    my $signed = encode_base64url('{"alg":"HS256","typ":"JWT"}') . '.' . encode_base64url("{$fields}");
    return "$signed." . encode_base64url(hmac_sha256($signed, $secret));
}

# A token of the nodes of edge_node(), good for ten minutes; claims as a hash.
sub token_of { return token($secret, exp => int(time) + 600, @_) }

sub signed_in { return (Authorization => "Bearer $_[0]") }

sub connect_edge {
    my ($edge) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $edge->{port}, Proto => 'tcp') // die "no connection: $!";
}

# One response of a connection: {status, headers (names in small letters), body}; undef where the connection ends before it.
sub read_response {
    my ($socket, %options) = @_;
    my $bytes = delete ${*$socket}{edge_rest} // '';
    my $until = time + 20;
    while (time < $until) {
        if ($bytes =~ /\A(HTTP\/1\.1 (\d+)[^\r]*\r\n((?:[^\r\n]+\r\n)*)\r\n)/) {
            my ($head, $status, $lines) = ($1, $2, $3);
            my %headers = map { /^([^:]+): (.*)$/ ? (lc $1, $2) : () } split /\r\n/, $lines;
            my $length = $options{head} ? 0 : $headers{'content-length'} // 0;
            if (length $bytes >= length($head) + $length) {
                ${*$socket}{edge_rest} = substr $bytes, length($head) + $length; # what has come of the next one
                return { status => $status, headers => \%headers, body => substr($bytes, length $head, $length) };
            }
        }
        next unless IO::Select->new($socket)->can_read(0.2);
        my $count = sysread $socket, $bytes, 65536, length $bytes;
        return unless $count;
    }
    return;
}

# Sends bytes over a connection of its own, and returns the response.
sub exchange {
    my ($edge, $bytes, %options) = @_;
    my $socket = connect_edge($edge);
    local $SIG{PIPE} = 'IGNORE';
    syswrite $socket, $bytes;
    $socket->shutdown(1) if $options{half_closed};
    return read_response($socket, %options);
}

sub request {
    my ($edge, $method, $target, $body, %headers) = @_;
    $headers{Host} //= 'edge';
    $headers{'Content-Length'} //= length $body if defined $body;
    my $head = join '', "$method $target HTTP/1.1\r\n", map { "$_: $headers{$_}\r\n" } sort keys %headers;
    return exchange($edge, "$head\r\n" . ($body // ''), head => $method eq 'HEAD');
}

# A call by POST, with its arguments as JSON; the token may be undef.
sub rpc {
    my ($edge, $token, $function, $json, %headers) = @_;
    return request($edge, 'POST', "/rest/v1/rpc/$function", $json // '{}', 'Content-Type' => 'application/json',
        (defined $token ? signed_in($token) : ()), %headers);
}

# The text of one member of an error's body.
sub json_of {
    my ($response, $member) = @_;
    return $response->{body} =~ /"$member":(null|"(?:[^"\\]|\\.)*")/ ? $1 : undef;
}

1;
