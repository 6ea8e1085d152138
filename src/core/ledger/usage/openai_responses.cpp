// Usage of OpenAI's Responses, images, transcriptions and realtime, which write details in the plural or the singular,
// and of LangChain's messages.
// https://github.com/openai/openai-python/blob/main/src/openai/types/responses/response_usage.py
// https://github.com/openai/openai-python/blob/main/src/openai/types/realtime/realtime_response_usage.py
// https://github.com/openai/openai-python/blob/main/src/openai/types/images_response.py
// https://reference.langchain.com/python/langchain-core/messages/ai/UsageMetadata
// input_tokens includes what is cached, written to a cache, audio or image; output_tokens includes reasoning.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_openai_responses(const Object& object) {
    return object.names_any({"input_tokens", "output_tokens"});
}

void read_openai_responses(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("input_tokens");
    input.cached = object.count(
        {"input_tokens_details.cached_tokens", "input_token_details.cached_tokens", "input_token_details.cache_read"});
    input.write = object.count({"input_tokens_details.cache_write_tokens", "input_token_details.cache_write_tokens",
                                "input_token_details.cache_creation"});
    input.audio = object.count(
        {"input_tokens_details.audio_tokens", "input_token_details.audio_tokens", "input_token_details.audio"});
    input.image = object.count({"input_tokens_details.image_tokens", "input_token_details.image_tokens"});
    input.cached_audio = object.count("input_token_details.cached_tokens_details.audio_tokens");
    input.cached_image = object.count("input_token_details.cached_tokens_details.image_tokens");
    OutputParts output;
    output.total = object.count("output_tokens");
    output.reasoning = object.count({"output_tokens_details.reasoning_tokens", "output_token_details.reasoning_tokens",
                                     "output_token_details.reasoning"});
    output.audio = object.count(
        {"output_tokens_details.audio_tokens", "output_token_details.audio_tokens", "output_token_details.audio"});
    output.image = object.count({"output_tokens_details.image_tokens", "output_token_details.image_tokens"});
    put_input(object, input, usage);
    put_output(object, output, usage);
    object.text({"type"});
    object.pass({"total_tokens", "input_tokens_details.text_tokens", "input_token_details.text_tokens",
                 "input_token_details.cached_tokens_details.text_tokens", "output_tokens_details.text_tokens",
                 "output_token_details.text_tokens"});
}

} // namespace helix::usage
