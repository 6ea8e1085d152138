// Usage of Mistral where it has fields of its own; else it is OpenAI's form of chat completions.
// https://github.com/mistralai/client-python/blob/main/src/mistralai/client/models/usageinfo.py
// https://github.com/mistralai/client-python/blob/main/src/mistralai/client/models/usageinfo_dollar_defs.py
// https://github.com/mistralai/client-python/blob/main/src/mistralai/client/models/conversationusageinfo.py
// prompt_tokens includes what is cached; sounds are counted in seconds beside the tokens, as they are priced. What
// connectors used is given beside prompt and completion.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_mistral(const Object& object) {
    return object.names_any({"prompt_audio_seconds", "num_cached_tokens", "request_count", "connector_tokens"}) ||
           object.holds("connectors");
}

void read_mistral(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("prompt_tokens");
    input.cached = object.count({"num_cached_tokens", "prompt_tokens_details.cached_tokens"});
    input.audio = object.count("prompt_tokens_details.audio_tokens");
    OutputParts output;
    output.total = object.count("completion_tokens");
    output.reasoning = object.count("completion_tokens_details.reasoning_tokens");
    put_input(object, input, usage);
    put_output(object, output, usage);
    put(UsageType::input, object.count("connector_tokens"), usage);
    put(UsageType::audio_seconds, object.count("prompt_audio_seconds"), usage);
    put(UsageType::web_search, object.count("connectors.web_search"), usage);
    put(UsageType::web_search, object.count("connectors.web_search_premium"), usage);
    object.pass({"total_tokens", "prompt_tokens_details.cached_tokens"});
}

} // namespace helix::usage
