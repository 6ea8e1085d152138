// What holds for usage of every shape: what a count is, what contradicts itself, what is kept, and what types cost.
#include "core/ledger/usage/flattening.hpp"
#include "core/ledger/usage/input_parts.hpp"
#include "usage_text.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace helix {
namespace {

using usage::Column;
using usage::Count;
using usage::FieldKind;
using usage::UsageType;

TEST(UsageRules, CountsAreWholeAndNotNegative) {
    EXPECT_EQ(usage::whole_count("0"), 0);
    EXPECT_EQ(usage::whole_count("12.0"), 12);
    EXPECT_EQ(usage::whole_count("007"), 7);
    EXPECT_EQ(usage::whole_count("1000000000"), 1'000'000'000);
    EXPECT_EQ(usage::whole_count("1000000000.000"), 1'000'000'000);
    for (const char* text : {"", "-1", "-0", "+1", "1.5", "1.", ".0", "1e3", "0x1", " 1", "1 ", "1000000001", "NaN",
                             "99999999999999999999999999", "1.0.0"}) {
        EXPECT_FALSE(usage::whole_count(text)) << text;
    }
}

TEST(UsageRules, RefusalsNameFieldAndValue) {
    EXPECT_EQ(usage_of(R"({"prompt_tokens": -5})"), "22003 prompt_tokens is out of range. It is -5.");
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 1000000001})"), "22003 prompt_tokens is out of range. It is 1000000001.");
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 1.5})"), "22023 prompt_tokens is not a whole number. It is 1.5.");
    EXPECT_EQ(usage_of(R"({"usage": {"input_tokens": true, "output_tokens": 1}})"),
              "22023 usage.input_tokens is not a whole number. It is true.");
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": "many"}})"),
              "22023 prompt_tokens_details.cached_tokens is not a whole number. It is \"many\".");
    EXPECT_EQ(usage_of(R"({"spend": -0.5, "prompt_tokens": 1})"), "22003 spend is out of range. It is -0.5.");
    EXPECT_EQ(usage_of(R"({"spend": "free", "prompt_tokens": 1})"),
              "22023 spend is not an amount in USD. It is \"free\".");
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 1, "total_tokens": -1})"), "22003 total_tokens is out of range. It is -1.");
    EXPECT_EQ(usage_of(R"({"type": "duration", "seconds": -0.5})"), "22003 seconds is out of range. It is -0.5.");
    EXPECT_EQ(usage_of(R"({"type": "duration", "seconds": 1000000000.5})"),
              "22003 seconds is out of range. It is 1000000000.5.");
    EXPECT_EQ(usage_of(R"({"type": "duration", "seconds": "long"})"), "22023 seconds is not a number. It is \"long\".");
    EXPECT_EQ(usage_of(R"({"output_tokens": 1, "iterations": [{"type": "compaction", "output_tokens": 1000000000}]})"),
              "22003 usage is out of range. The sum of output is 1000000001.");
}

TEST(UsageRules, AcceptsCountsAsText) {
    EXPECT_EQ(usage_of(R"({"prompt_tokens": "12", "completion_tokens": "3.0"})"), "openai_chat: input 12, output 3");
}

TEST(UsageRules, NullIsMissing) {
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 12, "completion_tokens": null, "prompt_tokens_details": null})"),
              "openai_chat: input 12");
}

TEST(UsageRules, UnknownShapesAreRefused) {
    EXPECT_EQ(usage_of("{}"), "22023 usage has no known shape. It has no fields.");
    EXPECT_EQ(usage_of(R"({"tokens": 5, "words": {"in": 3}})"),
              "22023 usage has no known shape. Its fields are tokens, words.in.");
    const std::string long_name(300, 'x');
    EXPECT_EQ(usage_of(R"({")" + long_name + R"(": 5})"), "22023 usage has no known shape. Its fields are ….");
    std::vector<usage::Field> many(usage::max_fields + 1, {"a", FieldKind::number, "1"});
    EXPECT_THROW(usage::read_usage(many), Error);
}

TEST(UsageRules, ProvidersThatContradictThemselvesAreRefused) {
    EXPECT_EQ(usage_of(R"({"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 176640}})"),
              "22023 prompt_tokens is smaller than its parts. "
              "It is 100, with prompt_tokens_details.cached_tokens 176640.");
    EXPECT_EQ(usage_of(R"({"usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
                                     "output_tokens_details": {"reasoning_tokens": 6}}})"),
              "22023 usage.output_tokens is smaller than its parts. "
              "It is 5, with usage.output_tokens_details.reasoning_tokens 6.");
    // OpenAI's own documentation of realtime
    EXPECT_EQ(usage_of(R"({"total_tokens": 275, "input_tokens": 127, "output_tokens": 148, "input_token_details":
                           {"cached_tokens": 384, "text_tokens": 119, "audio_tokens": 8}})"),
              "22023 input_tokens is smaller than its parts. It is 127, with input_token_details.cached_tokens 384.");
    for (const char* json :
         {R"({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 5}})",
          R"({"prompt_tokens": 10, "prompt_tokens_details": {"audio_tokens": 11}})",
          R"({"completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 6, "audio_tokens": 5}})",
          R"({"prompt_tokens": 10, "prompt_cache_hit_tokens": 11})",
          R"({"promptTokenCount": 10, "cachedContentTokenCount": 11})",
          R"({"candidatesTokenCount": 1, "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}]})",
          R"({"prompt_tokens": 70, "num_cached_tokens": 71})",
          R"({"output_tokens": 5, "output_tokens_details": {"thinking_tokens": 6}})",
          R"({"output_tokens": 5, "cache_creation_input_tokens": 5,
              "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 4}})",
          R"({"inputTokens": 1, "cacheWriteInputTokens": 5, "cacheDetails": [{"ttl": "1h", "inputTokens": 6}]})"}) {
        EXPECT_TRUE(usage_of(json).starts_with("22023 ")) << json;
    }
    EXPECT_EQ(usage_of(R"({"completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}})"),
              "22023 usage has parts of a count without the count. It has prompt_tokens_details.cached_tokens 3.");
    EXPECT_TRUE(usage_of(R"({"input": 1, "unit": "CHARACTERS"})").starts_with("22023 unit is not TOKENS"));
}

TEST(UsageRules, TheObjectsOwnTotalTellsWhatAThoughtIsIn) {
    EXPECT_EQ(usage_of(R"({"promptTokenCount": 100, "candidatesTokenCount": 800, "thoughtsTokenCount": 700,
                           "totalTokenCount": 900})"),
              "gemini: input 100, output 100, reasoning 700, marked");
    EXPECT_EQ(usage_of(R"({"promptTokenCount": 100, "candidatesTokenCount": 800, "thoughtsTokenCount": 700,
                           "totalTokenCount": 1600})"),
              "gemini: input 100, output 800, reasoning 700");
}

TEST(UsageRules, KeepsCountOfWhatWasRead) {
    const FlatJson flat(R"({"completion_tokens": 174, "completion_tokens_details": {"reasoning_tokens": 147},
                            "prompt_tokens": 254, "queue_time": 0.0049, "total_tokens": 428, "x_groq": {"id": "r"}})");
    const auto read = usage::read_usage(flat.fields()).read;
    std::set<std::string_view> unknown;
    for (std::size_t i = 0; i < flat.fields().size(); ++i) {
        if (!read.test(i)) {
            unknown.insert(flat.fields()[i].path);
        }
    }
    EXPECT_EQ(unknown, (std::set<std::string_view>{"queue_time", "x_groq.id"}));
}

// A token is in one type: whatever the parts are, the types add up to the total.
TEST(UsageRules, PartsOfTheInputAddUp) {
    std::mt19937_64 random(18);
    const auto up_to = [&random](std::int64_t most) {
        return Count{"part", static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1)), true};
    };
    for (int i = 0; i < 50'000; ++i) {
        usage::InputParts parts;
        parts.total = up_to(20);
        parts.cached = up_to(parts.total.value);
        parts.write = up_to(parts.total.value - parts.cached.value);
        parts.write_1h = up_to(parts.total.value - parts.cached.value - parts.write.value);
        parts.audio = up_to(parts.total.value);
        parts.image = up_to(parts.total.value - parts.audio.value);
        parts.cached_audio = up_to(std::min(parts.audio.value, parts.cached.value));
        parts.cached_image = up_to(std::min(parts.image.value, parts.cached.value - parts.cached_audio.value));
        usage::Fields fields({});
        usage::Usage usage;
        usage::put_input(usage::Object(fields, ""), parts, usage);
        const auto& counts = usage.counts;
        const auto cached = counts.sum(Column::cached_input_tokens).value_or(0);
        EXPECT_EQ(counts.sum(Column::input_tokens).value_or(0) + cached, parts.total.value);
        EXPECT_EQ(cached, parts.cached.value);
        EXPECT_EQ(counts[UsageType::cache_write], parts.write.value);
        EXPECT_GE(counts[UsageType::cached_input_audio], parts.cached_audio.value);
        EXPECT_LE(counts[UsageType::input_audio] + counts[UsageType::cached_input_audio], parts.audio.value);
    }
}

TEST(UsageRules, TypesHaveNamesAndAPriceToFallBackTo) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < usage::usage_types; ++i) {
        const auto type = static_cast<UsageType>(i);
        names.insert(usage::name_of(type));
        EXPECT_EQ(usage::usage_type_of(usage::name_of(type)), type);
        const auto other = usage::priced_as(type);
        if (other) {
            EXPECT_LT(usage::index_of(*other), i) << "it never comes back to " << usage::name_of(type);
            EXPECT_NE(usage::column_of(type), Column::none);
        }
    }
    EXPECT_EQ(names.size(), usage::usage_types);
    EXPECT_FALSE(usage::usage_type_of("tokens"));
    EXPECT_EQ(usage::priced_as(UsageType::reasoning), UsageType::output);
    EXPECT_EQ(usage::priced_as(UsageType::cache_write_1h), UsageType::cache_write);
    EXPECT_EQ(usage::priced_as(UsageType::cached_input_audio), UsageType::cached_input);
    EXPECT_FALSE(usage::priced_as(UsageType::input));
    EXPECT_FALSE(usage::priced_as(UsageType::web_search));
}

TEST(UsageRules, ColumnsHoldAllTokens) {
    const FlatJson flat(R"({"input_tokens": 6, "cache_creation_input_tokens": 574, "cache_read_input_tokens": 20443,
                            "output_tokens": 489, "output_tokens_details": {"thinking_tokens": 77}})");
    const auto counts = usage::read_usage(flat.fields()).counts;
    EXPECT_EQ(counts.sum(Column::input_tokens), 580);
    EXPECT_EQ(counts.sum(Column::cached_input_tokens), 20443);
    EXPECT_EQ(counts.sum(Column::output_tokens), 489);
    const FlatJson output(R"({"output_tokens": 15})");
    EXPECT_FALSE(usage::read_usage(output.fields()).counts.sum(Column::input_tokens));
}

TEST(UsageRules, ConversationsAreNotWorthAWalk) {
    for (const char* path : {"choices.0.message.content", "choices.0.message.tool_calls", "choices.1", "content",
                             "output", "candidates.0.content", "messages", "context", "embeddings", "data", "tools",
                             "llm.input_messages", "attributes.gen_ai.input.messages"}) {
        EXPECT_FALSE(usage::may_hold_usage(path)) << path;
    }
    for (const char* path : {"usage", "usage.whatever.it.is", "response", "response.body.usage", "choices", "choices.0",
                             "metadata.usage_object.prompt_tokens_details", "prompt_tokens_details", "gen_ai.usage",
                             "promptTokensDetails.3", "cacheDetails.0", "iterations.12", "attributes"}) {
        EXPECT_TRUE(usage::may_hold_usage(path)) << path;
    }
    EXPECT_FALSE(usage::may_be_usage("attributes.llm.input_messages.0.message.content"));
    EXPECT_FALSE(usage::may_be_usage("gen_ai.prompt.0.content"));
    EXPECT_TRUE(usage::may_be_usage("gen_ai.usage.prompt_tokens"));
    EXPECT_TRUE(usage::may_be_usage("anything"));
}

} // namespace
} // namespace helix
