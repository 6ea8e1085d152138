// Usage as LiteLLM writes it for all providers: OpenAI's form with Anthropic's counts of the cache beside it; and the
// rows of its spend logs, which keep that object in their metadata.
// https://github.com/BerriAI/litellm/blob/main/litellm/types/utils.py (Usage)
// https://github.com/BerriAI/litellm/blob/main/schema.prisma (LiteLLM_SpendLogs)
// https://github.com/BerriAI/litellm/issues/9812
// prompt_tokens includes what was read from a cache and written to one; older versions and some routes leave it out.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

#include <vector>

namespace helix::usage {

namespace {

using Names = std::initializer_list<std::string_view>;
using Places = std::vector<std::string>; // where the object may be

// The greatest: the same is counted in the form of OpenAI and in that of Anthropic, where one may be 0.
Count greatest(Object& object, const Places& places, Names names) {
    Count best;
    for (const auto& place : places) {
        for (const auto name : names) {
            const Count count = object.count(place + std::string(name));
            if (!best.given || count.value > best.value) {
                best = count;
            }
        }
    }
    return best;
}

InputParts read_input(Object& object, const Places& places) {
    InputParts input;
    input.total = greatest(object, places, {"prompt_tokens"});
    input.cached = greatest(object, places, {"cache_read_input_tokens", "prompt_tokens_details.cached_tokens"});
    input.write = greatest(object, places,
                           {"cache_creation_input_tokens", "prompt_tokens_details.cache_creation_tokens",
                            "prompt_tokens_details.cache_write_tokens"});
    input.write_1h =
        greatest(object, places, {"prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens"});
    if (!input.write.given) {
        input.write =
            greatest(object, places, {"prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens"});
        input.write.value += input.write_1h.value;
    }
    check_included(object, input.write, {input.write_1h});
    input.write.value -= input.write_1h.value;
    input.audio = greatest(object, places, {"prompt_tokens_details.audio_tokens"});
    input.image = greatest(object, places, {"prompt_tokens_details.image_tokens"});
    return input;
}

OutputParts read_output(Object& object, const Places& places) {
    OutputParts output;
    output.total = greatest(object, places, {"completion_tokens"});
    output.reasoning = greatest(object, places, {"completion_tokens_details.reasoning_tokens"});
    output.audio = greatest(object, places, {"completion_tokens_details.audio_tokens"});
    output.image = greatest(object, places, {"completion_tokens_details.image_tokens"});
    return output;
}

void read_from(Object& object, const Places& places, Usage& usage) {
    const Count all = greatest(object, places, {"total_tokens"});
    put_mixed(object, read_input(object, places), read_output(object, places), all, Meaning::includes_parts, usage);
    put(UsageType::web_search,
        greatest(object, places, {"server_tool_use.web_search_requests", "prompt_tokens_details.web_search_requests"}),
        usage);
    for (const auto& place : places) {
        object.pass({place + "prompt_tokens_details.text_tokens", place + "completion_tokens_details.text_tokens",
                     place + "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens"});
    }
}

} // namespace

bool is_litellm_row(const Object& object) {
    return object.names("spend") && object.names_any({"prompt_tokens", "completion_tokens", "total_tokens"});
}

void read_litellm_row(Object& object, Usage& usage) {
    read_from(object, {"", "metadata.usage_object.", "metadata.additional_usage_values."}, usage);
    usage.cost_usd = object.amount({"spend"}).value_or(std::string_view{});
}

bool is_litellm(const Object& object) {
    return object.names_any({"prompt_tokens", "completion_tokens"}) &&
           (object.names_any({"cache_read_input_tokens", "cache_creation_input_tokens",
                              "prompt_tokens_details.cache_creation_tokens"}) ||
            object.holds("prompt_tokens_details.cache_creation_token_details"));
}

void read_litellm(Object& object, Usage& usage) {
    read_from(object, {""}, usage);
}

} // namespace helix::usage
