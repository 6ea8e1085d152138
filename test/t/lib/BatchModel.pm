# What a batch must do, written from the documentation alone: one batch as plain Perl data, and what each event means for it.
#
#   my $batch = BatchModel->new(type => 'parallel', limit => 2, budget => 5, needs => [ [], [0], [0, 1] ]);
#   $batch->start;  $batch->claim(0);  $batch->finish(0, 'completed', 3);  $batch->cancel;  $batch->state(0);  $batch->summary
#
# An operation is waiting (for others), ready, running, completed, failed or skipped. Operations are numbered from 0; costs are
# whole numbers.
package BatchModel;

use strict;
use warnings;

sub new {
    my ($class, %options) = @_;
    my $size = @{ $options{needs} };
    return bless {
        %options, size => $size, started => 0, cancelled => 0, state => [ ('waiting') x $size ], attempts => [ (0) x $size ],
        cost => [ (0) x $size ] }, $class;
}

# A random one: any shape, any type, with or without limits.
sub random {
    my ($class, $size) = @_;
    my @order = sort { $a->[0] <=> $b->[0] } map { [ rand, $_ ] } 0 .. $size - 1; # positions need not follow the dependencies
    my $density = rand 0.7;
    my @needs;
    for my $i (0 .. $size - 1) {
        $needs[ $order[$i][1] ] = [ map { $order[$_][1] } grep { rand() < $density } 0 .. $i - 1 ];
    }
    return $class->new(
        type => (qw(parallel sequential conditional))[ rand 3 ], limit => rand() < 0.5 ? 1 + int rand 4 : undef,
        budget => rand() < 0.25 ? int rand 3 * $size : undef, needs => \@needs);
}

sub ended { return $_[0]{state}[ $_[1] ] =~ /^(completed|failed|skipped)$/ }
sub state { return $_[0]{state}[ $_[1] ] }
sub in_state { my ($self, $state) = @_; return grep { $self->{state}[$_] eq $state } 0 .. $self->{size} - 1 }
sub cost { my ($self) = @_; my $sum = 0; $sum += $_ for @{ $self->{cost} }; return $sum }
sub is_over { my ($self) = @_; return !grep { !$self->ended($_) } 0 .. $self->{size} - 1 }
sub is_stopped { my ($self) = @_; return $self->{cancelled} || defined $self->{budget} && $self->cost >= $self->{budget} }

sub start { my ($self) = @_; $self->{started} = 1; return $self->go_on }
sub claim { my ($self, $i) = @_; $self->{state}[$i] = 'running'; ++$self->{attempts}[$i]; return $self }
sub retry { my ($self, $i) = @_; $self->{state}[$i] = 'ready'; return $self }

sub finish {
    my ($self, $i, $state, $cost) = @_;
    $self->{state}[$i] = $state;
    $self->{cost}[$i] = $cost // 0;
    return $self->go_on;
}

sub cancel {
    my ($self) = @_;
    $self->{cancelled} = 1;
    $self->{state}[$_] = 'skipped' for grep { !$self->ended($_) } 0 .. $self->{size} - 1;
    return $self;
}

# Skips and releases until nothing changes any more.
sub go_on {
    my ($self) = @_;
    my $state = $self->{state};
    if ($self->is_stopped) {
        $state->[$_] = 'skipped' for $self->in_state('waiting'), $self->in_state('ready');
        return $self;
    }
    if ($self->{type} eq 'conditional') {
        my $found = 1;
        while ($found) {
            $found = 0;
            for my $i ($self->in_state('waiting')) {
                next unless grep { $state->[$_] =~ /failed|skipped/ } @{ $self->{needs}[$i] };
                $state->[$i] = 'skipped';
                $found = 1;
            }
        }
    }
    my $limit = $self->{type} eq 'sequential' ? 1 : $self->{limit} // $self->{size};
    for my $i ($self->in_state('waiting')) {
        last if $self->in_state('ready') + $self->in_state('running') >= $limit;
        $state->[$i] = 'ready' unless grep { !$self->ended($_) } @{ $self->{needs}[$i] };
    }
    return $self;
}

# As clients see the batch: status, total, completed, failed, skipped, running, cost.
sub summary {
    my ($self) = @_;
    my %number = map { my $state = $_; ($state => scalar $self->in_state($state)) } qw(completed failed skipped running);
    my $ended = $number{completed} + $number{failed} + $number{skipped};
    my $status =
        $self->{cancelled}                     ? 'cancelled'
      : !$self->{started}                      ? 'draft'
      : $ended + $number{running} == 0         ? 'queued'
      : $ended < $self->{size}                 ? 'running'
      : $number{completed} == $self->{size}    ? 'completed'
      : $number{completed} == 0                ? 'failed'
      :                                          'partial_failure';
    return join '|', $status, $self->{size}, @number{qw(completed failed skipped running)}, $self->cost;
}

# The statement that creates it; every other dependency goes by position.
sub create_call {
    my ($self, $user, %options) = @_;
    my $text = sub { defined $_[0] ? $_[0] : 'NULL' };
    my @operations = map {
        my $i = $_;
        my $needs = join ', ', map { ($i + $_) % 2 ? $_ + 1 : "\"op$_\"" } @{ $self->{needs}[$i] };
        my $parameters = $options{parameters} ? $options{parameters}->($i) : '{}';
        qq({"operation_id": "email-compose", "name": "op$i", "depends_on": [$needs], "parameters": $parameters})
    } 0 .. $self->{size} - 1;
    return "SELECT helix.create_batch('$user', 'model', '$self->{type}', '[" . join(', ', @operations) . "]', p_priority => "
      . ($options{priority} // 5) . ', p_max_concurrency => ' . $text->($self->{limit}) . ', p_max_cost_usd => '
      . $text->($self->{budget}) . ')';
}

1;
