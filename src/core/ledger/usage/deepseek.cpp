// Usage of DeepSeek: OpenAI's form of chat completions with two fields more.
// https://api-docs.deepseek.com/api/create-chat-completion
// prompt_tokens is the sum of what hit the cache and what missed it. Nothing is paid for writing to the cache.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_deepseek(const Object& object) {
    return object.names_any({"prompt_cache_hit_tokens", "prompt_cache_miss_tokens"});
}

void read_deepseek(Object& object, Usage& usage) {
    InputParts input;
    const Count missed = object.count("prompt_cache_miss_tokens");
    input.cached = object.count({"prompt_cache_hit_tokens", "prompt_tokens_details.cached_tokens"});
    input.total = object.count("prompt_tokens");
    if (!input.total.given) {
        input.total = {"prompt_tokens", missed.value + input.cached.value, missed.given || input.cached.given};
    }
    OutputParts output;
    output.total = object.count("completion_tokens");
    output.reasoning = object.count("completion_tokens_details.reasoning_tokens");
    put_input(object, input, usage);
    put_output(object, output, usage);
    object.pass({"total_tokens", "prompt_tokens_details.cached_tokens"});
}

} // namespace helix::usage
