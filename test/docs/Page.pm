# Reads a page of the documentation: what its fences show and which of them break the rules.
#   my $page = Page::read_page($file);
#   $page->{steps}       [{kind => 'sql' or 'sh', line, input, printed, wait}]   in their order; wait: three seconds pass first
#   $page->{settings}    [{line, name, value}]                                   helix's own, of conf fences
#   $page->{untested}    how many fences say that they can't be run here
#   $page->{problems}    [{line, text}]
package Page;

use strict;
use warnings;

my $prompt = qr/^[a-z_]\w*=[*!]?[#>] /;
my $continued = qr/^[a-z_]\w*[-'"(\$][*!]?[#>] ?/;
my %readers = (console => \&read_session, sh => \&read_commands, conf => \&read_settings);
my %shown = map { $_ => 1 } qw(js ts json text yaml toml ini html http xml csv nginx python cpp cmake perl make diff mermaid);

sub read_page {
    my ($name) = @_;
    my $page = {steps => [], settings => [], untested => 0, problems => []};
    for my $fence (read_fences($name, $page)) {
        my ($language, $note) = $fence->{info} =~ /^(\S*)\s*(.*?)\s*$/;
        my $problem = problem_of($language, $note);
        if ($problem) { add_problem($page, $fence->{line}, $problem) }
        elsif ($note) { $page->{untested}++ }
        elsif ($readers{$language}) { $readers{$language}->($page, $fence) }
    }
    return $page;
}

sub add_problem {
    my ($page, $line, $text) = @_;
    push @{ $page->{problems} }, {line => $line, text => $text};
    return;
}

sub problem_of {
    my ($language, $note) = @_;
    return 'a fence without a language' if $language eq '';
    return 'SQL is shown as a session of psql, in a console fence' if $language eq 'sql';
    return "a fence of an unknown language: $language" unless $readers{$language} || $shown{$language};
    return '' if $note eq '';
    return "only console, sh and conf fences are tested: \"$note\" says nothing here" unless $readers{$language};
    return $note =~ /^untested: \S/ ? '' : "a fence that is not run says why: ```$language untested: REASON";
}

# The fences of a page: {line, info, lines, wait}. Where the paragraph just before one says "later", it waits.
sub read_fences {
    my ($name, $page) = @_;
    open my $file, '<', $name or die "$name: $!\n";
    my (@fences, $fence, $indent, $marks, $ended);
    my $paragraph = '';
    while (my $line = <$file>) {
        if ($fence) {
            if ($line =~ /^\s*\Q$marks\E\s*$/) { $fence = undef; next }
            $line =~ s/^\Q$indent\E//;
            push @{ $fence->{lines} }, $line;
        } elsif ($line =~ /^(\s*)(`{3,})(.*)$/) {
            ($indent, $marks, my $info) = ($1, $2, $3);
            $fence = {line => $., info => $info, lines => [], wait => $paragraph =~ /\blater\b/i ? 1 : 0};
            push @fences, $fence;
            $paragraph = '';
        } elsif ($line =~ /^\s*$/) {
            $ended = 1;
        } else {
            $paragraph = '' if $ended;
            $ended = 0;
            $paragraph .= $line;
        }
    }
    add_problem($page, $fence->{line}, 'a fence without an end') if $fence;
    return @fences;
}

# A statement begins at a prompt and ends with the line that ends in ; or \g... (a comment may follow), or, begun with a backslash,
# with its first line. A line with a prompt of continuation belongs to it, and the data of a COPY up to \. as well.
sub read_session {
    my ($page, $fence) = @_;
    my ($step, $open, $data);
    my $at = $fence->{line};
    for my $line (@{ $fence->{lines} }) {
        $at++;
        my $text = $line;
        if ($data) {
            $step->{input} .= $text =~ s/^>> //r;
            $data = 0 if $text =~ /\\\.$/;
        } elsif ($text =~ s/$prompt//) {
            $step = add_step($page, $fence, 'sql', $at, $text);
            $open = !ends_statement($text);
            $data = takes_data($step->{input}) unless $open;
        } elsif ($step && ($open || $text =~ /$continued/)) {
            $text =~ s/$continued//;
            $step->{input} .= $text;
            $open = !ends_statement($text);
            $data = takes_data($step->{input}) unless $open;
        } elsif ($step) {
            $step->{printed} .= $text;
        } else {
            return add_problem($page, $at, 'a console fence begins with a prompt: postgres=# or postgres=>');
        }
    }
    add_problem($page, $fence->{line}, 'a console fence without a statement') unless $step;
    add_problem($page, $step->{line}, 'a statement without an end') if $open || $data;
    return;
}

sub ends_statement { return $_[0] =~ /^\\|(?:;|\\g\w*(?:\s+\S+)?)\s*(?:--.*)?$/ }
sub takes_data { return $_[0] =~ /\bFROM\s+STDIN\b/i }

# A command begins with "$ " and ends where bash has a whole command.
sub read_commands {
    my ($page, $fence) = @_;
    my ($step, $open);
    my $at = $fence->{line};
    for my $line (@{ $fence->{lines} }) {
        $at++;
        if ($open) {
            $step->{input} .= $line =~ s/^> //r;
            $open = !is_whole($step->{input});
        } elsif ($line =~ /^\$ (.*\n)/) {
            $step = add_step($page, $fence, 'sh', $at, $1);
            $open = !is_whole($step->{input});
        } elsif ($step) {
            $step->{printed} .= $line;
        } else {
            return add_problem($page, $at, 'an sh fence begins with a command after "$ "');
        }
    }
    add_problem($page, $fence->{line}, 'an sh fence without a command') unless $step;
    add_problem($page, $step->{line}, 'a command without an end') if $open;
    return;
}

sub is_whole {
    local $ENV{COMMAND} = $_[0];
    return 0 if $_[0] =~ /\\\n\z/;
    return `printf %s "\$COMMAND" | bash -n 2>&1` !~ /unexpected (?:EOF|end of file)|here-document/;
}

sub add_step {
    my ($page, $fence, $kind, $line, $input) = @_;
    push @{ $page->{steps} }, {kind => $kind, line => $line, input => $input, printed => '', wait => $fence->{wait}};
    $fence->{wait} = 0;
    return $page->{steps}[-1];
}

sub read_settings {
    my ($page, $fence) = @_;
    my $at = $fence->{line};
    for my $line (@{ $fence->{lines} }) {
        $at++;
        my ($name, $value) = $line =~ /^\s*#?\s*(helix\.\w+)\s*=\s*('(?:[^']|'')*'|[^\s#]+)/ or next;
        $value = "'$value'" unless $value =~ /^'/;
        push @{ $page->{settings} }, {line => $at, name => $name, value => $value};
    }
    return;
}

1;
