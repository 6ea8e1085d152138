// Whole answers, events of streams, rows of batches and of exporters: what they tell beside their usage.
#include "core/ledger/usage/response.hpp"
#include "usage_text.hpp"

namespace helix {
namespace {

using usage::Response;

std::string response_text(const Response& response) {
    std::string text;
    const auto add = [&text](std::string_view name, std::string_view value) {
        if (!value.empty()) {
            text += (text.empty() ? "" : "; ") + std::string(name) + "=" + std::string(value);
        }
    };
    add("provider", response.provider);
    add("model", response.model);
    add("id", response.id);
    add("tier", response.service_tier);
    add("finish", response.finish_reason);
    add("error", response.error);
    add("usage", response.usage ? usage_text(*response.usage) : "");
    return text;
}

std::string response_of(std::string_view json) {
    const auto read = [json](FlatJson::Way way) {
        const FlatJson flat(json, way);
        EXPECT_TRUE(flat.valid()) << json;
        try {
            return response_text(usage::read_response(flat.fields()));
        } catch (const Error& error) {
            return refusal_text(error);
        }
    };
    auto text = read(FlatJson::Way::all);
    EXPECT_EQ(read(FlatJson::Way::worthwhile), text) << json;
    return text;
}

struct Answer {
    std::string_view source;
    std::string_view json;
    std::string_view text;
};

class ResponseUsage : public testing::TestWithParam<Answer> {};

TEST_P(ResponseUsage, TellsTheCall) {
    EXPECT_EQ(response_of(GetParam().json), GetParam().text) << GetParam().source;
}

constexpr auto openapi = "https://github.com/openai/openai-openapi/blob/master/openapi.yaml";

constexpr Answer openai[] = {
    {openapi,
     R"({"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
         "model": "gpt-5.4", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!",
         "refusal": null, "annotations": []}, "logprobs": null, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}, "service_tier": "default"})",
     "model=gpt-5.4; id=chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT; tier=default; finish=stop; "
     "usage=openai_chat: input 19, output 10"},
    {openapi,
     R"({"id": "resp_67ccd2bed1ec8190", "object": "response", "status": "incomplete", "error": null,
         "incomplete_details": {"reason": "max_output_tokens"}, "model": "gpt-5", "output": [{"type": "message",
         "id": "msg_1", "status": "completed", "content": [{"type": "output_text", "text": "In a"}]}],
         "service_tier": "flex", "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 0},
         "output_tokens": 87, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 123}})",
     "model=gpt-5; id=resp_67ccd2bed1ec8190; tier=flex; finish=max_output_tokens; "
     "usage=openai_responses: input 36, cached_input 0, output 87, reasoning 0"},
    {openapi, // the last event of a stream
     R"({"type": "response.completed", "sequence_number": 9, "response": {"id": "resp_123", "status": "completed",
         "model": "gpt-4o-mini-2024-07-18", "output": [], "usage": {"input_tokens": 5, "output_tokens": 6,
         "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 11}}})",
     "model=gpt-4o-mini-2024-07-18; id=resp_123; finish=completed; usage=openai_responses: input 5, output 6, "
     "reasoning 0"},
    {openapi, // a row of a batch
     R"({"id": "batch_req_123", "custom_id": "request-1", "response": {"status_code": 200, "request_id": "req_1",
         "body": {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini", "choices": [],
         "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22}}}, "error": null})",
     "model=gpt-4o-mini; id=chatcmpl-1; tier=batch; usage=openai_chat: input 20, output 2"},
    {"https://platform.openai.com/docs/guides/error-codes",
     R"({"error": {"message": "You exceeded your current quota.", "type": "insufficient_quota", "param": null,
         "code": "insufficient_quota"}})",
     "error=insufficient_quota: You exceeded your current quota."},
    {openapi,
     R"({"id": "resp_1", "object": "response", "status": "failed", "model": "gpt-5", "usage": null,
         "error": {"code": "server_error", "message": "The model failed to generate a response."}})",
     "model=gpt-5; id=resp_1; finish=failed; error=server_error: The model failed to generate a response."},
};
INSTANTIATE_TEST_SUITE_P(OpenAi, ResponseUsage, testing::ValuesIn(openai));

constexpr Answer anthropic[] = {
    {"https://platform.claude.com/docs/en/api/messages",
     R"({"id": "msg_013Zva2CMHLNnjNjJKqJ2EF", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
         "content": [{"type": "text", "text": "Hi!", "input": 5}], "stop_reason": "end_turn", "stop_sequence": null,
         "usage": {"input_tokens": 2095, "output_tokens": 503, "service_tier": "priority"}})",
     "model=claude-sonnet-4-5; id=msg_013Zva2CMHLNnjNjJKqJ2EF; tier=priority; finish=end_turn; "
     "usage=anthropic: input 2095, output 503"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/beta/beta_usage.py",
     R"({"id": "msg_015", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": [],
         "stop_reason": "end_turn",
         "usage": {"input_tokens": 20, "output_tokens": 5, "service_tier": "standard", "speed": "fast"}})",
     "model=claude-opus-4-8; id=msg_015; tier=fast; finish=end_turn; usage=anthropic: input 20, output 5"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/beta/beta_usage.py",
     R"({"id": "msg_016", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": [],
         "usage": {"input_tokens": 20, "output_tokens": 5, "service_tier": "standard", "speed": "standard"}})",
     "model=claude-opus-4-8; id=msg_016; tier=standard; usage=anthropic: input 20, output 5"},
    {"https://github.com/anthropics/anthropic-sdk-python/blob/main/tests/lib/streaming/fixtures",
     R"({"type": "message_start", "message": {"id": "msg_019Q1hrJbZG26Fb9BQhrkHEr", "type": "message",
         "role": "assistant", "model": "claude-sonnet-4-20250514", "content": [], "stop_reason": null,
         "usage": {"input_tokens": 377, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                   "output_tokens": 1, "service_tier": "standard"}}})",
     "model=claude-sonnet-4-20250514; id=msg_019Q1hrJbZG26Fb9BQhrkHEr; tier=standard; "
     "usage=anthropic: input 377, cached_input 0, cache_write 0, output 1"},
    {"https://platform.claude.com/docs/en/build-with-claude/batch-processing",
     R"({"custom_id": "my-second-request", "result": {"type": "succeeded", "message": {"id": "msg_014",
         "type": "message", "role": "assistant", "model": "claude-opus-4-6", "content": [], "stop_reason": "end_turn",
         "usage": {"input_tokens": 11, "output_tokens": 36}}}})",
     "model=claude-opus-4-6; id=msg_014; tier=batch; finish=end_turn; usage=anthropic: input 11, output 36"},
    {"https://platform.claude.com/docs/en/build-with-claude/batch-processing",
     R"({"custom_id": "my-third-request", "result": {"type": "errored", "error": {"type": "error",
         "error": {"type": "invalid_request_error", "message": "max_tokens: required"}}}})",
     "error=invalid_request_error: max_tokens: required"},
    {"https://platform.claude.com/docs/en/api/errors",
     R"({"type": "error", "error": {"type": "not_found_error", "message": "It could not be found."},
         "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"})",
     "id=req_011CSHoEeqs5C35K2UUqR7Fy; error=not_found_error: It could not be found."},
};
INSTANTIATE_TEST_SUITE_P(Anthropic, ResponseUsage, testing::ValuesIn(anthropic));

constexpr Answer other_providers[] = {
    {"https://ai.google.dev/api/generate-content",
     R"({"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
         "usageMetadata": {"promptTokenCount": 15, "candidatesTokenCount": 7, "totalTokenCount": 22,
         "serviceTier": "flex"}, "modelVersion": "gemini-2.5-flash", "responseId": "6WskaZv"})",
     "model=gemini-2.5-flash; id=6WskaZv; tier=flex; finish=STOP; usage=gemini: input 15, output 7"},
    {"https://ai.google.dev/gemini-api/docs/troubleshooting",
     R"({"error": {"code": 429, "message": "Resource has been exhausted.", "status": "RESOURCE_EXHAUSTED"}})",
     "error=RESOURCE_EXHAUSTED: Resource has been exhausted."},
    {"https://ai.google.dev/api/generate-content",
     R"({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
         "modelVersion": "gemini-2.5-pro"})",
     "model=gemini-2.5-pro; finish=SAFETY; usage=gemini: input 9"},
    {"https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
     R"({"ResponseMetadata": {"RequestId": "9a3e", "HTTPStatusCode": 200}, "output": {"message": {"role": "assistant",
         "content": [{"text": "Hi"}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 125, "outputTokens": 60,
         "totalTokens": 185}, "metrics": {"latencyMs": 1175}, "serviceTier": {"type": "priority"}})",
     "id=9a3e; tier=priority; finish=end_turn; usage=bedrock: input 125, output 60"},
    {"https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamMetadataEvent.html",
     R"({"metadata": {"usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}, "metrics": {"latencyMs": 1}}})",
     "usage=bedrock: input 9, output 4"},
    {"https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html",
     R"({"__type": "ThrottlingException", "message": "Too many requests"})",
     "error=ThrottlingException: Too many requests"},
    {"https://docs.cohere.com/reference/chat",
     R"({"id": "c14c80c3", "finish_reason": "COMPLETE", "message": {"role": "assistant",
         "content": [{"type": "text", "text": "Hi"}]}, "usage": {"billed_units": {"input_tokens": 5,
         "output_tokens": 418}, "tokens": {"input_tokens": 71, "output_tokens": 418}}})",
     "id=c14c80c3; finish=COMPLETE; usage=cohere: input 5, output 418"},
    {"https://docs.cohere.com/reference/rerank",
     R"({"results": [{"index": 3, "relevance_score": 0.9990716}], "id": "07734bd2", "meta": {"api_version":
         {"version": "2", "is_experimental": false}, "billed_units": {"search_units": 1}}})",
     "id=07734bd2; usage=cohere: rerank 1"},
    {"https://docs.cohere.com/reference/embed",
     R"({"id": "da6e531f", "embeddings": {"float": [[0.016, -0.008]]}, "texts": ["hello"], "meta": {"api_version":
         {"version": "2", "is_experimental": false}, "billed_units": {"input_tokens": 2}}})",
     "id=da6e531f; usage=cohere: input 2"},
    {"https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_verbose.py",
     R"({"duration": 8.47, "language": "english", "text": "Hi", "usage": {"type": "duration", "seconds": 9}})",
     "usage=openai_duration: audio_seconds 9"},
    {"https://github.com/ollama/ollama/blob/main/docs/api.md",
     R"({"model": "llama3.2", "created_at": "2023-12-12T14:13:43Z", "message": {"role": "assistant", "content": "Hi"},
         "done": true, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 298})",
     "model=llama3.2; finish=stop; usage=ollama: input 26, output 298"},
    {"https://github.com/ollama/ollama/blob/main/docs/api.md", R"({"error": "model 'x' not found"})",
     "error=model 'x' not found"},
    {"https://docs.mistral.ai/api",
     R"({"object": "error", "message": "Invalid model: x", "type": "invalid_model", "param": null, "code": "1500"})",
     "error=Invalid model: x"},
};
INSTANTIATE_TEST_SUITE_P(OtherProviders, ResponseUsage, testing::ValuesIn(other_providers));

constexpr Answer rows[] = {
    {"https://github.com/open-telemetry/semantic-conventions/blob/main/docs/registry/attributes/gen-ai.md",
     R"({"name": "chat gpt-4", "attributes": {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4",
         "gen_ai.response.model": "gpt-4-0613", "gen_ai.response.id": "chatcmpl-123",
         "gen_ai.response.finish_reasons": ["stop"], "gen_ai.usage.input_tokens": 100,
         "gen_ai.usage.output_tokens": 180, "openai.response.service_tier": "scale"}})",
     "provider=openai; model=gpt-4-0613; id=chatcmpl-123; tier=scale; finish=stop; usage=otel: input 100, output 180"},
    {"https://github.com/Arize-ai/openinference/blob/main/spec/llm_spans.md",
     R"({"llm.provider": "openai", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 31,
         "llm.token_count.completion": 25, "llm.token_count.total": 56,
         "llm.input_messages.0.message.content": "Who won?"})",
     "provider=openai; model=gpt-4o; usage=openinference: input 31, output 25"},
    {"https://github.com/BerriAI/litellm/blob/main/schema.prisma",
     R"({"request_id": "chatcmpl-8", "call_type": "acompletion", "spend": 0, "total_tokens": 0, "prompt_tokens": 0,
         "completion_tokens": 0, "model": "gpt-4o", "custom_llm_provider": "azure", "status": "failure",
         "metadata": {"status": "failure", "error_information": {"error_code": "429",
         "error_class": "RateLimitError", "error_message": "rate limit exceeded"}}})",
     "provider=azure; model=gpt-4o; id=chatcmpl-8; finish=failure; error=RateLimitError: rate limit exceeded; "
     "usage=litellm_row: input 0, output 0, cost 0"},
    {"https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/commons.yml",
     R"({"id": "8f14e45f", "traceId": "t", "type": "GENERATION", "model": "gpt-4o", "level": "ERROR",
         "statusMessage": "timed out", "usageDetails": {"input": 5, "output": 0, "total": 5}, "totalCost": 0.01})",
     "model=gpt-4o; id=8f14e45f; error=timed out; usage=langfuse: input 5, output 0, cost 0.01"},
};
INSTANTIATE_TEST_SUITE_P(Rows, ResponseUsage, testing::ValuesIn(rows));

TEST(ResponseUsage, WithoutUsageIsRefusedUnlessTheCallFailed) {
    EXPECT_EQ(response_of(R"({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": null})"),
              "22023 the response tells neither usage nor an error. ");
    EXPECT_EQ(response_of(R"({"id": "x", "usage": {"tokens": 5}})"),
              "22023 usage has no known shape. Its fields are id, usage.tokens.");
    EXPECT_EQ(response_of(R"({"error": "x", "usage": {"tokens": 5}})"),
              "22023 usage has no known shape. Its fields are error, usage.tokens.");
}

TEST(ResponseUsage, HasTheTiersOfPrices) {
    for (const char* standard : {"default", "auto", "standard", "ON_DEMAND", "unspecified"}) {
        EXPECT_EQ(usage::tier_of(standard), "standard") << standard;
    }
    EXPECT_EQ(usage::tier_of("BATCH"), "batch");
    EXPECT_EQ(usage::tier_of("ON_DEMAND_FLEX"), "flex");
    EXPECT_EQ(usage::tier_of("ON_DEMAND_PRIORITY"), "priority");
    EXPECT_EQ(usage::tier_of("scale"), "scale");
    EXPECT_EQ(usage::tier_of(""), "");
}

} // namespace
} // namespace helix
