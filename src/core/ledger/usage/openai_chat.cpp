// Usage of OpenAI's chat completions, completions and embeddings, and of the many that answer in its form.
// https://github.com/openai/openai-python/blob/main/src/openai/types/completion_usage.py
// https://openrouter.ai/docs/use-cases/usage-accounting
// OpenRouter's cost is in credits, of one USD each.
// prompt_tokens includes what is cached, written to a cache, audio or image; completion_tokens includes reasoning.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

namespace {

// xAI counts reasoning beside completion_tokens, in the same form: then the total needs it.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning
bool stands_beside(const Count& reasoning, const Count& input, const Count& output, const Count& all) {
    return reasoning.value > 0 && all.given && all.value == input.value + output.value + reasoning.value;
}

} // namespace

bool is_openai_chat(const Object& object) {
    return object.names_any({"prompt_tokens", "completion_tokens"});
}

void read_openai_chat(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("prompt_tokens");
    input.cached = object.count({"prompt_tokens_details.cached_tokens", "cached_tokens"});
    input.write = object.count("prompt_tokens_details.cache_write_tokens");
    input.audio = object.count("prompt_tokens_details.audio_tokens");
    input.image = object.count("prompt_tokens_details.image_tokens");
    OutputParts output;
    output.total = object.count("completion_tokens");
    output.reasoning = object.count("completion_tokens_details.reasoning_tokens");
    output.audio = object.count("completion_tokens_details.audio_tokens");
    output.image = object.count("completion_tokens_details.image_tokens");
    if (stands_beside(output.reasoning, input.total, output.total, object.count("total_tokens"))) {
        output.total.value += output.reasoning.value;
        usage.marked = true;
    }
    put_input(object, input, usage);
    put_output(object, output, usage);
    put(UsageType::web_search, object.count("server_tool_use.web_search_requests"), usage);
    if (object.is_number("cost") && !object.is_true("is_byok")) { // with an own key it is OpenRouter's fee alone
        usage.cost_usd = object.amount({"cost"}).value_or(std::string_view{});
    }
    object.pass({"prompt_tokens_details.text_tokens", "completion_tokens_details.text_tokens",
                 "completion_tokens_details.accepted_prediction_tokens",
                 "completion_tokens_details.rejected_prediction_tokens"}); // both are in completion_tokens
}

} // namespace helix::usage
