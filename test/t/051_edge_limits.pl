# Proves that nothing a client sends harms helix-edge or the server: rubbish, halves, too much, too slow. Shows what its options
# do: limits, proxies, origins, TLS, pages.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = helix_node('node');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $get = "GET /healthz HTTP/1.1\r\nHost: edge\r\n";
srand($ENV{HELIX_SEED} // 7);

sub status_of { return $_[0] ? $_[0]{status} : 'none' }

sub alive {
    my ($edge, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is(status_of(request($edge, 'GET', '/healthz')), 200, $name);
}

sub resident_kb {
    my ($edge) = @_;
    my $pid = $edge->{process}{KIDS}[0]{PID};
    return slurp_file("/proc/$pid/status") =~ /VmRSS:\s*(\d+)/ ? $1 : die 'no memory';
}

subtest 'bytes that are no request' => sub {
    my $edge = start_edge($node);
    my %cases = (
        'rubbish' => [ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400 ],
        'another protocol' => [ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 ],
        'a header without a colon' => [ "GET / HTTP/1.1\r\nHost edge\r\n\r\n", 400 ],
        'two lengths' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400 ],
        'a length and chunks' =>
          [ "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 ],
        'a negative length' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400 ],
        'a bad chunk' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400 ],
        'another encoding' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501 ],
        'two encodings' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 ],
        'two headers of encodings' =>
          [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501 ],
        'an empty encoding' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n", 501 ],
        'chunks by HTTP/1.0' => [ "POST /rest/v1/rpc/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501 ],
        'a long chunk extension' =>
          [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;" . ('a' x 70_000), 431 ],
        'a long trailer' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " . ('a' x 70_000), 431 ],
        'a long line' => [ 'GET /' . ('a' x 17000) . " HTTP/1.1\r\n\r\n", 431 ],
        'a large header' => [ "${get}X-Long: " . ('a' x 17000) . "\r\n\r\n", 431 ],
        'many headers' => [ $get . join('', map { "X-$_: $_\r\n" } 1 .. 3000) . "\r\n", 431 ],
        'a body where none belongs' => [ "POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413 ],
        'a body larger than the limit' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Length: 4194305\r\n\r\n", 413 ],
        'an enormous length' => [ "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n", 413 ],
    );
    is(status_of(exchange($edge, $cases{$_}[0])), $cases{$_}[1], $_) for sort keys %cases;
    my $chunks = "POST /rest/v1/rpc/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" . ("10000\r\n" . ('a' x 65536) . "\r\n") x 80;
    is(status_of(exchange($edge, $chunks)), 413, 'chunks over the limit');
    my $piecewise = connect_edge($edge);
    syswrite $piecewise, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for my $piece ("2\r\n{}\r\n", "0\r\n", "\r", "\n") { sleep 0.1; syswrite $piecewise, $piece }
    is(status_of(read_response($piecewise)), 401, 'the last chunk in pieces ends a request');
    for (1 .. 300) {
        my $socket = connect_edge($edge);
        syswrite $socket, join '', map { chr int rand 256 } 1 .. 1 + rand 400;
        close $socket;
    }
    alive($edge, 'it lives on after random bytes');
    my $bytes = "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    for (1 .. 300) {
        my $mutated = $bytes;
        substr($mutated, rand length $bytes, 1) = chr int rand 256 for 1 .. 3;
        exchange($edge, $mutated, half_closed => 1);
    }
    alive($edge, 'and after requests with wrong bytes');
    is(stop_edge($edge), 0, 'and ends in peace');
};

subtest 'connections' => sub {
    my $edge = start_edge($node);
    my $socket = connect_edge($edge);
    syswrite $socket, "$get\r\n" x 3;
    is(join(' ', map { status_of(read_response($socket)) } 1 .. 3), '200 200 200', 'three together are answered in order');
    for my $byte (split //, "$get\r\n") {
        syswrite $socket, $byte;
    }
    is(status_of(read_response($socket)), 200, 'byte by byte');
    is(status_of(exchange($edge, "$get\r\n", half_closed => 1)), 200, 'a client that has closed its half is answered');
    my $closed = exchange($edge, "${get}Connection: close\r\n\r\n");
    is($closed->{headers}{connection}, 'close', 'the last answer says so');
    my $continued = connect_edge($edge);
    syswrite $continued, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    is(status_of(read_response($continued)), 100, 'Expect: 100-continue');
    for (1 .. 50) {
        my $half = connect_edge($edge);
        syswrite $half, "POST /rest/v1/rpc/x HTTP/1.1\r\nContent-Le";
        close $half;
    }
    alive($edge, 'halves do no harm');
    stop_edge($edge);
};

subtest 'too slow' => sub {
    my $edge = start_edge($node, '--request-time', 1, '--idle-time', 2);
    my ($header, $body, $idle) = map { connect_edge($edge) } 1 .. 3;
    syswrite $header, 'GET /hea';
    syswrite $body, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{";
    my $began = time;
    is(status_of(read_response($header)), 408, 'half a header');
    is(status_of(read_response($body)), 408, 'half a body');
    cmp_ok(time - $began, '<', 2, 'in time');
    is(read_response($idle), undef, 'an idle connection is closed without a word');
    cmp_ok(time - $began, '>', 1.5, 'later');
    my $trickle = connect_edge($edge);
    syswrite $trickle, 'G';
    local $SIG{PIPE} = 'IGNORE';
    my $answered;
    for (1 .. 30) {
        last if $answered = IO::Select->new($trickle)->can_read(0.1);
        syswrite $trickle, 'E';
    }
    ok($answered, 'a byte now and then does not keep a connection');
    is(status_of(read_response($trickle)), 408, 'it is answered as any other');
    stop_edge($edge);
};

subtest 'too many' => sub {
    my $edge = start_edge($node, '--connections-per-address', 3);
    my @held = map { connect_edge($edge) } 1 .. 3;
    sleep 0.2;
    my $refused = request($edge, 'GET', '/healthz');
    is(status_of($refused), 429, 'connections of one address');
    is($refused->{headers}{connection}, 'close', 'the next is closed');
    close pop @held;
    sleep 0.2;
    alive($edge, 'one less: the next is served');
    stop_edge($edge);

    $edge = start_edge($node, '--connections', 2);
    @held = map { connect_edge($edge) } 1 .. 2;
    sleep 0.2;
    is(status_of(request($edge, 'GET', '/healthz')), 503, 'connections in all');
    @held = ();
    sleep 0.2;
    alive($edge, 'they are counted down');
    stop_edge($edge);

    $edge = start_edge($node, '--requests', 1);
    my $slow = connect_edge($edge);
    syswrite $slow, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{";
    sleep 0.2;
    my $other = request($edge, 'GET', '/healthz');
    is(status_of($other), 503, 'requests that are being answered');
    close $slow;
    sleep 0.2;
    alive($edge, 'it ends with its client');
    stop_edge($edge);

    $edge = start_edge($node, '--body-memory', '1MB');
    $slow = connect_edge($edge);
    syswrite $slow, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 800000\r\n\r\n{";
    sleep 0.2;
    is(status_of(request($edge, 'POST', '/rest/v1/rpc/x', 'x' x 400_000)), 503, 'memory of bodies');
    is(status_of(exchange($edge, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")), 503,
        'a body of unknown length counts as the largest');
    stop_edge($edge);
};

subtest 'memory of 900 connections, half of which hold half a request' => sub {
    my $edge = start_edge($node, '--connections-per-address', 10_000);
    alive($edge, 'warm');
    my $before = resident_kb($edge);
    my @held;
    for (1 .. 900) { # a process may have 1,024 descriptors
        my $socket = connect_edge($edge);
        syswrite $socket, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n{" if @held % 2;
        push @held, $socket;
    }
    sleep 1;
    my $each = (resident_kb($edge) - $before) / @held;
    note sprintf '%.1f kB each', $each;
    cmp_ok($each, '<', 80, 'what was announced takes no memory before it comes');
    @held = ();
    stop_edge($edge);
};

subtest 'proxies' => sub {
    my $edge = start_edge($node, '--trusted-proxy', '127.0.0.0/8', '--connections-per-address', 1);
    my @held = map { connect_edge($edge) } 1 .. 5;
    alive($edge, 'a proxy may have many connections');
    my $slow = sub {
        my $socket = connect_edge($edge);
        syswrite $socket, "POST /rest/v1/rpc/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: $_[0]\r\nContent-Length: 9\r\n\r\n";
        sleep 0.2;
        return $socket;
    };
    my $first = $slow->('192.0.2.1');
    my $by = sub { return status_of(request($edge, 'GET', '/healthz', undef, 'X-Forwarded-For' => $_[0])) };
    is($by->('192.0.2.1'), 429, 'the client that it names may not');
    is($by->('192.0.2.2'), 200, 'another client may');
    is($by->('192.0.2.9, 192.0.2.1'), 429, 'the last address counts, not what its client says of itself');
    is($by->('192.0.2.1, 127.0.0.2'), 429, 'proxies behind it are passed over');
    close $first;
    stop_edge($edge);
    ok(!IPC::Run::run([ 'helix-edge', '--database', 'x', '--listen', '127.0.0.1:0', '--trusted-proxy', '10.0.0.0/33' ],
            '2>', \my $error), 'no network of 33 bits');
    like($error, qr/neither an address nor a network/, 'and it says so');
};

subtest 'other origins' => sub {
    my $edge = start_edge($node, '--allow-origin', 'https://app.example.com');
    my %asked = (Origin => 'https://app.example.com', 'Access-Control-Request-Method' => 'POST',
        'Access-Control-Request-Headers' => 'authorization,content-profile,x-client-info');
    my $preflight = request($edge, 'OPTIONS', '/rest/v1/rpc/x', undef, %asked);
    is("$preflight->{status} $preflight->{headers}{'access-control-allow-origin'}", '204 https://app.example.com', 'a preflight');
    is($preflight->{headers}{'access-control-allow-headers'}, 'authorization,content-profile,x-client-info', 'its headers');
    like($preflight->{headers}{'access-control-allow-methods'}, qr/POST/, 'its methods');
    my $other = request($edge, 'OPTIONS', '/rest/v1/rpc/x', undef, %asked, Origin => 'https://evil.example.com');
    is("$other->{status} " . ($other->{headers}{'access-control-allow-origin'} // 'none'), '403 none', 'another origin');
    my $allowed = sub {
        my ($origin) = @_;
        return request($edge, 'POST', '/rest/v1/rpc/x', '{}', Origin => $origin)->{headers}{'access-control-allow-origin'};
    };
    is($allowed->('https://app.example.com'), 'https://app.example.com', 'an answer may be read, an error too');
    is($allowed->('https://evil.example.com'), undef, 'but not by others');
    stop_edge($edge);
};

subtest 'pages' => sub {
    mkdir "$folder/pages";
    mkdir "$folder/pages/$_" for qw(analytics assets);
    append_to_file("$folder/pages/analytics/operations.html", '<p>page');
    append_to_file("$folder/pages/analytics/operations.html.gz", 'packed');
    append_to_file("$folder/pages/assets/main-1a2b.js", 'script');
    append_to_file("$folder/pages/config.json", '{}');
    append_to_file("$folder/pages/.hidden.html", 'secret');
    append_to_file("$folder/outside.html", 'secret');
    my $edge = start_edge($node, '--pages', "$folder/pages");
    my $page = request($edge, 'GET', '/analytics/operations?days=7');
    is("$page->{status} $page->{body}", '200 <p>page', 'a page has no ending');
    my $policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
      . "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    is($page->{headers}{'content-security-policy'}, $policy, 'the policy of docs/dashboard.md');
    is($page->{headers}{'cache-control'}, 'no-cache', 'it is asked for again');
    my $packed = request($edge, 'GET', '/analytics/operations', undef, 'Accept-Encoding' => 'gzip, br');
    is("$packed->{headers}{'content-encoding'} $packed->{body}", 'gzip packed', 'packed for those who take it');
    my $script = request($edge, 'GET', '/assets/main-1a2b.js');
    is("$script->{headers}{'content-type'} $script->{body}", 'text/javascript; charset=utf-8 script', 'a script');
    like($script->{headers}{'cache-control'}, qr/immutable/, 'that never changes');
    is(request($edge, 'GET', '/config.json')->{headers}{'cache-control'}, 'no-store', 'the configuration may change');
    is(request($edge, 'HEAD', '/analytics/operations')->{headers}{'content-length'}, 7, 'HEAD');
    is(status_of(request($edge, 'GET', $_)), 404, "no $_")
      for qw(/../outside.html /..%2foutside.html /.hidden /.hidden.html //outside /assets/ /assets / /x);
    is(status_of(request($edge, 'POST', '/analytics/operations')), 405, 'pages are read');
    stop_edge($edge);
};

subtest 'TLS' => sub {
    my $make = sub {
        system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=' . $_[0]
                . " -addext subjectAltName=DNS:$_[0] -keyout $folder/key.pem -out $folder/certificate.pem 2>/dev/null") == 0 or die;
    };
    my $ask = sub {
        my ($edge, $name, @options) = @_;
        my $place = "$name:$edge->{port}";
        IPC::Run::run([ 'curl', '-sS', '--cacert', "$folder/certificate.pem", '--resolve', "$place:127.0.0.1", @options,
                "https://$place/healthz" ], '>', \my $out, '2>', \my $error);
        return $out;
    };
    $make->('one.example');
    my $edge = start_edge($node, '--tls-certificate', "$folder/certificate.pem", '--tls-key', "$folder/key.pem");
    is($ask->($edge, 'one.example'), "alive\n", 'it speaks TLS');
    is($ask->($edge, 'one.example', '--tls-max', '1.1'), '', 'but no old version');
    is(exchange($edge, "$get\r\n"), undef, 'and no plain HTTP there');
    sleep 1.1; # the time of a file
    $make->('two.example');
    sleep 1.1; # it looks once a second
    is($ask->($edge, 'two.example'), "alive\n", 'a new certificate counts without a restart');
    append_to_file("$folder/key.pem", 'rubbish');
    PostgreSQL::Test::Utils::append_to_file("$folder/certificate.pem", '');
    open my $broken, '>', "$folder/key.pem" or die;
    close $broken;
    sleep 1.1;
    is($ask->($edge, 'two.example'), "alive\n", 'a broken one does not');
    like(edge_log($edge), qr/the certificate stays as it was/, 'and the log tells');
    stop_edge($edge);
};

subtest 'a Unix socket' => sub {
    my $path = PostgreSQL::Test::Utils::tempdir_short() . '/edge';
    my $edge = start_edge($node, '--listen', "unix:$path");
    my $ask = sub {
        IPC::Run::run([ 'curl', '-sS', '--unix-socket', $path, 'http://edge/healthz' ], '>', \my $out, '2>', \my $error);
        return $out;
    };
    is($ask->(), "alive\n", 'it answers');
    stop_edge($edge, 'KILL');
    ok(-S $path, 'killed, it leaves its socket');
    $edge = start_edge($node, '--listen', "unix:$path");
    is($ask->(), "alive\n", 'the next one takes its place');
    stop_edge($edge);
    ok(!-e $path, 'a proper end removes it');
    append_to_file($path, 'precious');
    my $error;
    my @command = ('helix-edge', '--database', 'x', '--listen', "unix:$path");
    my $runs = eval { IPC::Run::run(\@command, '2>', \$error, IPC::Run::timeout(5)) };
    is($runs, '', 'an ordinary file is none');
    is(slurp_file($path), 'precious', 'which stays as it is');
};

is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server has seen nothing of it');

done_testing();
