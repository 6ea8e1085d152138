# A stub of a 1Password Connect server, by its documented API: it has one vault with one item, and gives each answer by command.
#
#   my $connect = start_connect($token);         conf => "helix.onepassword_connect_url = '" . $connect->url . "'"
#   $connect->value('hook', 'the secret');       # of the field that is labeled `hook`
#   $connect->mode('429');                       # ok (the first), a status, slow SECONDS, huge, broken, proxy404, redirect, cut
#   $connect->body('/path', '{}');               # what it answers there, without a token
#   $connect->requests('items/');                # how many requests so far had this in their path
package ConnectTest;

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use POSIX ();
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(sleep);

our @EXPORT = qw(start_connect);

my $vault = 'vaultvaultvaultvaultvault1';
my $item = 'itemitemitemitemitemitem12';

sub start_connect {
    my ($token) = @_;
    my $dir = PostgreSQL::Test::Utils::tempdir_short();
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50, ReuseAddr => 1)
      or die "no stub server: $!";
    my $self = bless { dir => $dir, port => $listener->sockport, token => $token, owner => $$ }, __PACKAGE__;
    $self->mode('ok');
    write_file("$dir/requests", '');
    write_file("$dir/values", '');
    $self->run($listener);
    return $self;
}

sub run {
    my ($self, $listener) = @_;
    defined($self->{pid} = fork) or die "no stub server: $!";
    if ($self->{pid}) { setpgrp $self->{pid}, $self->{pid}; return }
    setpgrp 0, 0;
    $SIG{CHLD} = 'IGNORE';
    $SIG{TERM} = $SIG{INT} = 'DEFAULT';
    while (1) {
        my $client = $listener->accept or next;
        next if fork;
        eval { serve($self, $client) };
        POSIX::_exit(0);
    }
}

sub stop {
    my ($self) = @_;
    return if !$self->{pid} || $self->{owner} != $$;
    kill '-KILL', $self->{pid}; # those that are slow to answer too
    waitpid $self->{pid}, 0;
    $self->{pid} = 0;
}

# The server again, at its old address.
sub start {
    my ($self) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 50, ReuseAddr => 1)
      or die "no stub server: $!";
    $self->run($listener);
}

sub DESTROY { local $?; $_[0]->stop }

sub url { return "http://127.0.0.1:$_[0]{port}" }
sub mode { write_file("$_[0]{dir}/mode", $_[1]) }
sub vault_id { return $vault }
sub item_id { return $item }

sub value {
    my ($self, $label, $value) = @_;
    my %values = ($self->values, $label => $value);
    delete $values{$label} if !defined $value;
    write_file("$self->{dir}/values", join '', map { "$_\t$values{$_}\n" } sort keys %values);
}

sub body { my ($self, $path, $body) = @_; write_file("$self->{dir}/body" . $path =~ s{/}{_}gr, $body) }

sub values {
    my ($self) = @_;
    return map { split /\t/, $_, 2 } split /\n/, read_file("$self->{dir}/values");
}

sub requests {
    my ($self, $path) = @_;
    return scalar(() = read_file("$self->{dir}/requests") =~ /\Q$path\E/g);
}

sub serve {
    my ($self, $client) = @_;
    my ($path, $token) = ('', '');
    while (my $line = <$client>) {
        $path = $1 if $line =~ m{^GET (\S+) HTTP/1};
        $token = $1 if $line =~ /^Authorization: Bearer (\S+)\r/i;
        last if $line eq "\r\n";
    }
    open my $log, '>>', "$self->{dir}/requests" or die;
    syswrite $log, "$path\n";
    close $log;
    my $mode = read_file("$self->{dir}/mode");
    if ($mode =~ /^slow (\S+)/) { sleep $1 }
    return answer($client, 302, '{}', "Location: http://127.0.0.1:$self->{port}/v1/elsewhere\r\n") if $mode eq 'redirect';
    return answer($client, 200, '[' . 'x' x 1_000_000 . ']') if $mode eq 'huge';
    return answer($client, 200, "{\"fields\": [{\"value\": \"$self->{token}\"") if $mode eq 'broken';
    return answer($client, 404, '<html>nothing here</html>') if $mode eq 'proxy404';
    if ($mode eq 'cut') { print $client "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"fields\""; return close $client }
    return answer($client, $1, qq({"status": $1, "message": "$self->{token}"}), $1 == 429 ? "Retry-After: 3\r\n" : '')
      if $mode =~ /^(\d+)$/;
    my $body = "$self->{dir}/body" . $path =~ s{/}{_}gr;
    return answer($client, 200, read_file($body)) if -e $body;
    return answer($client, 401, '{"status": 401, "message": "Invalid token signature"}') if $token ne $self->{token};
    my $name = $path =~ /%22(.*)%22$/ ? $1 =~ s/%20/ /gr : '';
    if ($path =~ m{^/v1/vaults\?filter=name%20eq%20%22}) {
        return answer($client, 200, $name eq 'Team Secrets' ? qq([{"id": "$vault", "name": "$name"}]) : '[]');
    }
    if ($path =~ m{^/v1/vaults/$vault/items\?filter=title%20eq%20%22}) {
        my $entry = qq({"id": "$item", "title": "$name", "vault": {"id": "$vault"}});
        return answer($client, 200, $name eq 'Webhooks' ? "[$entry]" : $name eq 'Twice' ? "[$entry, $entry]" : '[]');
    }
    return answer($client, 200, $self->item_json) if $path eq "/v1/vaults/$vault/items/$item";
    return answer($client, 404, '{"status": 404, "message": "no such thing"}');
}

# Each value is a field with its own id; those whose label has a dot are in the section before it.
sub item_json {
    my ($self) = @_;
    my %values = $self->values;
    my @fields = map {
        my ($section, $label) = /^(.*)\.(.*)$/ ? ($1, $2) : ('', $_);
        my $in = $section eq '' ? '' : qq(, "section": {"id": "section-$section"});
        qq({"id": "id-$_", "type": "CONCEALED", "label": "$label", "value": "$values{$_}"$in})
    } sort keys %values;
    my %sections = map { /^(.*)\./ ? ($1 => 1) : () } keys %values;
    my @sections = map { qq({"id": "section-$_", "label": "$_"}) } sort keys %sections;
    return sprintf '{"id": "%s", "title": "Webhooks", "sections": [%s], "fields": [%s]}', $item, join(', ', @sections),
      join(', ', @fields);
}

sub answer {
    my ($client, $status, $body, $headers) = @_;
    $headers //= '';
    printf $client "HTTP/1.1 %d Stub\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s",
      $status, length $body, $headers, $body;
    close $client;
}

sub write_file {
    my ($file, $content) = @_;
    open my $handle, '>', "$file.new" or die "$file: $!";
    print $handle $content;
    close $handle;
    rename "$file.new", $file or die "$file: $!";
}

sub read_file {
    my ($file) = @_;
    open my $handle, '<', $file or die "$file: $!";
    local $/;
    return <$handle> // '';
}

1;
