# A program that does one thing after the other, psql or bash, and what it prints for each.
#   my $psql = Session->psql;      my $printed = $psql->run("SELECT 1;\n");
#   my $bash = Session->bash;      my $printed = $bash->run("date\n");
package Session;

use strict;
use warnings;
use IPC::Open2;
use IO::Select;

my $longest = 60; # seconds
my $mark = '@@ end of example';

# Lines reach us in their order, those of stderr too.
sub psql { return start(@_, 'exec stdbuf -oL psql -X -P pager=off 2>&1', sub { "$_[0]\\echo $mark\n" }) }

# In one shell, so that variables stay. A command that reads takes nothing of what comes next.
sub bash { return start(@_, 'exec bash 2>&1', sub { "{ $_[0]} </dev/null\necho \"$mark \$?\"\n" }) }

sub start {
    my ($class, $command, $framed) = @_;
    my $self = bless {framed => $framed, rest => ''}, $class;
    $self->{pid} = open2($self->{from}, $self->{to}, '/bin/sh', '-c', $command);
    return $self;
}

# What is printed. Dies where the program ends or nothing more comes.
sub run {
    my ($self, $input) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $select = IO::Select->new($self->{from});
    my $until = time + $longest;
    syswrite $self->{to}, $self->{framed}->($input);
    until ($self->{rest} =~ /\Q$mark\E(?: \d+)?\n/) {
        $select->can_read($until - time) or die "it takes more than $longest s; printed so far:\n$self->{rest}";
        sysread($self->{from}, $self->{rest}, 65536, length $self->{rest})
            or die "the session has ended; the last it said:\n$self->{rest}";
    }
    my ($printed, $status, $rest) = $self->{rest} =~ /\A(.*?)\Q$mark\E(?: (\d+))?\n(.*)\z/s;
    $self->{rest} = $rest;
    return $status && $printed eq '' ? "exit status $status\n" : $printed;
}

1;
