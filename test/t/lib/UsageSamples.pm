# Answers of providers and rows of exporters in their documented forms, with random counts. What was counted stands beside each.
package UsageSamples;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use List::Util qw(sum0);
use POSIX qw(strftime);

our @EXPORT = qw(sample_of sampled_shapes);

# Each returns {model, known: provider/model of the price list, counts by type, usage, response}, and where they differ from what
# is usual {at, tier, provider, spend}. Addresses of the forms are in test/unit/usage_*_test.cpp.
my %shapes = (
    openai_chat => \&openai_chat, openai_responses => \&openai_responses, anthropic => \&anthropic, gemini => \&gemini,
    deepseek => \&deepseek, bedrock => \&bedrock, mistral => \&mistral, ollama => \&ollama, otel => \&otel,
    openinference => \&openinference, litellm => \&litellm, langfuse => \&langfuse);

sub sampled_shapes { return sort keys %shapes }

sub sample_of {
    my ($shape, $number) = @_;
    my $at = 1_791_763_200 + upto(39 * 86_400); # from 2026-10-12 on
    my $sample = $shapes{$shape}->("$shape-$number", $at);
    return { at => $at, tier => 'standard', %$sample };
}

sub upto { return int rand($_[0] + 1) }
sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

# Mostly short, and sometimes beyond every band.
sub prompt { return chance(0.15) ? 150_000 + upto(700_000) : 1 + upto(30_000) }

# {rest => …, part => …}: parts of a total, some of them 0.
sub parts {
    my ($total, $rest, @names) = @_;
    my %parts = ($rest => $total);
    for my $name (@names) {
        $parts{$name} = chance(0.7) ? upto($parts{$rest}) : 0;
        $parts{$rest} -= $parts{$name};
    }
    return \%parts;
}

# The parts as a list of {modality, tokenCount}.
sub modalities {
    my %tokens = @_;
    return [map { { modality => $_, tokenCount => $tokens{$_} } } grep { $tokens{$_} } sort keys %tokens];
}

sub openai_chat {
    my ($id, $at) = @_;
    my $model = pick(qw(gpt-4o gpt-5 gpt-audio));
    my $tier = pick('standard', { 'gpt-4o' => 'batch', 'gpt-5' => 'flex', 'gpt-audio' => 'standard' }->{$model},
        $model eq 'gpt-audio' ? 'standard' : 'priority');
    my ($read, $written) = (prompt(), upto(4000));
    my $in = parts($read, 'input', $model eq 'gpt-audio' ? 'input_audio' : 'cached_input');
    my $out = parts($written, 'output', $model eq 'gpt-audio' ? 'output_audio' : $model eq 'gpt-5' ? 'reasoning' : ());
    my $usage = {
        prompt_tokens => $read, completion_tokens => $written, total_tokens => $read + $written,
        prompt_tokens_details => { cached_tokens => $in->{cached_input} // 0, audio_tokens => $in->{input_audio} // 0 },
        completion_tokens_details => {
            reasoning_tokens => $out->{reasoning} // 0, audio_tokens => $out->{output_audio} // 0,
            accepted_prediction_tokens => 0, rejected_prediction_tokens => 0 } };
    my $dated = "$model-" . { 'gpt-4o' => '2024-08-06', 'gpt-5' => '2025-08-07', 'gpt-audio' => '2025-08-28' }->{$model};
    my $body = {
        id => $id, object => 'chat.completion', created => $at, model => $dated, usage => $usage,
        service_tier => $tier =~ /standard|batch/ ? 'default' : $tier,
        choices => [{ index => 0, finish_reason => 'stop', message => { role => 'assistant', content => 'Dear Ada' } }] };
    my $row = { id => "batch_$id", custom_id => $id, error => undef, response => { status_code => 200, body => $body } };
    return {
        model => $dated, known => "openai/$model", tier => $tier, counts => { %$in, %$out }, usage => $usage,
        response => $tier eq 'batch' ? $row : $body };
}

sub openai_responses {
    my ($id, $at) = @_;
    my $model = pick(qw(gpt-6-sol gpt-5.6-luna));
    my $tier = $model eq 'gpt-6-sol' ? pick(qw(standard flex priority)) : 'standard';
    my ($read, $written) = (prompt(), upto(8000));
    my ($in, $out) = (parts($read, qw(input cached_input cache_write)), parts($written, qw(output reasoning)));
    my $usage = {
        input_tokens => $read, output_tokens => $written, total_tokens => $read + $written,
        input_tokens_details => { cached_tokens => $in->{cached_input}, cache_write_tokens => $in->{cache_write} },
        output_tokens_details => { reasoning_tokens => $out->{reasoning} } };
    return {
        model => $model, known => "openai/$model", tier => $tier, counts => { %$in, %$out }, usage => $usage,
        response => {
            id => $id, object => 'response', created_at => $at, status => 'completed', model => $model, usage => $usage,
            service_tier => $tier eq 'standard' ? 'default' : $tier, error => undef, incomplete_details => undef,
            output => [{ type => 'message', role => 'assistant', content => [{ type => 'output_text', text => 'Dear Ada' }] }] } };
}

sub anthropic {
    my ($id, $at) = @_;
    my %dated = ('claude-sonnet-4-5' => 'claude-sonnet-4-5-20250929', 'claude-haiku-4-5' => 'claude-haiku-4-5-20251001',
        'claude-opus-5-5' => 'claude-opus-5-5');
    my $model = pick(sort keys %dated);
    my $tier = pick(qw(standard standard batch));
    my $in = parts(prompt(), qw(input cached_input cache_write cache_write_1h));
    my $out = parts(upto(6000), 'output', chance(0.3) ? 'reasoning' : ());
    my %tools = chance(0.3) ? (web_search => upto(5), web_fetch => upto(3)) : ();
    my $usage = {
        input_tokens => $in->{input}, cache_read_input_tokens => $in->{cached_input},
        cache_creation_input_tokens => $in->{cache_write} + $in->{cache_write_1h},
        cache_creation => {
            ephemeral_5m_input_tokens => $in->{cache_write}, ephemeral_1h_input_tokens => $in->{cache_write_1h} },
        output_tokens => sum0(values %$out), service_tier => $tier, inference_geo => 'not_available',
        $out->{reasoning} ? (output_tokens_details => { thinking_tokens => $out->{reasoning} }) : (),
        server_tool_use => %tools
        ? { web_search_requests => $tools{web_search}, web_fetch_requests => $tools{web_fetch} } : undef };
    my $message = {
        id => $id, type => 'message', role => 'assistant', model => $dated{$model}, usage => $usage, stop_reason => 'end_turn',
        stop_sequence => undef, content => [{ type => 'text', text => 'Dear Ada' }] };
    return {
        model => $dated{$model}, known => "anthropic/$model", tier => $tier, counts => { %$in, %$out, %tools }, usage => $usage,
        response => $tier eq 'batch' ? { custom_id => $id, result => { type => 'succeeded', message => $message } } : $message };
}

sub gemini {
    my ($id) = @_;
    my $model = pick(qw(gemini-2.5-pro gemini-2.5-flash gemini-2.5-flash-image));
    my $tier = $model eq 'gemini-2.5-pro' ? pick(qw(standard standard flex priority)) : 'standard';
    my $in = parts(prompt(), 'input', $model eq 'gemini-2.5-flash-image' ? ()
        : ('cached_input', $model eq 'gemini-2.5-flash' ? qw(input_audio cached_input_audio) : ()));
    my $results = parts($in->{input}, 'text', $model eq 'gemini-2.5-pro' ? 'tool' : ());
    my $out = parts(upto(4000), 'output', $model eq 'gemini-2.5-flash-image' ? 'output_image' : 'reasoning');
    my %cached = (TEXT => $in->{cached_input}, AUDIO => $in->{cached_input_audio});
    my $candidates = sum0(values %$out) - ($out->{reasoning} // 0);
    my $usage = {
        promptTokenCount => sum0(values %$in) - ($results->{tool} // 0), candidatesTokenCount => $candidates,
        totalTokenCount => sum0(values %$in) + sum0(values %$out),
        promptTokensDetails => modalities(TEXT => $results->{text} + ($in->{cached_input} // 0),
            AUDIO => ($in->{input_audio} // 0) + ($in->{cached_input_audio} // 0)),
        candidatesTokensDetails => modalities(TEXT => $out->{output}, IMAGE => $out->{output_image}),
        $cached{TEXT} || $cached{AUDIO}
        ? (cachedContentTokenCount => sum0(map { $_ // 0 } values %cached), cacheTokensDetails => modalities(%cached)) : (),
        $out->{reasoning} ? (thoughtsTokenCount => $out->{reasoning}) : (),
        $results->{tool} ? (toolUsePromptTokenCount => $results->{tool}) : (),
        $tier ne 'standard' ? (trafficType => 'ON_DEMAND_' . uc $tier) : () };
    return {
        model => $model, known => "gemini/$model", tier => $tier, counts => { %$in, %$out }, usage => $usage,
        response => {
            responseId => $id, modelVersion => $model, usageMetadata => $usage,
            candidates => [{
                index => 0, finishReason => 'STOP', content => { role => 'model', parts => [{ text => 'Dear Ada' }] } }] } };
}

sub deepseek {
    my ($id, $at) = @_;
    my $model = pick(qw(deepseek-v4-pro deepseek-flash));
    $at = 1_786_896_000 + upto(8 * 86_400) if $model eq 'deepseek-v4-pro' && chance(0.5); # from 2026-08-16 on
    my ($in, $out) = (parts(prompt(), qw(input cached_input)), parts(upto(8000), qw(output reasoning)));
    my ($read, $written) = (sum0(values %$in), sum0(values %$out));
    my $usage = {
        prompt_tokens => $read, completion_tokens => $written, total_tokens => $read + $written,
        prompt_cache_hit_tokens => $in->{cached_input}, prompt_cache_miss_tokens => $in->{input},
        prompt_tokens_details => { cached_tokens => $in->{cached_input} },
        completion_tokens_details => { reasoning_tokens => $out->{reasoning} } };
    return {
        at => $at, model => $model, known => "deepseek/$model", counts => { %$in, %$out }, usage => $usage,
        response => {
            id => $id, object => 'chat.completion', created => $at, model => $model, usage => $usage,
            choices => [{ index => 0, finish_reason => 'stop', message => { role => 'assistant', content => 'Dear Ada' } }] } };
}

sub bedrock { # whose answers don't name the model
    my $model = pick(qw(claude-sonnet-4-5 claude-haiku-4-5));
    my $in = parts(prompt(), qw(input cached_input cache_write cache_write_1h));
    my $out = parts(upto(4000), 'output');
    my @details = grep { $_->{inputTokens} }
      ({ ttl => '5m', inputTokens => $in->{cache_write} }, { ttl => '1h', inputTokens => $in->{cache_write_1h} });
    my $usage = {
        inputTokens => $in->{input}, outputTokens => $out->{output}, totalTokens => sum0(values %$in) + $out->{output},
        cacheReadInputTokens => $in->{cached_input}, cacheWriteInputTokens => $in->{cache_write} + $in->{cache_write_1h},
        cacheDetails => \@details };
    my $sent = { 'claude-sonnet-4-5' => 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
        'claude-haiku-4-5' => 'eu.anthropic.claude-haiku-4-5-20251001-v1:0' }->{$model};
    return {
        model => $sent, provider => $sent, known => "anthropic/$model", counts => { %$in, %$out }, usage => $usage,
        response => {
            output => { message => { role => 'assistant', content => [{ text => 'Dear Ada' }] } }, stopReason => 'end_turn',
            usage => $usage, metrics => { latencyMs => upto(5000) }, '$metadata' => { requestId => $_[0] } } };
}

sub mistral {
    my ($id, $at) = @_;
    my ($in, $out) = (parts(prompt(), qw(input cached_input)), parts(upto(4000), 'output'));
    my ($read, $seconds) = (sum0(values %$in), chance(0.3) ? 1 + upto(600) : 0);
    my $usage = {
        prompt_tokens => $read, completion_tokens => $out->{output}, total_tokens => $read + $out->{output},
        $seconds ? (prompt_audio_seconds => $seconds) : (),
        chance(0.5) ? (num_cached_tokens => $in->{cached_input})
        : (prompt_tokens_details => { cached_tokens => $in->{cached_input} }) };
    return {
        model => 'mistral-medium-latest', known => 'mistral/mistral-medium', usage => $usage,
        counts => { %$in, %$out, audio_seconds => $seconds },
        response => {
            id => $id, object => 'chat.completion', created => $at, model => 'mistral-medium-latest', usage => $usage,
            choices => [{ index => 0, finish_reason => 'stop', message => { role => 'assistant', content => 'Dear Ada' } }] } };
}

sub ollama {
    my ($id, $at) = @_;
    my %usage = (
        prompt_eval_count => 1 + upto(30_000), prompt_eval_duration => upto(1e9), eval_count => upto(4000),
        eval_duration => upto(1e9), total_duration => upto(2e9), load_duration => upto(1e7));
    return {
        model => 'llama3.2', known => 'ollama/llama3.2', usage => \%usage,
        counts => { input => $usage{prompt_eval_count}, output => $usage{eval_count} },
        response => {
            model => 'llama3.2', created_at => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $at), done => JSON::PP::true(),
            done_reason => 'stop', message => { role => 'assistant', content => 'Dear Ada' }, %usage } };
}

# Instrumentations of Anthropic hand on input without what a cache had of it, where that is more.
sub otel {
    my ($id) = @_;
    my ($provider, $model) = @{ pick(['openai', 'gpt-5'], ['anthropic', 'claude-haiku-4-5']) };
    my $in = parts(prompt(), qw(input cached_input), $provider eq 'anthropic' ? 'cache_write' : ());
    my $out = parts(upto(4000), qw(output reasoning));
    my $of_cache = $in->{cached_input} + ($in->{cache_write} // 0);
    my $excludes = $provider eq 'anthropic' && $in->{input} < $of_cache;
    my %usage = (
        'gen_ai.usage.input_tokens' => $in->{input} + ($excludes ? 0 : $of_cache),
        'gen_ai.usage.output_tokens' => sum0(values %$out),
        'gen_ai.usage.cache_read.input_tokens' => $in->{cached_input},
        'gen_ai.usage.reasoning.output_tokens' => $out->{reasoning},
        exists $in->{cache_write} ? ('gen_ai.usage.cache_creation.input_tokens' => $in->{cache_write}) : ());
    my $attributes = {
        'gen_ai.operation.name' => 'chat', 'gen_ai.provider.name' => $provider, 'gen_ai.request.model' => $model,
        'gen_ai.response.id' => $id, 'gen_ai.response.finish_reasons' => ['stop'], %usage };
    return {
        model => $model, known => "$provider/$model", counts => { %$in, %$out }, usage => \%usage,
        response => chance(0.5) ? $attributes : { name => "chat $model", attributes => $attributes } };
}

sub openinference {
    my ($provider, $model) = @{ pick(['openai', 'gpt-4o'], ['anthropic', 'claude-sonnet-4-5']) };
    my $in = parts(prompt(), qw(input cached_input), $provider eq 'anthropic' ? 'cache_write' : ());
    my $out = parts(upto(4000), qw(output reasoning));
    my %usage = (
        'llm.token_count.prompt' => sum0(values %$in), 'llm.token_count.completion' => sum0(values %$out),
        'llm.token_count.total' => sum0(values %$in, values %$out),
        'llm.token_count.prompt_details.cache_read' => $in->{cached_input},
        'llm.token_count.completion_details.reasoning' => $out->{reasoning},
        exists $in->{cache_write} ? ('llm.token_count.prompt_details.cache_write' => $in->{cache_write}) : ());
    return {
        model => $model, known => "$provider/$model", counts => { %$in, %$out }, usage => \%usage,
        response => { 'openinference.span.kind' => 'LLM', 'llm.provider' => $provider, 'llm.model_name' => $model, %usage } };
}

# An answer as its proxy gives it, or a row of its spend logs, which reports a cost.
sub litellm {
    my ($id, $at) = @_;
    my ($in, $out) = (parts(prompt(), qw(input cached_input cache_write)), parts(upto(4000), qw(output reasoning)));
    my ($read, $written) = (sum0(values %$in), sum0(values %$out));
    my %tokens = (prompt_tokens => $read, completion_tokens => $written, total_tokens => $read + $written);
    my $usage = {
        %tokens, cache_read_input_tokens => $in->{cached_input}, cache_creation_input_tokens => $in->{cache_write},
        prompt_tokens_details => { cached_tokens => $in->{cached_input}, cache_creation_tokens => $in->{cache_write} },
        completion_tokens_details => { reasoning_tokens => $out->{reasoning} } };
    my %sample = (model => 'anthropic/claude-haiku-4-5-20251001', known => 'anthropic/claude-haiku-4-5', counts => { %$in, %$out });
    if (chance(0.3)) {
        my $spend = sprintf '%.7f', 1e-5 + rand 2;
        my $row = {
            request_id => $id, call_type => 'acompletion', spend => 0 + $spend, model => 'claude-haiku-4-5-20251001',
            custom_llm_provider => 'anthropic', %tokens, metadata => { usage_object => $usage } };
        return { %sample, spend => $spend, usage => $row, response => $row };
    }
    return {
        %sample, usage => $usage,
        response => {
            id => $id, object => 'chat.completion', created => $at, model => $sample{model}, usage => $usage,
            choices => [{ index => 0, finish_reason => 'stop', message => { role => 'assistant', content => 'Dear Ada' } }] } };
}

sub langfuse {
    my ($id) = @_;
    my ($in, $out) = (parts(prompt(), qw(input cached_input)), parts(upto(4000), qw(output reasoning)));
    my $spend = chance(0.3) ? sprintf('%.7f', 1e-5 + rand 2) : undef;
    my $row = {
        id => $id, type => 'GENERATION', providedModelName => 'gpt-5-2025-08-07',
        usageDetails => {
            input => $in->{input}, input_cached_tokens => $in->{cached_input}, output => $out->{output},
            output_reasoning_tokens => $out->{reasoning}, total => sum0(values %$in, values %$out) },
        defined $spend ? (costDetails => { total => 0 + $spend }) : () };
    return {
        model => 'gpt-5-2025-08-07', known => 'openai/gpt-5', spend => $spend, counts => { %$in, %$out }, usage => $row,
        response => $row };
}

1;
