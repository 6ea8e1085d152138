// Usage as exporters, gateways and frameworks write it, which mix what input includes. Addresses as in
// usage_providers_test.cpp.
#include "usage_text.hpp"

namespace helix {
namespace {

class ExportersUsage : public testing::TestWithParam<UsageVector> {};

TEST_P(ExportersUsage, IsReadAsDocumented) {
    expect_vector(GetParam());
}

constexpr auto otel_registry =
    "https://github.com/open-telemetry/semantic-conventions/blob/main/docs/registry/attributes/gen-ai.md";

constexpr UsageVector otel[] = {
    {otel_registry,
     R"({"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4", "gen_ai.usage.input_tokens": 100,
         "gen_ai.usage.output_tokens": 180, "gen_ai.usage.cache_read.input_tokens": 50,
         "gen_ai.usage.cache_creation.input_tokens": 25, "gen_ai.usage.reasoning.output_tokens": 50})",
     "otel: input 25, cached_input 50, cache_write 25, output 130, reasoning 50"},
    {"https://github.com/langfuse/langfuse/blob/main/web/src/__tests__/server/api/otel/otelMapping.servertest.ts",
     R"({"gen_ai.usage.input_tokens": 120, "gen_ai.usage.output_tokens": 40,
         "gen_ai.usage.cache_read.input_tokens": 30, "gen_ai.usage.cache_creation.input_tokens": 10,
         "gen_ai.usage.details.input_audio_tokens": 5, "gen_ai.usage.details.output_audio_tokens": 7})",
     "otel: input 75, cached_input 30, cache_write 10, input_audio 5, output 33, output_audio 7"},
    {"https://github.com/traceloop/openllmetry-js/pull/1027", // exclusive counts of Anthropic
     R"({"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 550,
         "gen_ai.usage.cache_read_input_tokens": 0, "gen_ai.usage.cache_creation_input_tokens": 12304})",
     "otel: input 3, cached_input 0, cache_write 12304, output 550, marked"},
    {otel_registry, R"({"gen_ai": {"usage": {"prompt_tokens": 100, "completion_tokens": 180}}})",
     "otel: input 100, output 180"},
    {otel_registry,
     R"({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 200,
         "gen_ai.usage.reasoning.output_tokens": 700})",
     "otel: input 10, output 200, reasoning 700, marked"},
};
INSTANTIATE_TEST_SUITE_P(OpenTelemetry, ExportersUsage, testing::ValuesIn(otel));

constexpr UsageVector openinference[] = {
    {"https://github.com/Arize-ai/openinference/blob/main/spec/llm_spans.md",
     R"({"openinference.span.kind": "LLM", "llm.system": "openai", "llm.model_name": "gpt-3.5-turbo-0613",
         "llm.token_count.prompt": 229, "llm.token_count.completion": 21, "llm.token_count.total": 250})",
     "openinference: input 229, output 21"},
    {"https://github.com/Arize-ai/openinference, instrumentation-anthropic/tests/test_instrumentor.py",
     R"({"llm.token_count.prompt": 2255, "llm.token_count.completion": 5, "llm.token_count.total": 2260,
         "llm.token_count.prompt_details.cache_read": 512, "llm.token_count.prompt_details.cache_write": 1733})",
     "openinference: input 10, cached_input 512, cache_write 1733, output 5"},
    {"https://github.com/Arize-ai/openinference, openinference-core/test/helpers/attributeHelpers.test.ts",
     R"({"llm.token_count.prompt": 100, "llm.token_count.completion": 50, "llm.token_count.total": 150,
         "llm.token_count.prompt_details.audio": 10, "llm.token_count.prompt_details.cache_read": 5,
         "llm.token_count.prompt_details.cache_write": 2})",
     "openinference: input 83, cached_input 5, cache_write 2, input_audio 10, output 50"},
    {"https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md",
     R"({"llm": {"token_count": {"prompt": 10, "completion": 15, "completion_details": {"reasoning": 10}},
                 "cost": {"prompt": 0.0021, "completion": 0.0045, "total": 0.0066}}})",
     "openinference: input 10, output 5, reasoning 10, cost 0.0066"},
    {"https://github.com/Arize-ai/openinference/pull/1429", // before it
     R"({"llm.token_count.prompt": 900, "llm.token_count.completion": 5, "llm.token_count.total": 1417,
         "llm.token_count.prompt_details.cache_read": 512})",
     "openinference: input 900, cached_input 512, output 5, marked"},
};
INSTANTIATE_TEST_SUITE_P(OpenInference, ExportersUsage, testing::ValuesIn(openinference));

constexpr auto litellm_schema = "https://github.com/BerriAI/litellm/blob/main/schema.prisma";

constexpr UsageVector litellm[] = {
    {"https://github.com/BerriAI/litellm/issues/15056",
     R"({"completion_tokens": 467, "prompt_tokens": 31, "total_tokens": 498,
         "prompt_tokens_details": {"cached_tokens": 0}, "cache_creation_input_tokens": 1253,
         "cache_read_input_tokens": 0})",
     "litellm: input 31, cached_input 0, cache_write 1253, output 467, marked"},
    {"https://github.com/crewAIInc/crewAI/issues/6788",
     R"({"prompt_tokens": 15635, "completion_tokens": 9, "total_tokens": 15644,
         "cache_creation_input_tokens": 15624, "cache_read_input_tokens": 0})",
     "litellm: input 11, cached_input 0, cache_write 15624, output 9"},
    {"https://github.com/BerriAI/litellm/blob/main/litellm/types/utils.py",
     R"({"prompt_tokens": 2000, "completion_tokens": 500, "total_tokens": 2500,
         "completion_tokens_details": {"reasoning_tokens": 300, "text_tokens": 200},
         "prompt_tokens_details": {"cached_tokens": 700, "cache_creation_tokens": 900, "text_tokens": 400,
             "cache_creation_token_details": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 700}},
         "cache_creation_input_tokens": 900, "cache_read_input_tokens": 700,
         "server_tool_use": {"web_search_requests": 2}})",
     "litellm: input 400, cached_input 700, cache_write 200, cache_write_1h 700, output 200, reasoning 300, "
     "web_search 2"},
    {litellm_schema,
     R"({"request_id": "chatcmpl-9", "call_type": "acompletion", "spend": 1.98e-05, "total_tokens": 30,
         "prompt_tokens": 10, "completion_tokens": 20, "model": "gpt-4o-mini", "custom_llm_provider": "openai",
         "cache_hit": "False", "startTime": "2026-08-27T09:00:00Z", "metadata": {"status": null,
             "usage_object": {"total_tokens": 30, "prompt_tokens": 10, "completion_tokens": 20,
                              "prompt_tokens_details": null, "completion_tokens_details": null}}})",
     "litellm_row: input 10, output 20, cost 0.0000198"},
    {litellm_schema,
     R"({"request_id": "msg_1", "spend": 0.0123, "prompt_tokens": 21017, "completion_tokens": 489,
         "total_tokens": 21506, "model": "claude-sonnet-4-5", "metadata": {"additional_usage_values": {
             "cache_read_input_tokens": 20443, "cache_creation_input_tokens": 574,
             "prompt_tokens_details": {"cached_tokens": 20443, "cache_creation_tokens": 574}}}})",
     "litellm_row: input 0, cached_input 20443, cache_write 574, output 489, cost 0.0123"},
    {litellm_schema, // from LiteLLM's own cache
     R"({"request_id": "r", "spend": 0, "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30,
         "cache_hit": "True"})",
     "litellm_row: input 10, output 20, cost 0"},
};
INSTANTIATE_TEST_SUITE_P(LiteLlm, ExportersUsage, testing::ValuesIn(litellm));

constexpr auto langfuse_sums = "https://github.com/langfuse/langfuse/blob/main/packages/shared/src/server/repositories/"
                               "observations_converters.test.ts";
constexpr auto langfuse_api = "https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/commons.yml";

constexpr UsageVector langfuse[] = {
    {langfuse_sums,
     R"({"input": 2, "output": 13, "cache_read_input_tokens": 10692, "cache_creation_input_tokens": 592,
         "total": 11299})",
     "langfuse: input 2, cached_input 10692, cache_write 592, output 13, marked"},
    {langfuse_sums,
     R"({"input": 100, "input_cached_tokens": 80, "audio_input_tokens": 20, "output": 50,
         "output_reasoning_tokens": 30, "total": 280})",
     "langfuse: input 100, cached_input 80, input_audio 20, output 50, reasoning 30, marked"},
    {"https://github.com/langfuse/codex-observability-plugin/issues/22", // its input includes what was cached
     R"({"input": 117231, "cache_read_input_tokens": 115584, "output": 225, "total": 117456})",
     "langfuse: input 1647, cached_input 115584, output 225"},
    {langfuse_api,
     R"({"id": "o1", "type": "GENERATION", "model": "gpt-4o", "input": {"messages": []}, "output": "42",
         "usageDetails": {"input": 86, "input_cached_tokens": 17817, "output": 4, "total": 17907},
         "costDetails": {"input": 0.0002, "output": 0.00004, "total": 0.0225113}, "calculatedTotalCost": 0.0225113})",
     "langfuse: input 86, cached_input 17817, output 4, marked, cost 0.0225113"},
    {"https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage",
     R"({"id": "o2", "type": "GENERATION", "provided_model_name": "claude-sonnet-4-5", "usage_details":
         {"input": "7", "input_cache_creation_5m": "89", "input_cache_creation_1h": "2000", "input_text_tokens": "3",
          "input_cached_tokens": "16399", "output": "445", "total": "18943"}, "total_cost": "0.0241467"})",
     "langfuse: input 10, cached_input 16399, cache_write 89, cache_write_1h 2000, output 445, marked, "
     "cost 0.0241467"},
    {langfuse_api, // deprecated
     R"({"input": 12, "output": 30, "total": 42, "unit": "TOKENS", "inputCost": 0.1, "outputCost": 0.2,
         "totalCost": 0.3})",
     "langfuse: input 12, output 30, cost 0.3"},
};
INSTANTIATE_TEST_SUITE_P(Langfuse, ExportersUsage, testing::ValuesIn(langfuse));

constexpr auto ai_sdk_docs = "https://ai-sdk.dev/docs/reference/ai-sdk-core/generate-text";

constexpr UsageVector ai_sdk[] = {
    {ai_sdk_docs,
     R"({"inputTokens": 1200, "outputTokens": 400, "totalTokens": 1600, "reasoningTokens": 320,
         "cachedInputTokens": 1024})",
     "ai_sdk: input 176, cached_input 1024, output 80, reasoning 320"},
    {ai_sdk_docs,
     R"({"inputTokens": 1200, "inputTokenDetails": {"noCacheTokens": 76, "cacheReadTokens": 1024,
             "cacheWriteTokens": 100},
         "outputTokens": 400, "outputTokenDetails": {"textTokens": 80, "reasoningTokens": 320},
         "totalTokens": 1600})",
     "ai_sdk: input 76, cached_input 1024, cache_write 100, output 80, reasoning 320"},
    {"https://ai-sdk.dev/docs/migration-guides/migration-guide-5-0",
     R"({"promptTokens": 9, "completionTokens": 12, "totalTokens": 21})", "ai_sdk: input 9, output 12"},
    {"https://app.unpkg.com/@ai-sdk/openai@3.0.37/files/src/chat/convert-openai-chat-usage.ts",
     R"({"inputTokens": {"total": 100, "noCache": 60, "cacheRead": 40},
         "outputTokens": {"total": 50, "text": 20, "reasoning": 30}})",
     "ai_sdk: input 60, cached_input 40, output 20, reasoning 30"},
    {"https://github.com/vercel/ai/issues/8349", // exclusive counts of Anthropic
     R"({"inputTokens": 12, "outputTokens": 40, "totalTokens": 52, "cachedInputTokens": 4096})",
     "ai_sdk: input 12, cached_input 4096, output 40, marked"},
};
INSTANTIATE_TEST_SUITE_P(AiSdk, ExportersUsage, testing::ValuesIn(ai_sdk));

} // namespace
} // namespace helix
