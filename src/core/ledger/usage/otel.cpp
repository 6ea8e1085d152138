// Usage as attributes of OpenTelemetry's GenAI spans, flat or nested, with names of earlier versions.
// https://github.com/open-telemetry/semantic-conventions/blob/main/docs/registry/attributes/gen-ai.md
// https://github.com/open-telemetry/semantic-conventions-genai
// Input should include what was read from a cache and written to one, and output reasoning. Many instrumentations of
// Anthropic hand its exclusive counts on: then input is smaller than its parts.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_otel(const Object& object) {
    return object.holds("gen_ai.usage");
}

void read_otel(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count({"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"});
    input.cached = object.count({"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                                 "gen_ai.usage.details.cache_read_tokens",
                                 "gen_ai.usage.details.cache_read_input_tokens", "gen_ai.usage.input_tokens.cached"});
    input.write =
        object.count({"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
                      "gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.details.cache_creation_input_tokens",
                      "gen_ai.usage.input_tokens.cache_write"});
    input.audio = object.count("gen_ai.usage.details.input_audio_tokens");
    OutputParts output;
    output.total = object.count({"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"});
    output.reasoning = object.count({"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
                                     "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.output_tokens.reasoning"});
    output.audio = object.count("gen_ai.usage.details.output_audio_tokens");
    const Count all = object.count({"gen_ai.usage.total_tokens", "llm.usage.total_tokens"});
    put_mixed(object, input, output, all, Meaning::includes_parts, usage);
}

} // namespace helix::usage
