# Runs the examples of a page in their order and compares what is printed with what stands there: examples.pl NAME FILE
#   WITHOUT=1: the page may have no example     PREPARED=1: psql knows the variable "user"
# Where a page names the folder /var/lib/postgresql or the server localhost:6379, PAGE_HOME and PAGE_REDIS are meant.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Page;
use Session;

my ($name, $file) = @ARGV;
my %private = ('/var/lib/postgresql' => $ENV{PAGE_HOME}, 'localhost:6379' => $ENV{PAGE_REDIS});
my $places = join '|', map { quotemeta } keys %private;
my %public = reverse %private;
my $privates = join '|', map { quotemeta } keys %public;
my $failed = 0;

sub report {
    my ($line, @text) = @_;
    $failed++;
    print "$name, line $line: ", @text;
    return;
}

# What differs by nature, the same on both sides: uuids by when they appear first, dates, times, and the widths of columns that
# follow from them. psql's count of rows says nothing that the rows do not, unless it is 0.
my %uuids;
sub normalize {
    my ($text, $side) = @_;
    my $known = $uuids{$side} //= {};
    my $time = qr/\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d(?::?\d\d)?)?/;
    $text =~ s/\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/$known->{$1} \/\/= 'UUID ' . (1 + keys %$known)/ge;
    $text =~ s/\d{4}-\d\d-\d\d([ T]$time)?/$1 ? 'TIME' : 'DATE'/ge;
    $text =~ s/^\([1-9]\d* rows?\)$//mg;
    $text =~ s/-{3,}/---/g;
    $text =~ s/ +/ /g;
    $text =~ s/ $//mg;
    $text =~ s/^\n//mg;
    return $text;
}

# Each setting that a page shows is known to the server, which takes the value.
sub check_settings {
    my $session = Session->psql;
    for my $setting (@_) {
        my $printed =
            $session->run("ALTER SYSTEM SET $setting->{name} = $setting->{value};\nALTER SYSTEM RESET $setting->{name};\n");
        report($setting->{line}, "$setting->{name} = $setting->{value}\n--- the server says:\n$printed") if $printed =~ /ERROR/;
    }
    return;
}

# The page's sessions of psql and bash
my %sessions;
sub start_sessions {
    $ENV{HOME} = $ENV{PAGE_HOME};
    chdir $ENV{PAGE_HOME} or die "$ENV{PAGE_HOME}: $!\n";
    %sessions = (sql => Session->psql, sh => Session->bash);
    $sessions{sql}->run("\\set user '''8f14e45f-ceea-467f-a9ab-000000000001'''\n") if $ENV{PREPARED};
    return;
}

sub run_step {
    my ($step) = @_;
    sleep 3 if $step->{wait};
    my $printed = $sessions{ $step->{kind} }->run($step->{input} =~ s/($places)/$private{$1}/gr);
    $printed =~ s/($privates)/$public{$1}/g;
    return if normalize($step->{printed}, 'page') eq normalize($printed, 'run');
    report($step->{line}, "$step->{input}--- the page says:\n$step->{printed}--- printed is:\n$printed\n");
    return;
}

my $began = time;
my $page = Page::read_page($file);
my @steps = @{ $page->{steps} };
report($_->{line}, "$_->{text}\n") for @{ $page->{problems} };
report(1, "the page has no example that is run\n") unless @steps || $ENV{WITHOUT};
check_settings(@{ $page->{settings} });
start_sessions();
for my $step (@steps) {
    next if eval { run_step($step); 1 };
    report($step->{line}, "$step->{input}--- $@\nwhat follows on this page is not run\n");
    last;
}
printf "%s: %d examples and %d settings, %d fences not run, %d failures, %d s\n", $name, scalar @steps,
    scalar @{ $page->{settings} }, $page->{untested}, $failed, time - $began;
exit($failed ? 1 : 0);
