# Proves that slow clients lose their connections in time, and that nobody else waits for them: slow headers, bodies and readers by
# slowhttptest, and a reader of large answers byte by byte.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use IPC::Run ();
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'slowhttptest is not installed' unless IPC::Run::run([ 'which', 'slowhttptest' ], '>', '/dev/null');

my $node = helix_node('node');
my $pages = PostgreSQL::Test::Utils::tempdir();
append_to_file("$pages/large.js", 'x' x (6 << 20)); # more than the system keeps for a client
my $edge = start_edge($node, '--request-time', 2, '--idle-time', 2, '--connections-per-address', 1000, '--pages', $pages,
    '--body-memory', '64MB');
my $pid = $edge->{process}{KIDS}[0]{PID};

sub memory_kb { return slurp_file("/proc/$pid/status") =~ /$_[0]:\s*(\d+)/ ? $1 : die 'no memory' }

# Runs slowhttptest, and asks for something else meanwhile. Returns whether it ended because the edge had closed all of its
# connections, after how many seconds, and the longest time of another request.
sub attack {
    my ($path, @options) = @_;
    my ($out, $began, $longest) = ('', time, 0);
    my $attack = IPC::Run::start([ 'slowhttptest', '-l', 10, @options, '-u', "http://127.0.0.1:$edge->{port}$path" ], '<', \undef,
        '>', \$out, '2>', '/dev/null');
    while ($attack->pumpable && time - $began < 13) {
        my $asked = time;
        my $response = request($edge, 'GET', '/healthz');
        $longest = max($longest, $response && $response->{status} == 200 ? time - $asked : 99);
        $attack->pump_nb;
        sleep 0.05;
    }
    my $seconds = time - $began;
    $attack->kill_kill;
    return ($out =~ /No open connections left/ ? 1 : 0, $seconds, $longest);
}

my $before = memory_kb('VmRSS');
my %attacks = (
    'slow headers' => [ '/healthz', '-H', '-c', 100, '-r', 100, '-i', 1, '-x', 8 ],
    'slow bodies' => [ '/rest/v1/rpc/x', '-B', '-c', 100, '-r', 100, '-i', 1, '-s', 8192, '-x', 8, '-f', 'application/json' ],
    'slow readers' => [ '/large.js', '-X', '-c', 20, '-r', 20, '-w', 256, '-y', 512, '-n', 1, '-z', 512 ],
);
for my $name (sort keys %attacks) {
    my ($closed, $seconds, $longest) = attack(@{ $attacks{$name} });
    note sprintf '%s: over after %.1f s, others waited %.3f s at most', $name, $seconds, $longest;
    ok($closed, "$name lose their connections");
    cmp_ok($seconds, '<', 8, 'in time');
    cmp_ok($longest, '<', 1.5, 'nobody else waits');
}
my ($headers, $bodies) = map { scalar(() = edge_log($edge) =~ /$_/g) } qr/route=\S+ status=408/, qr/route=rpc\/x status=408/;
cmp_ok($headers, '>=', 150, 'with 408');
cmp_ok($bodies, '>=', 80, 'bodies too');
my ($sent, $refused) = map { scalar(() = edge_log($edge) =~ /$_/g) } qr/route=page status=200/, qr/route=page status=503/;
cmp_ok($sent, '>', 5, "$sent large answers had room");
cmp_ok($refused, '>', 5, "$refused had none: 503");
my $most = memory_kb('VmHWM') - $before;
note sprintf '%.0f MB more at most', $most / 1024;
cmp_ok($most, '<', 120 * 1024, 'answers that nobody takes have bounded memory');
is(request($edge, 'GET', '/large.js')->{status}, 200, 'which is there again');
is(stop_edge($edge), 0, 'it ends in peace');

done_testing();
