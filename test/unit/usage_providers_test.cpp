// Usage objects of providers, with the addresses where they are documented or recorded. Where that is the definition of
// a type, the numbers are made up.
#include "usage_text.hpp"

namespace helix {
namespace {

class ProvidersUsage : public testing::TestWithParam<UsageVector> {};

TEST_P(ProvidersUsage, IsReadAsDocumented) {
    expect_vector(GetParam());
}

constexpr auto recorded = "https://github.com/pydantic/genai-prices/blob/main/tests/dataset/usages.json";
constexpr auto openapi = "https://github.com/openai/openai-openapi/blob/master/openapi.yaml";

constexpr UsageVector openai_chat[] = {
    {openapi,
     R"({"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
         "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
                                       "rejected_prediction_tokens": 0}})",
     "openai_chat: input 19, cached_input 0, input_audio 0, output 10, reasoning 0, output_audio 0"},
    {openapi, R"({"prompt_tokens": 8, "total_tokens": 8})", "openai_chat: input 8"}, // an embedding
    {"https://github.com/openai/openai-python/blob/main/src/openai/types/completion_usage.py",
     R"({"prompt_tokens": 226616, "completion_tokens": 1670, "total_tokens": 228286,
         "prompt_tokens_details": {"cached_tokens": 176640}})",
     "openai_chat: input 49976, cached_input 176640, output 1670"},
    {recorded,
     R"({"completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 0}, "prompt_tokens": 4020,
         "prompt_tokens_details": {"audio_tokens": 0, "cache_write_tokens": 4012, "cached_tokens": 0},
         "total_tokens": 4024})",
     "openai_chat: input 8, cached_input 0, cache_write 4012, input_audio 0, output 4, reasoning 0"},
    {recorded,
     R"({"completion_tokens": 72, "prompt_tokens": 81, "total_tokens": 153,
         "prompt_tokens_details": {"audio_tokens": 69, "cached_tokens": 0, "image_tokens": 0, "text_tokens": 12}})",
     "openai_chat: input 12, cached_input 0, input_audio 69, input_image 0, output 72"},
    {recorded, // OpenRouter
     R"({"completion_tokens": 53, "cost": 0.00219855, "is_byok": false, "prompt_tokens": 3329, "total_tokens": 3382,
         "prompt_tokens_details": {"cache_write_tokens": 115, "cached_tokens": 3211, "video_tokens": 0}})",
     "openai_chat: input 3, cached_input 3211, cache_write 115, output 53, cost 0.00219855"},
    {"https://github.com/openai/openai-openapi/blob/master/openapi.yaml, EvalRunOutputItem", // Together too
     R"({"cached_tokens": 5, "completion_tokens": 29, "prompt_tokens": 19, "total_tokens": 48})",
     "openai_chat: input 14, cached_input 5, output 29"},
    {"https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning",
     R"({"completion_tokens": 50, "completion_tokens_details": {"reasoning_tokens": 124}, "prompt_tokens": 663,
         "prompt_tokens_details": {"cached_tokens": 654, "text_tokens": 663}, "total_tokens": 837})",
     "openai_chat: input 9, cached_input 654, output 50, reasoning 124, marked"},
    {"https://openrouter.ai/docs/use-cases/usage-accounting",
     R"({"completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 0}, "cost": 0.95,
         "cost_details": {"upstream_inference_cost": 19}, "prompt_tokens": 194,
         "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 100, "audio_tokens": 0},
         "total_tokens": 196})",
     "openai_chat: input 94, cached_input 0, cache_write 100, input_audio 0, output 2, reasoning 0, cost 0.95"},
    {"https://openrouter.ai/docs/api/reference/overview", // without a charge
     R"({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "cost": 0, "is_byok": false})",
     "openai_chat: input 10, output 4, cost 0"},
    {"https://openrouter.ai/docs/guides/overview/auth/byok", // with an own key
     R"({"prompt_tokens": 1396, "completion_tokens": 41, "total_tokens": 1437, "cost": 0, "is_byok": true,
         "cost_details": {"upstream_inference_cost": 0.0001601}})",
     "openai_chat: input 1396, output 41"},
};
INSTANTIATE_TEST_SUITE_P(OpenAiChat, ProvidersUsage, testing::ValuesIn(openai_chat));

constexpr UsageVector openai_responses[] = {
    {openapi,
     R"({"input_tokens": 36, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
         "output_tokens": 87, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 123})",
     "openai_responses: input 36, cached_input 0, cache_write 0, output 87, reasoning 0"},
    {recorded,
     R"({"input_tokens": 9703, "input_tokens_details": {"cached_tokens": 8576}, "output_tokens": 638,
         "output_tokens_details": {"reasoning_tokens": 576}, "total_tokens": 10341})",
     "openai_responses: input 1127, cached_input 8576, output 62, reasoning 576"},
    {openapi, // an image
     R"({"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
         "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}})",
     "openai_responses: input 10, input_image 40, output 50"},
    {openapi, // a transcription
     R"({"type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
         "output_tokens": 45, "total_tokens": 59})",
     "openai_responses: input 0, input_audio 14, output 45"},
    {openapi, // realtime
     R"({"total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
         "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
             "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0}},
         "output_token_details": {"text_tokens": 30, "audio_tokens": 91}})",
     "openai_responses: input 55, cached_input 64, input_audio 13, cached_input_audio 0, input_image 0, "
     "cached_input_image 0, output 30, output_audio 91"},
    {"https://reference.langchain.com/python/langchain-core/messages/ai/UsageMetadata",
     R"({"input_tokens": 350, "output_tokens": 240, "total_tokens": 590,
         "input_token_details": {"audio": 10, "cache_creation": 200, "cache_read": 100},
         "output_token_details": {"audio": 10, "reasoning": 200}})",
     "openai_responses: input 40, cached_input 100, cache_write 200, input_audio 10, output 30, reasoning 200, "
     "output_audio 10"},
};
INSTANTIATE_TEST_SUITE_P(OpenAiResponses, ProvidersUsage, testing::ValuesIn(openai_responses));

constexpr UsageVector anthropic[] = {
    {"https://github.com/BerriAI/litellm/issues/9812",
     R"({"input_tokens": 3, "cache_creation_input_tokens": 12304, "cache_read_input_tokens": 0,
         "output_tokens": 550})",
     "anthropic: input 3, cached_input 0, cache_write 12304, output 550"},
    {recorded,
     R"({"cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 574},
         "cache_creation_input_tokens": 574, "cache_read_input_tokens": 20443, "inference_geo": "global",
         "input_tokens": 6, "output_tokens": 489, "output_tokens_details": {"thinking_tokens": 77},
         "server_tool_use": {"web_fetch_requests": 0, "web_search_requests": 0}, "service_tier": "standard"})",
     "anthropic: input 6, cached_input 20443, cache_write 574, cache_write_1h 0, output 412, reasoning 77, "
     "web_search 0, web_fetch 0"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/server_tool_usage.py",
     R"({"input_tokens": 10809, "output_tokens": 644,
         "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 1}})",
     "anthropic: input 10809, output 644, web_search 3, web_fetch 1"},
    {"https://platform.claude.com/docs/en/build-with-claude/prompt-caching",
     R"({"input_tokens": 2048, "cache_read_input_tokens": 1800, "cache_creation_input_tokens": 248,
         "output_tokens": 503,
         "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100}})",
     "anthropic: input 2048, cached_input 1800, cache_write 148, cache_write_1h 100, output 503"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/message_delta_usage.py",
     R"({"output_tokens": 15})", "anthropic: output 15"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/usage.py",
     R"({"input_tokens": 10, "output_tokens": 20, "cache_creation": null, "cache_creation_input_tokens": null,
         "cache_read_input_tokens": null, "server_tool_use": null, "service_tier": null})",
     "anthropic: input 10, output 20"},
    {"https://platform.claude.com/docs/en/build-with-claude/compaction",
     R"({"input_tokens": 23000, "output_tokens": 1000, "iterations": [
         {"type": "compaction", "input_tokens": 180000, "output_tokens": 3500},
         {"type": "message", "input_tokens": 23000, "output_tokens": 1000}]})",
     "anthropic: input 203000, output 4500"},
};
INSTANTIATE_TEST_SUITE_P(Anthropic, ProvidersUsage, testing::ValuesIn(anthropic));

constexpr UsageVector gemini[] = {
    {"https://github.com/googleapis/python-genai/blob/main/google/genai/tests/common/test_common.py",
     R"({"candidates_token_count": 1086, "prompt_token_count": 7, "thoughts_token_count": 860,
         "prompt_tokens_details": [{"modality": "TEXT", "token_count": 7}], "total_token_count": 1953})",
     "gemini: input 7, output 1086, reasoning 860"},
    {recorded,
     R"({"candidatesTokenCount": 201, "promptTokenCount": 17, "thoughtsTokenCount": 213,
         "toolUsePromptTokenCount": 119, "totalTokenCount": 550,
         "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 119}]})",
     "gemini: input 136, output 201, reasoning 213"},
    {recorded,
     R"({"cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 63}, {"modality": "IMAGE", "tokenCount": 141}],
         "cachedContentTokenCount": 204, "candidatesTokenCount": 89, "promptTokenCount": 373,
         "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 115}, {"modality": "IMAGE", "tokenCount": 258}],
         "thoughtsTokenCount": 167, "totalTokenCount": 629})",
     "gemini: input 52, cached_input 63, input_image 117, cached_input_image 141, output 89, reasoning 167"},
    {recorded,
     R"({"candidatesTokenCount": 1780, "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
         "promptTokenCount": 33, "thoughtsTokenCount": 529, "totalTokenCount": 2342})",
     "gemini: input 33, output 660, reasoning 529, output_image 1120"},
    {"https://ai.google.dev/api/generate-content#UsageMetadata",
     R"({"promptTokenCount": 100, "candidatesTokenCount": 200, "thoughtsTokenCount": 700})",
     "gemini: input 100, output 200, reasoning 700"},
    {"https://github.com/googleapis/python-genai/blob/main/google/genai/types.py", // live
     R"({"promptTokenCount": 50, "responseTokenCount": 30, "totalTokenCount": 80,
         "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}],
         "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}]})",
     "gemini: input 10, input_audio 40, output 0, output_audio 30"},
};
INSTANTIATE_TEST_SUITE_P(Gemini, ProvidersUsage, testing::ValuesIn(gemini));

constexpr UsageVector deepseek[] = {
    {"https://github.com/BerriAI/litellm/issues/5017",
     R"({"completion_tokens": 40, "prompt_tokens": 11, "total_tokens": 51, "prompt_cache_hit_tokens": 0,
         "prompt_cache_miss_tokens": 11})",
     "deepseek: input 11, cached_input 0, output 40"},
    {recorded,
     R"({"completion_tokens": 116, "completion_tokens_details": {"reasoning_tokens": 60},
         "prompt_cache_hit_tokens": 512, "prompt_cache_miss_tokens": 51, "prompt_tokens": 563,
         "prompt_tokens_details": {"cached_tokens": 512}, "total_tokens": 679})",
     "deepseek: input 51, cached_input 512, output 56, reasoning 60"},
    {"https://api-docs.deepseek.com/api/create-chat-completion",
     R"({"prompt_tokens": 100, "prompt_cache_hit_tokens": 80, "prompt_cache_miss_tokens": 20,
         "completion_tokens": 50, "total_tokens": 150})",
     "deepseek: input 20, cached_input 80, output 50"},
};
INSTANTIATE_TEST_SUITE_P(DeepSeek, ProvidersUsage, testing::ValuesIn(deepseek));

constexpr UsageVector bedrock[] = {
    {recorded,
     R"({"cacheReadInputTokenCount": 0, "cacheReadInputTokens": 0, "cacheWriteInputTokenCount": 2492,
         "cacheWriteInputTokens": 2492, "inputTokens": 22, "outputTokens": 13, "serverToolUsage": {},
         "totalTokens": 2527})",
     "bedrock: input 22, cached_input 0, cache_write 2492, output 13"},
    {recorded,
     R"({"cacheDetails": [{"inputTokens": 297, "ttl": "5m"}], "cacheReadInputTokens": 2074,
         "cacheWriteInputTokens": 297, "inputTokens": 3, "outputTokens": 61, "totalTokens": 2435})",
     "bedrock: input 3, cached_input 2074, cache_write 297, output 61"},
    {"https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CacheDetail.html",
     R"({"inputTokens": 1000, "outputTokens": 200, "cacheWriteInputTokens": 500, "totalTokens": 1700,
         "cacheDetails": [{"ttl": "1h", "inputTokens": 200}, {"ttl": "5m", "inputTokens": 300}]})",
     "bedrock: input 1000, cache_write 300, cache_write_1h 200, output 200"},
    {"https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
     R"({"inputTokens": 125, "outputTokens": 60, "totalTokens": 185})", "bedrock: input 125, output 60"},
};
INSTANTIATE_TEST_SUITE_P(Bedrock, ProvidersUsage, testing::ValuesIn(bedrock));

constexpr UsageVector mistral[] = {
    {recorded, R"({"completion_tokens": 12, "num_cached_tokens": 69, "prompt_tokens": 70, "total_tokens": 82})",
     "mistral: input 1, cached_input 69, output 12"},
    {"https://github.com/mistralai/client-python/blob/main/src/mistralai/client/models/usageinfo.py",
     R"({"prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 3264, "prompt_audio_seconds": 203})",
     "mistral: input 4, output 635, audio_seconds 203"},
    {"https://github.com/dotnet/extensions/discussions/7181",
     R"({"prompt_tokens": 177, "completion_tokens": 134, "total_tokens": 4240, "connector_tokens": 3929,
         "connectors": {"web_search": 1}})",
     "mistral: input 4106, output 134, web_search 1"},
};
INSTANTIATE_TEST_SUITE_P(Mistral, ProvidersUsage, testing::ValuesIn(mistral));

constexpr UsageVector cohere[] = {
    {"https://docs.cohere.com/reference/chat",
     R"({"billed_units": {"input_tokens": 5, "output_tokens": 418},
         "tokens": {"input_tokens": 71, "output_tokens": 418}})",
     "cohere: input 5, output 418"},
    {"https://docs.cohere.com/reference/embed",
     R"({"api_version": {"version": "2", "is_experimental": false}, "billed_units": {"input_tokens": 2}})",
     "cohere: input 2"},
    {"https://docs.cohere.com/reference/rerank",
     R"({"api_version": {"version": "2", "is_experimental": false}, "billed_units": {"search_units": 1}})",
     "cohere: rerank 1"},
    {"https://github.com/cohere-ai/cohere-python/blob/main/src/cohere/types/usage_billed_units.py", // floats
     R"({"billed_units": {"input_tokens": 12.0, "output_tokens": 8.0, "search_units": null, "classifications": 0.0}})",
     "cohere: input 12, output 8"},
};
INSTANTIATE_TEST_SUITE_P(Cohere, ProvidersUsage, testing::ValuesIn(cohere));

constexpr auto transcription =
    "https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_verbose.py";

constexpr UsageVector openai_duration[] = {
    {transcription, R"({"type": "duration", "seconds": 9})", "openai_duration: audio_seconds 9"},
    {transcription, R"({"type": "duration", "seconds": 8.470000267028809})", "openai_duration: audio_seconds 8"},
    {transcription, R"({"type": "duration", "seconds": 0.5})", "openai_duration: audio_seconds 1"},
};
INSTANTIATE_TEST_SUITE_P(OpenAiDuration, ProvidersUsage, testing::ValuesIn(openai_duration));

constexpr auto ollama_docs = "https://github.com/ollama/ollama/blob/main/docs/api.md";

constexpr UsageVector ollama[] = {
    {ollama_docs,
     R"({"model": "llama3.2", "created_at": "2023-08-04T19:22:45.499127Z", "response": "", "done": true,
         "context": [1, 2, 3], "total_duration": 10706818083, "load_duration": 6338219291, "prompt_eval_count": 26,
         "prompt_eval_duration": 130079000, "eval_count": 259, "eval_duration": 4232710000})",
     "ollama: input 26, output 259"},
    {ollama_docs,
     R"({"model": "codellama:code", "response": "\n", "done": true, "done_reason": "stop",
         "prompt_eval_count": 17, "eval_count": 63})",
     "ollama: input 17, output 63"},
    {ollama_docs, // an embedding
     R"({"model": "all-minilm", "embeddings": [[0.010071029, -0.0017594862]], "total_duration": 14143917,
         "load_duration": 1019500, "prompt_eval_count": 8})",
     "ollama: input 8"},
};
INSTANTIATE_TEST_SUITE_P(Ollama, ProvidersUsage, testing::ValuesIn(ollama));

} // namespace
} // namespace helix
