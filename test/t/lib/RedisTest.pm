# A redis-server of a test's own and a fault proxy in front of it, each a process that the test kills, stops and restarts.
#
#   my $redis = start_redis($dir, maxmemory => '20mb');     $redis->cli('FLUSHALL');  $redis->kill;  $redis->restart($saved);
#   my $proxy = start_proxy($redis);                        $proxy->mode('cut_after 17');
#   conf => "helix.redis_url = '" . $proxy->url . "'"
package RedisTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_redis start_proxy cache_state wait_for_cache);

# start_redis([DIR, [OPTION => VALUE...]]): a running server on DIR/redis.sock; options are those of redis.conf without the
# dashes (port => 7001 adds TCP). Without a DIR it takes a new folder with a short name, which a socket's path needs.
sub start_redis {
    my ($dir, %options) = @_;
    my $redis = bless {
        dir => $dir // PostgreSQL::Test::Utils::tempdir_short(),
        options => { port => 0, save => '', appendonly => 'no', daemonize => 'no', %options },
        saves => 0 }, 'RedisTest::Server';
    return $redis->start;
}

# start_proxy(REDIS or ADDRESS, [LISTEN]): a running fault proxy in front of it. An address is a socket's path or 127.0.0.1:port;
# the proxy listens beside the server's socket unless LISTEN says where. It starts in the mode `pass`.
sub start_proxy {
    my ($upstream, $listen) = @_;
    my $binary = $ENV{HELIX_FAULT_PROXY} or die 'HELIX_FAULT_PROXY does not name the fault proxy';
    $listen //= (ref $upstream ? $upstream->dir : PostgreSQL::Test::Utils::tempdir_short()) . '/proxy.sock';
    my $proxy = bless { address => $listen }, 'RedisTest::Proxy';
    return $proxy->start($binary, ref $upstream ? $upstream->socket : $upstream);
}

# What helix.cache_stats() says of the connection: off, connecting, up or down.
sub cache_state {
    my ($node, $database) = @_;
    return $node->safe_psql($database // 'postgres', 'SELECT state FROM helix.cache_stats()');
}

# Waits until helix.cache_stats() says $state, at most $seconds; tells whether it came. Bears a server that is starting.
sub wait_for_cache {
    my ($node, $state, $seconds) = @_;
    my $end = time + ($seconds // 10);
    while (time < $end) {
        my ($status, $out) = $node->psql('postgres', 'SELECT state FROM helix.cache_stats()');
        return 1 if $status == 0 && $out eq $state;
        sleep 0.1;
    }
    return 0;
}

# A child process that leaves with the test, whatever happens.
package RedisTest::Process;

use strict;
use warnings;

use POSIX ();
use Scalar::Util qw(weaken);

my %running;

# Starts a command with its output in a file or on handles; the child's own END blocks never run.
sub launch {
    my ($self, $in, $out, @command) = @_;
    my $pid = fork // die "cannot fork: $!";
    if ($pid == 0) {
        open STDIN, '<&', $in or POSIX::_exit(126);
        open STDOUT, '>&', $out or POSIX::_exit(126);
        { no warnings 'exec'; exec @command; }
        POSIX::_exit(127);
    }
    @$self{qw(pid owner)} = ($pid, $$);
    weaken($running{$pid} = $self);
    return $self;
}

sub pid { return $_[0]{pid} }

# Ends the process at once (SIGKILL) or as a signal has it, and waits until it has gone.
sub kill {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return $self;
    delete $running{$pid};
    return $self if $self->{owner} != $$;
    CORE::kill $signal // 'KILL', $pid;
    CORE::kill 'CONT', $pid; # one that is stopped
    local $?;
    waitpid $pid, 0;
    return $self;
}

sub stop { CORE::kill 'STOP', $_[0]{pid}; return $_[0] }
sub cont { CORE::kill 'CONT', $_[0]{pid}; return $_[0] }

sub DESTROY { $_[0]->kill }
END { local $?; $_->kill for grep { defined } values %running }

package RedisTest::Server;

use strict;
use warnings;
our @ISA = 'RedisTest::Process';

use File::Copy qw(copy);
use Time::HiRes qw(sleep time);

sub dir { return $_[0]{dir} }
sub socket { return "$_[0]{dir}/redis.sock" }
sub url { return 'unix://' . $_[0]->socket . (defined $_[1] ? "?db=$_[1]" : '') }
sub log { return "$_[0]{dir}/redis.log" }

# Starts it if it is not running; waits until it answers. The data is what DIR/dump.rdb holds, if there is one.
sub start {
    my ($self) = @_;
    return $self if $self->{pid};
    open my $none, '<', '/dev/null' or die $!;
    open my $log, '>>', $self->log or die $self->log . ": $!";
    unlink $self->socket;
    my %options = %{ $self->{options} };
    $self->launch($none, $log, 'redis-server', '--dir', $self->dir, '--unixsocket', $self->socket, '--unixsocketperm', '777',
        map { ("--$_", $options{$_}) } sort keys %options);
    $self->wait_until_ready;
    return $self;
}

sub wait_until_ready {
    my ($self) = @_;
    for (1 .. 200) {
        return if -S $self->socket && $self->cli('PING') =~ /PONG|NOAUTH/;
        sleep 0.05;
    }
    die 'redis-server does not answer: see ' . $self->log;
}

# redis-cli's answer; options of redis-cli may come first (cli('-n', 1, 'GET', $key)).
sub cli {
    my ($self, @command) = @_;
    open my $out, '-|', 'timeout', '20', 'redis-cli', '-s', $self->socket, @command or die "cannot run redis-cli: $!";
    my $answer = do { local $/; <$out> } // '';
    { local ($?, $!); close $out }
    return $answer =~ s/\n\z//r;
}

# Gives it commands, each once the one before is answered.
sub commands {
    my ($self, @commands) = @_;
    open my $in, '|-', "timeout 60 redis-cli -s '" . $self->socket . "' >'$self->{dir}/answers'" or die "cannot run redis-cli: $!";
    print $in map { "$_\n" } @commands;
    close $in or die "redis-cli failed: $?";
    return $self;
}

# Kills it if it runs and starts it anew: empty, or with the data of a file that save() made. Options are added to the old ones.
sub restart {
    my ($self, $saved, %options) = @_;
    $self->kill;
    unlink $self->dir . '/dump.rdb';
    copy($saved, $self->dir . '/dump.rdb') || die "cannot copy $saved: $!" if defined $saved;
    $self->{options} = { %{ $self->{options} }, %options };
    return $self->start;
}

# Writes the data to a file of its own, for restart(), and returns its path.
sub save {
    my ($self) = @_;
    my $answer = $self->cli('SAVE');
    die "SAVE: $answer" if $answer ne 'OK';
    my $saved = $self->dir . '/saved-' . ++$self->{saves} . '.rdb';
    copy($self->dir . '/dump.rdb', $saved) or die "cannot copy to $saved: $!";
    unlink $self->dir . '/dump.rdb';
    return $saved;
}

package RedisTest::Proxy;

use strict;
use warnings;
our @ISA = 'RedisTest::Process';

use IO::Handle ();
use IO::Select ();

sub start {
    my ($self, $binary, $upstream) = @_;
    pipe my $command_end, $self->{commands} or die "no pipe: $!";
    pipe $self->{answers}, my $answer_end or die "no pipe: $!";
    $self->launch($command_end, $answer_end, $binary, $self->{address}, $upstream);
    $self->{commands}->autoflush(1);
    $self->mode('pass');
    return $self;
}

sub socket { return $_[0]{address} }

# The URL for helix.redis_url.
sub url {
    my ($self, $database) = @_;
    return 'unix://' . $self->{address} . (defined $database ? "?db=$database" : '') if $self->{address} =~ m{^/};
    return 'redis://' . $self->{address} . (defined $database ? "/$database" : '');
}

# Gives a command (see test/tools/fault_proxy/fault_proxy.cpp) and waits until it is in force; returns what the proxy says after
# `ok`.
sub mode {
    my ($self, $command) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{commands} } "$command\n" or die "the fault proxy has gone: $!";
    IO::Select->new($self->{answers})->can_read(10) or die "the fault proxy does not answer to $command";
    my $answer = readline($self->{answers}) // die "the fault proxy has gone at $command";
    $answer =~ /^ok ?(.*)$/ or die "the fault proxy says to $command: $answer";
    return $1;
}

# Bytes forwarded to the server, bytes forwarded to the client, connections accepted so far.
sub count { return split / /, $_[0]->mode('count') }

1;
