// Usage as attributes of OpenInference's LLM spans, flat or nested.
// https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
// prompt includes what was read from a cache and written to one, as Arize's own instrumentations count; others differ.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_openinference(const Object& object) {
    return object.holds("llm.token_count");
}

void read_openinference(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("llm.token_count.prompt");
    input.cached = object.count("llm.token_count.prompt_details.cache_read");
    input.write = object.count("llm.token_count.prompt_details.cache_write");
    input.audio = object.count("llm.token_count.prompt_details.audio");
    OutputParts output;
    output.total = object.count("llm.token_count.completion");
    output.reasoning = object.count("llm.token_count.completion_details.reasoning");
    output.audio = object.count("llm.token_count.completion_details.audio");
    put_mixed(object, input, output, object.count("llm.token_count.total"), Meaning::includes_parts, usage);
    usage.cost_usd = object.amount({"llm.cost.total"}).value_or(std::string_view{});
}

} // namespace helix::usage
