# A hundred answers of each form, as providers and exporters write them, cost what a calculation in whole numbers says. They come as
# whole answers, as usage objects, and in flat fields where these can say it. USAGE_SEED=n makes other ones.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HelixTest;
use JSON::PP ();
use List::Util qw(max sum0);
use Math::BigInt;
use PostgreSQL::Test::Utils;
use Test::More;
use UsageSamples;

my $seed = $ENV{USAGE_SEED} // 1;
srand $seed;
note "seed $seed";
my $node = helix_node('main');
my $user = user_id(1);
my $json = JSON::PP->new->canonical;
sub sql { return $node->safe_psql('postgres', $_[0]) }

# USD per million, by model, tier and the prompt above which they hold. From the price pages and lists that sql/install names:
# platform.claude.com, developers.openai.com, ai.google.dev, api-docs.deepseek.com, LiteLLM's list.
my %own = (input => '0.4', cached_input => '0.04', output => '2', audio_seconds => '75'); # a price of the DBA's
my %rates = (
    'openai/gpt-4o' => {
        standard => { 0 => { input => '2.5',  cached_input => '1.25',  output => '10' } },
        batch    => { 0 => { input => '1.25', cached_input => '1.25',  output => '5' } },
        priority => { 0 => { input => '4.25', cached_input => '2.125', output => '17' } } },
    'openai/gpt-5' => {
        standard => { 0 => { input => '1.25',  cached_input => '0.125',  output => '10' } },
        flex     => { 0 => { input => '0.625', cached_input => '0.0625', output => '5' } },
        priority => { 0 => { input => '2.5',   cached_input => '0.25',   output => '20' } } },
    'openai/gpt-audio' => {
        standard => { 0 => { input => '2.5', input_audio => '32', output => '10', output_audio => '64' } } },
    'openai/gpt-6-sol' => {
        standard => {
            0       => { input => '2', cached_input => '0.2', cache_write => '2.5', output => '10' },
            272_000 => { input => '4', cached_input => '0.4', cache_write => '5',   output => '15' } },
        flex => {
            0       => { input => '1', cached_input => '0.1', cache_write => '1.25', output => '5' },
            272_000 => { input => '2', cached_input => '0.2', cache_write => '2.5',  output => '7.5' } },
        priority => {
            0       => { input => '4', cached_input => '0.4', cache_write => '5',  output => '20' },
            272_000 => { input => '8', cached_input => '0.8', cache_write => '10', output => '30' } } },
    'openai/gpt-5.6-luna' => {
        standard => {
            0       => { input => '0.2', cached_input => '0.02', cache_write => '0.25', output => '1.2' },
            272_000 => { input => '0.4', cached_input => '0.04', cache_write => '0.5',  output => '1.8' } } },
    'anthropic/claude-sonnet-4-5' => {
        standard => {
            0       => { input => '3', cached_input => '0.3', cache_write => '3.75', cache_write_1h => '6',  output => '15' },
            200_000 => { input => '6', cached_input => '0.6', cache_write => '7.5',  cache_write_1h => '12', output => '22.5' } },
        batch => {
            0       => { input => '1.5', cached_input => '0.15', cache_write => '1.875', cache_write_1h => '3', output => '7.5' },
            200_000 => { input => '3', cached_input => '0.3', cache_write => '3.75', cache_write_1h => '6', output => '11.25' } } },
    'anthropic/claude-haiku-4-5' => {
        standard => { 0 => { input => '1', cached_input => '0.1', cache_write => '1.25', cache_write_1h => '2', output => '5' } },
        batch => {
            0 => { input => '0.5', cached_input => '0.05', cache_write => '0.625', cache_write_1h => '1', output => '2.5' } } },
    'anthropic/claude-opus-5-5' => {
        standard => { 0 => { input => '4', cached_input => '0.2', cache_write => '5', cache_write_1h => '8', output => '20' } },
        batch => { 0 => { input => '2', cached_input => '0.1', cache_write => '2.5', cache_write_1h => '4', output => '10' } } },
    'gemini/gemini-2.5-pro' => {
        standard => {
            0       => { input => '1.25', cached_input => '0.125', output => '10' },
            200_000 => { input => '2.5',  cached_input => '0.25',  output => '15' } },
        flex => { # what a cache had costs what it does in the standard tier
            0       => { input => '0.625', cached_input => '0.125', output => '5' },
            200_000 => { input => '1.25',  cached_input => '0.25',  output => '7.5' } },
        priority => {
            0       => { input => '2.25', cached_input => '0.225', output => '18' },
            200_000 => { input => '4.5',  cached_input => '0.45',  output => '27' } } },
    'gemini/gemini-2.5-flash' => {
        standard => {
            0 => { input => '0.3', cached_input => '0.03', input_audio => '1', cached_input_audio => '0.1', output => '2.5' } } },
    'gemini/gemini-2.5-flash-image' => { standard => { 0 => { input => '0.3', output => '2.5', output_image => '30' } } },
    'deepseek/deepseek-v4-pro' => { standard => { 0 => { input => '0.66', cached_input => '0.022', output => '1.98' } } },
    'deepseek/deepseek-flash'  => { standard => { 0 => { input => '0.15', cached_input => '0.003', output => '0.6' } } },
    'mistral/mistral-medium'   => { standard => { 0 => \%own } },
    'ollama/llama3.2'          => { standard => { 0 => \%own } });
my %fees = (web_search => '10000', web_fetch => '0');

# A decimal as a whole number of 10^-digits.
sub scaled {
    my ($decimal, $digits) = @_;
    my ($whole, $fraction) = split /\./, $decimal;
    return Math::BigInt->new($whole . substr(($fraction // '') . '0' x $digits, 0, $digits));
}

# DeepSeek's: from 01:00 to 04:00 and 06:00 to 10:00 UTC all costs twice as much, since 2026-08-22 16:00 on weekdays only.
sub is_peak {
    my ($at) = @_;
    my ($hour, $day) = (gmtime $at)[2, 6];
    return (($hour >= 1 && $hour < 4) || ($hour >= 6 && $hour < 10)) && ($at < 1_787_414_400 || ($day >= 1 && $day <= 5));
}

# In 10^-18 USD.
sub cost_of {
    my ($sample) = @_;
    return scaled($sample->{spend}, 18) if defined $sample->{spend};
    my %counts = %{ $sample->{counts} };
    my $prompt = sum0(map { $counts{$_} } grep { /input|cache_write/ } keys %counts);
    my $bands = $rates{ $sample->{known} }{ $sample->{tier} };
    my $band = $bands->{ max(grep { $_ == 0 || $_ < $prompt } keys %$bands) };
    my $cost = Math::BigInt->new(0);
    for my $type (keys %counts) {
        my $usd = $band->{$type} // $fees{$type} // ($type eq 'reasoning' ? $band->{output} : undef);
        die "no rate for $type of $sample->{known}" unless defined $usd;
        $cost += scaled($usd, 12) * $counts{$type};
    }
    return $sample->{known} =~ /^deepseek/ && is_peak($sample->{at}) ? $cost * 2 : $cost;
}

sub line_of {
    my ($sample) = @_;
    my %counts = %{ $sample->{counts} };
    my $used = defined $sample->{spend} ? 'given' : join ' ', map { "$_=$counts{$_}" } grep { $counts{$_} } sort keys %counts;
    return "$sample->{known} " . cost_of($sample) . " $used";
}

# An element of record_operation_executions, with what a form adds to it.
sub element {
    my ($sample, $number, %form) = @_;
    return {
        user_id => $user, operation_id => 'email-respond', success => JSON::PP::true, latency_ms => 900, model => $sample->{model},
        occurred_at => '' . gmtime($sample->{at}) . ' UTC', metadata => { n => $number }, %form };
}

# Null where flat fields can't say it.
sub flat_element {
    my ($sample, $number) = @_;
    my %counts = %{ $sample->{counts} };
    return if defined $sample->{spend};
    return if grep { $counts{$_} && !/^(input|cached_input|output|reasoning)$/ } keys %counts;
    return element(
        $sample, $number, service_tier => $sample->{tier}, input_tokens => $counts{input},
        cached_input_tokens => $counts{cached_input} // 0, output_tokens => ($counts{output} // 0) + ($counts{reasoning} // 0));
}

my $as_recorded = <<'SQL';
SELECT e.metadata ->> 'n', e.model_used || '/' || e.model || ' ' || trim_scale(e.cost_usd * 1000000000000000000) || ' ' || x.used,
       x.cost_usd = e.cost_usd
  FROM helix.executions e
 CROSS JOIN LATERAL (SELECT string_agg(usage_type || coalesce('=' || count, ''), ' ' ORDER BY usage_type COLLATE "C") AS used,
                            sum(cost_usd) AS cost_usd
                       FROM helix.explain_cost(e.id)) x
SQL

# {number => [line, whether explain_cost adds up]} of all that was recorded in one form.
sub recorded {
    my ($form) = @_;
    my %recorded;
    for (split /\n/, sql("$as_recorded WHERE e.metadata ->> 'form' = '$form'")) {
        my ($number, $line, $adds_up) = split /\|/;
        $recorded{$number} = [$line, $adds_up];
    }
    return \%recorded;
}

my %samples; # number => sample
for my $shape (sampled_shapes()) {
    $samples{"$shape $_"} = sample_of($shape, $_) for 1 .. 100;
}
sub numbers_of { my ($shape) = @_; return grep { /^\Q$shape\E / } sort keys %samples }

sub record_elements {
    my ($elements) = @_;
    sql('SELECT helix.record_operation_executions($j$' . $json->encode($elements) . '$j$::jsonb)');
}

sub record_shape {
    my ($shape) = @_;
    my @numbers = numbers_of($shape);
    record_elements([map { my $s = $samples{$_}; element($s, $_, metadata => { n => $_, form => 'usage' }, usage => $s->{usage},
        $s->{tier} eq 'standard' ? () : (service_tier => $s->{tier})) } @numbers]);
    record_elements([map { $_->{metadata}{form} = 'flat'; $_ } map { flat_element($samples{$_}, $_) } @numbers]);
    my $answers = $json->encode([map { my $s = $samples{$_};
        { answer => $s->{response}, at => '' . gmtime($s->{at}) . ' UTC', n => $_, provider => $s->{provider} } } @numbers]);
    sql(<<"SQL");
SELECT helix.record_llm_response('$user', 'email-respond', r -> 'answer', 900, p_occurred_at => (r ->> 'at')::timestamptz,
           p_metadata => jsonb_build_object('n', r -> 'n', 'form', 'answer'), p_provider => r ->> 'provider')
  FROM jsonb_array_elements(\$j\$$answers\$j\$) r
SQL
}

# How the recorded ones differ from the samples; at most three of them.
sub differences_of {
    my ($numbers, $recorded) = @_;
    my @differences = grep { defined } map {
        my ($is, $should) = ($recorded->{$_}, line_of($samples{$_}));
        !$is ? "$_ is not there"
          : $is->[0] ne $should ? "$_: $is->[0]\n  should be $should\n  " . $json->encode($samples{$_}{response})
          : $is->[1] ne 't' ? "$_: explain_cost does not add up" : undef;
    } @$numbers;
    return join "\n", splice @differences, 0, 3;
}

sub check_shape {
    my ($shape, $recorded) = @_;
    my @numbers = numbers_of($shape);
    is(differences_of(\@numbers, $recorded->{answer}), '', "$shape: 100 whole answers cost what they should");
    is(differences_of(\@numbers, $recorded->{usage}), '', "$shape: 100 usage objects cost what they should");
    my @flat = grep { flat_element($samples{$_}, $_) } @numbers;
    my $costs = sub { my ($lines) = @_; return join "\n", map { "$_: " . (split / /, $lines->($_))[1] } @flat };
    is($costs->(sub { $recorded->{flat}{ $_[0] }[0] }), $costs->(sub { line_of($samples{ $_[0] }) }),
        "$shape: " . @flat . ' in flat fields cost the same');
}

my $own_prices = "'2026-01-01', $own{input}, $own{cached_input}, $own{output}";
sql("INSERT INTO helix.model_prices VALUES ('mistral', 'mistral-medium', $own_prices), ('ollama', 'llama3.2', $own_prices);
    INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million)
    VALUES ('mistral', 'mistral-medium', '2026-01-01', 'audio_seconds', $own{audio_seconds})");
record_shape($_) for sampled_shapes();
my %recorded = map { $_ => recorded($_) } qw(answer usage flat);
check_shape($_, \%recorded) for sampled_shapes();
is(sql('SELECT count(*) FROM helix.unpriced_usage'), '0', 'all of it has a price');

my $reprice = q(SELECT executions FROM helix.reprice('2026-01-01', now()));
is(sql($reprice), '0', 'prices that have not changed change nothing');
sql('SELECT helix.fold()');
my $costs = q(SELECT string_agg(id || ' ' || trim_scale(cost_usd), ',' ORDER BY id) FROM helix.executions);
my $costs_before = sql($costs);
my $change = q(UPDATE helix.model_prices
    SET input_usd_per_mtok = input_usd_per_mtok * F, output_usd_per_mtok = output_usd_per_mtok * F
    WHERE model IN ('gpt-5', 'claude-haiku-4-5'); UPDATE helix.model_price_rates SET usd_per_million = usd_per_million * F
    WHERE model = 'claude-sonnet-4-5');
sql($change =~ s/F/2/gr);
cmp_ok(sql($reprice), '>', 300, 'changed prices reprice');
is(sql($reprice), '0', 'and a second time nothing');
is_exact($node, 'repriced');
sql($change =~ s/F/0.5/gr);
cmp_ok(sql($reprice), '>', 300, 'and back');
is(sql($costs), $costs_before, 'all costs what it did');
is_exact($node, 'repriced back');

# What waits for a rate has the price of the rest. That may fall before the worker prices the whole, and the highest cost with it.
my $searching = '{"prompt_tokens": 1000000, "completion_tokens": 0, "server_tool_use": {"web_search_requests": 3}}';
my $highest = q(SELECT max_cost_single_execution FROM helix.operation_execution_analytics
    WHERE operation_id = 'email-compose');
sql("INSERT INTO helix.model_prices VALUES ('acme', 'acme-1', '2026-01-01', 10, 10, 10)");
sql("SELECT helix.record_operation_execution('$user', 'email-compose', NULL, true, NULL, NULL, 'acme', 'acme-1',
    p_usage => '$searching')");
sql('SELECT helix.fold()');
is(sql($highest), '10', 'a part is priced');
sql("UPDATE helix.model_prices SET input_usd_per_mtok = 1 WHERE model = 'acme-1';
    INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million)
    VALUES ('acme', 'acme-1', '2026-01-01', 'web_search', 10000)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM helix.unpriced_usage"), 'the worker prices the rest');
is(sql($highest), '1.03', 'the highest cost is what it costs now');
is_exact($node, 'priced by the worker');

done_testing();
