// Fuzz target: usage objects and whole answers, as JSON and as fields with names that shapes know. Senders write them,
// and users may write anything: no crash, and nothing negative that counts.
#include "../unit/flat_json.hpp"
#include "check.hpp"
#include "core/error.hpp"
#include "core/ledger/usage/response.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <string>

using namespace helix;
using namespace helix::usage;

namespace {

constexpr std::string_view places[] = {"",
                                       "usage.",
                                       "usageMetadata.",
                                       "response.usage.",
                                       "response.body.usage.",
                                       "message.usage.",
                                       "attributes.",
                                       "metadata.usage_object.",
                                       "iterations.0.",
                                       "usageDetails."};

constexpr std::string_view names[] = {"prompt_tokens",
                                      "completion_tokens",
                                      "total_tokens",
                                      "prompt_tokens_details.cached_tokens",
                                      "prompt_tokens_details.cache_write_tokens",
                                      "prompt_tokens_details.audio_tokens",
                                      "prompt_tokens_details.image_tokens",
                                      "completion_tokens_details.reasoning_tokens",
                                      "prompt_cache_hit_tokens",
                                      "prompt_cache_miss_tokens",
                                      "num_cached_tokens",
                                      "connector_tokens",
                                      "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
                                      "spend",
                                      "input_tokens",
                                      "output_tokens",
                                      "cache_read_input_tokens",
                                      "cache_creation_input_tokens",
                                      "cache_creation.ephemeral_5m_input_tokens",
                                      "cache_creation.ephemeral_1h_input_tokens",
                                      "output_tokens_details.thinking_tokens",
                                      "server_tool_use.web_search_requests",
                                      "input_token_details.cached_tokens",
                                      "input_token_details.audio_tokens",
                                      "input_token_details.cached_tokens_details.audio_tokens",
                                      "promptTokenCount",
                                      "cachedContentTokenCount",
                                      "candidatesTokenCount",
                                      "thoughtsTokenCount",
                                      "toolUsePromptTokenCount",
                                      "totalTokenCount",
                                      "promptTokensDetails.0.tokenCount",
                                      "promptTokensDetails.0.modality",
                                      "cacheTokensDetails.0.tokenCount",
                                      "cacheTokensDetails.0.modality",
                                      "inputTokens",
                                      "outputTokens",
                                      "cacheReadInputTokens",
                                      "cacheWriteInputTokens",
                                      "cacheDetails.0.inputTokens",
                                      "cacheDetails.0.ttl",
                                      "cachedInputTokens",
                                      "reasoningTokens",
                                      "prompt_eval_count",
                                      "eval_count",
                                      "gen_ai.usage.input_tokens",
                                      "gen_ai.usage.output_tokens",
                                      "gen_ai.usage.cache_read.input_tokens",
                                      "gen_ai.usage.reasoning.output_tokens",
                                      "llm.token_count.prompt",
                                      "llm.token_count.prompt_details.cache_write",
                                      "llm.token_count.prompt_details.audio",
                                      "llm.token_count.total",
                                      "llm.cost.total",
                                      "input",
                                      "output",
                                      "total",
                                      "unit",
                                      "input_cached_tokens",
                                      "input_cache_creation_1h",
                                      "output_reasoning_tokens",
                                      "type",
                                      "service_tier"};

constexpr std::string_view texts[] = {"AUDIO", "IMAGE", "1h",   "5m", "compaction", "TOKENS", "12",
                                      "-12",   "1.5",   "12.0", ""};

void check_usage(const Usage& usage, std::span<const Field> fields) {
    std::int64_t all = 0;
    for (std::size_t i = 0; i < usage_types; ++i) {
        const auto type = static_cast<UsageType>(i);
        check(usage.counts[type] >= 0, "a negative count");
        check(usage.counts[type] <= max_count, "a count that is too large");
        check(usage.counts.has(type) || usage.counts[type] == 0, "a count that was not given");
        all += column_of(type) == Column::none ? 0 : usage.counts[type];
    }
    const auto sum = [&usage](Column column) { return usage.counts.sum(column).value_or(0); };
    check(sum(Column::input_tokens) + sum(Column::cached_input_tokens) + sum(Column::output_tokens) == all,
          "tokens that are in no column");
    check(!usage.cost_usd.starts_with('-'), "a negative cost");
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const bool is_number = fields[i].kind == FieldKind::number;
        check(!usage.read.test(i) || !is_number || !fields[i].text.starts_with('-'), "a negative number was read");
    }
}

// The usage as one text, or the error.
std::string read(std::span<const Field> fields) {
    try {
        const Usage usage = read_usage(fields);
        check_usage(usage, fields);
        std::string text(name_of(usage.shape));
        for (std::size_t i = 0; i < usage_types; ++i) {
            text += " " + std::to_string(usage.counts[static_cast<UsageType>(i)]);
        }
        return text;
    } catch (const Error& error) {
        const std::string_view state = error.sqlstate;
        check(state == "22023" || state == "22003", "another sqlstate");
        check(!error.message.empty() && !error.detail.empty() && !error.hint.empty(), "an error that tells too little");
        return std::string(state);
    }
}

void read_whole(std::span<const Field> fields) {
    try {
        const Response response = read_response(fields);
        check(response.usage || !response.error.empty(), "neither usage nor an error");
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate).starts_with("220"), "another sqlstate");
    }
}

void fuzz_json(FuzzedDataProvider& data) {
    const auto text = data.ConsumeRemainingBytesAsString();
    const FlatJson whole(text);
    if (!whole.valid()) {
        return;
    }
    const auto usage = read(whole.fields());
    read_whole(whole.fields());
    if (whole.fields().size() <= max_fields && usage != "22023" && usage != "22003") {
        const FlatJson part(text, FlatJson::Way::worthwhile);
        check(read(part.fields()) == usage, "what was left out was worth the walk");
    }
}

void fuzz_fields(FuzzedDataProvider& data) {
    std::deque<std::string> kept;
    std::vector<Field> fields;
    while (data.remaining_bytes() > 0 && fields.size() < 64) {
        const auto place = std::string(data.PickValueInArray(places));
        kept.push_back(place + std::string(data.PickValueInArray(names)));
        const std::string_view path = kept.back();
        switch (data.ConsumeIntegralInRange(0, 5)) {
        case 0:
            fields.push_back({path, FieldKind::string, data.PickValueInArray(texts)});
            break;
        case 1:
            fields.push_back({path, FieldKind::null, ""});
            break;
        case 2:
            kept.push_back(std::to_string(data.ConsumeIntegral<std::int64_t>()));
            fields.push_back({path, FieldKind::number, kept.back()});
            break;
        default:
            kept.push_back(std::to_string(data.ConsumeIntegralInRange(0, 300)));
            fields.push_back({path, FieldKind::number, kept.back()});
        }
    }
    read(fields);
    read_whole(fields);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    if (data.ConsumeBool()) { // from the end
        fuzz_fields(data);
    } else {
        fuzz_json(data);
    }
    return 0;
}
