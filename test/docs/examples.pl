# Runs the examples of a page with psql, all in one session, and compares what is printed with what stands there: examples.pl PAGE
#
# An example is a block between ``` with a line that begins with postgres=# or postgres=>, where a statement begins. It ends with the
# line that ends in ; or \gset (a comment may follow), or, begun with a backslash, with its first line. What follows until the next
# prompt is what psql prints. Where the paragraph before a block says "later", three seconds pass first.
use strict;
use warnings;

my $mark = '@@ example';

# The page's examples: {line, statement, printed, wait}
sub read_examples {
    my ($page) = @_;
    open my $file, '<', $page or die "$page: $!\n";
    my (@examples, $example, $open, $prose, $inside);
    while (my $line = <$file>) {
        if ($line =~ /^```/) {
            $inside = !$inside;
            ($example, $open) = (undef, 0);
            $prose = '' unless $inside;
        } elsif (!$inside) {
            $prose .= $line;
        } elsif ($line =~ s/^postgres=[#>] //) {
            my $wait = $prose =~ /\blater\b/ ? 1 : 0;
            push @examples, $example = {line => $., statement => $line, printed => '', wait => $wait};
            $prose = '';
            $open = !ends($line);
        } elsif ($open) {
            $example->{statement} .= $line =~ s/^postgres[-'"(][#>]//r;
            $open = !ends($line);
        } elsif ($example) {
            $example->{printed} .= $line;
        }
    }
    return @examples;
}

sub ends { $_[0] =~ /^\\|(;|\\gset)\s*(--.*)?$/ }

# What psql prints for each
sub run_examples {
    my @examples = @_;
    my $pid = open my $psql, '-|';
    die "fork: $!\n" unless defined $pid;
    feed_psql(@examples) if $pid == 0;
    my $printed = join '', <$psql>;
    my (undef, @printed) = split /^\Q$mark\E\n/m, $printed;
    return @printed;
}

sub feed_psql {
    open STDERR, '>&', \*STDOUT or die "dup: $!\n";
    open my $psql, '|-', 'psql', '-X', '-P', 'pager=off' or die "psql: $!\n";
    for my $example (@_) {
        print $psql "SELECT pg_sleep(3) \\g /dev/null\n" if $example->{wait};
        print $psql "\\echo $mark\n", $example->{statement};
    }
    close $psql;
    exit 0;
}

# What differs by nature, the same on both sides: uuids by when they appear first, dates, times, and the widths of columns that follow
# from them. psql's count of rows says nothing that the rows do not, unless it is 0.
my %uuids;
sub normalize {
    my ($text, $side) = @_;
    my $known = $uuids{$side} //= {};
    $text =~ s/\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/$known->{$1} \/\/= 'UUID ' . (1 + keys %$known)/ge;
    $text =~ s/\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?\+00)?/$1 ? 'TIME' : 'DATE'/ge;
    $text =~ s/^\([1-9]\d* rows?\)$//mg;
    $text =~ s/-{3,}/---/g;
    $text =~ s/ +/ /g;
    $text =~ s/ $//mg;
    $text =~ s/^\n//mg;
    return $text;
}

my ($page) = @ARGV;
my @examples = read_examples($page);
@examples > 40 or die "only " . @examples . " examples were found in $page\n";
my @printed = run_examples(@examples);
@printed == @examples or die "psql ran " . @printed . " of " . @examples . " examples\n";
my $failed = 0;
for my $place (0 .. $#examples) {
    my $example = $examples[$place];
    next if normalize($example->{printed}, 'page') eq normalize($printed[$place], 'psql');
    $failed++;
    print "line $example->{line}: $example->{statement}--- the page says:\n$example->{printed}--- psql prints:\n$printed[$place]\n";
}
print scalar(@examples) . " examples, $failed of them print something else\n";
exit($failed ? 1 : 0);
