// Usage of Anthropic's messages, whole or as a stream's last event has it.
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/usage.py
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/cache_creation.py
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/server_tool_usage.py
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/beta/beta_usage.py (speed)
// https://platform.claude.com/docs/en/build-with-claude/compaction
// input_tokens excludes what was read from the cache and written to it; output_tokens includes thinking.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

namespace {

// What is written for an hour is a part of all that is written; without a sum both parts make it.
void read_writes(Object& object, InputParts& input) {
    input.write = object.count("cache_creation_input_tokens");
    input.write_1h = object.count("cache_creation.ephemeral_1h_input_tokens");
    const Count short_lived = object.count("cache_creation.ephemeral_5m_input_tokens");
    if (!input.write.given) {
        input.write = short_lived;
        return;
    }
    check_included(object, input.write, {input.write_1h, short_lived});
    input.write.value -= input.write_1h.value;
}

void read_tokens(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("input_tokens");
    input.cached = object.count("cache_read_input_tokens");
    read_writes(object, input);
    input.total.value += input.of_cache();
    OutputParts output;
    output.total = object.count("output_tokens");
    output.reasoning = object.count("output_tokens_details.thinking_tokens");
    put_input(object, input, usage);
    put_output(object, output, usage);
}

// Compaction of the context is billed as well, and the sums are without it. The other iterations are in the sums, or
// another model's.
void read_compactions(const Object& object, Usage& usage) {
    for (int i = 0; object.holds("iterations." + std::to_string(i)); ++i) {
        const auto place = object.full_name("iterations." + std::to_string(i) + ".");
        Object iteration = object.at(place);
        if (iteration.text({"type"}) == "compaction") {
            read_tokens(iteration, usage);
        }
    }
}

// Fast mode has prices of its own, as a tier has.
std::string_view tier_in(Object& object) {
    const auto tier = object.text({"service_tier"});
    return object.text({"speed"}) == "fast" ? "fast" : tier;
}

} // namespace

bool is_anthropic(const Object& object) {
    if (object.names_any({"cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation",
                          "output_tokens_details.thinking_tokens", "inference_geo"}) ||
        object.holds("cache_creation") || object.holds("server_tool_use")) {
        return true;
    }
    const bool is_openai =
        object.names_any({"total_tokens", "input_tokens_details", "input_token_details", "output_tokens_details"}) ||
        object.holds("input_tokens_details") || object.holds("input_token_details") ||
        object.holds("output_tokens_details") || object.holds("output_token_details");
    return object.names("output_tokens") && !is_openai;
}

void read_anthropic(Object& object, Usage& usage) {
    read_tokens(object, usage);
    read_compactions(object, usage);
    put(UsageType::web_search, object.count("server_tool_use.web_search_requests"), usage);
    put(UsageType::web_fetch, object.count("server_tool_use.web_fetch_requests"), usage);
    usage.service_tier = tier_in(object);
}

} // namespace helix::usage
