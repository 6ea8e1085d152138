// Price lists from outside: what LiteLLM's fields and helix's rows mean, and what they change.
#include "core/error.hpp"
#include "core/ledger/litellm_prices.hpp"
#include "core/ledger/own_list.hpp"
#include "core/ledger/price_import.hpp"
#include "plain_price.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using usage::UsageType;
using Kind = ListedField::Kind;

constexpr std::int64_t now = 1000;

std::string scope_text(std::string_view field, std::string_view mode = "chat") {
    const auto scope = litellm_scope(field, mode);
    return scope ? std::string(usage::name_of(scope->type)) + " " + scope->tier + " " + std::to_string(scope->above)
                 : "none";
}

TEST(Litellm, KnowsWhatPricesAreFor) {
    EXPECT_EQ(scope_text("input_cost_per_token"), "input standard 0");
    EXPECT_EQ(scope_text("cache_read_input_token_cost_flex"), "cached_input flex 0");
    EXPECT_EQ(scope_text("output_cost_per_token_batches"), "output batch 0");
    EXPECT_EQ(scope_text("cache_creation_input_token_cost_above_1hr_above_200k_tokens"),
              "cache_write_1h standard 200000");
    EXPECT_EQ(scope_text("input_cost_per_token_above_272k_tokens_priority"), "input priority 272000");
    EXPECT_EQ(scope_text("search_context_cost_per_query.search_context_size_medium"), "web_search standard 0");
    EXPECT_EQ(scope_text("input_cost_per_second", "audio_transcription"), "audio_seconds standard 0");
    EXPECT_EQ(scope_text("input_cost_per_query", "rerank"), "rerank standard 0");
    EXPECT_EQ(scope_text("input_cost_per_second"), "none");
    EXPECT_EQ(scope_text("input_cost_per_token_above_1hr"), "none");
    EXPECT_EQ(scope_text("input_cost_per_token_above_k_tokens"), "none");
    EXPECT_EQ(scope_text("input_cost_per_video_per_second_above_8s_interval"), "none");
}

std::string model_text(std::string_view provider, std::string_view name) {
    const auto model = litellm_model(provider, name);
    return model.provider + " | " + model.model;
}

TEST(Litellm, NamesModelsAsTheirProvidersDo) {
    EXPECT_EQ(model_text("openai", "gpt-4o"), "openai | gpt-4o");
    EXPECT_EQ(model_text("azure", "azure/eu/gpt-4o"), "azure | eu/gpt-4o");
    EXPECT_EQ(model_text("gemini", "gemini/gemini-2.5-pro"), "gemini | gemini-2.5-pro");
    EXPECT_EQ(model_text("vertex_ai-language-models", "gemini-2.5-pro"), "gemini | gemini-2.5-pro");
    EXPECT_EQ(model_text("vertex_ai-anthropic_models", "vertex_ai/claude-opus-4"), "vertex_ai | claude-opus-4");
    EXPECT_EQ(model_text("bedrock_converse", "us.anthropic.claude-x-v1:0"), "bedrock | us.anthropic.claude-x-v1:0");
    EXPECT_EQ(model_text("openrouter", "openrouter/openai/gpt-4o"), "openrouter | openai/gpt-4o");
    EXPECT_EQ(model_text("text-completion-openai", "davinci-002"), "openai | davinci-002");
    EXPECT_EQ(model_text("fireworks_ai-embedding-models", "fireworks_ai/e"), "fireworks_ai | e");
}

// "provider/model type=usd@from", and the troubles, in their order.
std::string text_of(const PriceImport& import, const PriceListing& listing) {
    std::string text;
    for (const auto& change : import.changes) {
        text += (text.empty() ? "" : "; ") + std::string(usage::name_of(change.to.scope.type)) + " " +
                change.to.scope.tier + " " + std::to_string(change.to.scope.above) + " " +
                (change.old_price ? usd_per_million(*change.old_price) : "-") + ">" +
                (change.to.price ? usd_per_million(*change.to.price) : "-") + "@" + std::to_string(change.valid_from);
    }
    for (const auto& trouble : listing.refused) {
        text += " refused: " + trouble.reason;
    }
    for (const auto& trouble : listing.skipped) {
        text += " skipped: " + trouble.reason;
    }
    return text;
}

class PriceImportTest : public testing::Test {
  protected:
    void litellm(std::vector<ListedField> fields, std::string_view name = "m", std::string_view provider = "p") {
        fields.push_back({"litellm_provider", Kind::text, provider});
        read_litellm_entry(name, fields, listing_);
    }
    void row(std::vector<ListedField> fields) {
        fields.push_back({"provider", Kind::text, "p"});
        fields.push_back({"model", Kind::text, "m"});
        read_own_row(
            ++rows_, fields, [](std::string_view) { return std::int64_t{500}; }, listing_);
    }
    std::string compared() {
        const auto import = compare(listing_, list_, {now, std::nullopt},
                                    [this](std::string_view, std::string_view) { return alias_; });
        plain_ = import.plain.size();
        return text_of(import, listing_);
    }

    static constexpr PicoUsd usd = 1'000'000'000'000;
    PriceList list_;
    PriceListing listing_;
    const RateCard* alias_ = nullptr;
    std::size_t plain_ = 0;
    std::size_t rows_ = 0;
};

TEST_F(PriceImportTest, NewModelsHaveTheirPricesFromEverOn) {
    litellm({{"input_cost_per_token", Kind::number, "0.0000025"}, {"max_tokens", Kind::number, "5"}});
    EXPECT_EQ(compared(), "input standard 0 ->2.5@0; cached_input standard 0 ->2.5@0; output standard 0 ->0@0");
    EXPECT_EQ(plain_, 1U);
}

TEST_F(PriceImportTest, KnownModelsChangeFromNowOnAndKeepWhatTheListLacks) {
    add_plain(list_.card("p", "m"), 10, {.input = usd, .cached_input = usd / 2, .output = 3 * usd});
    litellm({{"input_cost_per_token", Kind::number, "0.000002"}, {"output_cost_per_token", Kind::number, "0.000003"}});
    EXPECT_EQ(compared(), "input standard 0 1>2@1000");
    EXPECT_EQ(plain_, 1U);
}

TEST_F(PriceImportTest, LeavesOutWhatTheRateItStandsForCosts) {
    litellm({{"input_cost_per_token", Kind::number, "0.000002"},
             {"cache_read_input_token_cost", Kind::number, "0.000001"},
             {"output_cost_per_token", Kind::number, "0.000003"},
             {"output_cost_per_reasoning_token", Kind::number, "0.000003"},
             {"input_cost_per_token_flex", Kind::number, "0.000002"}});
    EXPECT_EQ(compared(), "input standard 0 ->2@0; cached_input standard 0 ->1@0; output standard 0 ->3@0; "
                          "input flex 0 ->2@0");
}

TEST_F(PriceImportTest, LeavesOutWhatAnAliasNamesAlready) {
    RateCard card;
    card.add({.type = UsageType::input}, {10, 2 * usd});
    alias_ = &card;
    litellm({{"input_cost_per_token", Kind::number, "0.000002"}});
    EXPECT_EQ(compared(), "");
    litellm({{"input_cost_per_token_batches", Kind::number, "0.000001"}});
    EXPECT_NE(compared(), "");
}

TEST_F(PriceImportTest, TellsWhatItCannotTake) {
    litellm({{"input_cost_per_character", Kind::number, "1"}, {"supports_vision", Kind::other, {}}}, "tts");
    litellm({{"mode", Kind::text, "chat"}}, "nothing");
    litellm({{"output_cost_per_token", Kind::number, "1"}}, "half");
    litellm({{"input_cost_per_token", Kind::number, "-1"}}, "negative");
    litellm({{"input_cost_per_token", Kind::text, "free"}}, "words");
    read_litellm_entry("sample_spec", {}, listing_);
    compared();
    ASSERT_EQ(listing_.skipped.size(), 6U);
    EXPECT_EQ(listing_.skipped[0].reason, "helix has no price for input_cost_per_character.");
    EXPECT_EQ(listing_.skipped[1].reason, "It has no price.");
    EXPECT_EQ(listing_.skipped[2].reason, "helix has no price for output without input_cost_per_token.");
    ASSERT_EQ(listing_.refused.size(), 2U);
    EXPECT_EQ(listing_.refused[1].reason, "input_cost_per_token: It is no number.");
    EXPECT_TRUE(listing_.prices.empty());
}

TEST_F(PriceImportTest, ThePriceOfTheProviderComesBeforeThatOfACloud) {
    litellm({{"input_cost_per_token", Kind::number, "0.000009"}}, "gemini-x", "vertex_ai-language-models");
    litellm({{"input_cost_per_token", Kind::number, "0.000002"}}, "gemini/gemini-x", "gemini");
    EXPECT_EQ(compared(),
              "input standard 0 ->2@0; cached_input standard 0 ->2@0; output standard 0 ->0@0 skipped: input, "
              "tier standard: the list has two prices, 2 and 9. The first counts.");
}

TEST_F(PriceImportTest, ReadsRowsOfTheTables) {
    add_plain(list_.card("p", "m"), 10, {.input = usd, .cached_input = usd, .output = usd});
    row({{"usage_type", Kind::text, "web_search"},
         {"usd_per_million", Kind::number, "10000"},
         {"shipped", Kind::other, {}}});
    row({{"usage_type", Kind::text, "output"},
         {"week_hours", Kind::text, "{[0,24)}"},
         {"above_prompt_tokens", Kind::number, "100"},
         {"usd_per_million", Kind::text, "0.000000000001"},
         {"valid_from", Kind::text, "x"}});
    row({{"input_usd_per_mtok", Kind::number, "1"}, {"output_usd_per_mtok", Kind::number, "4"}});
    EXPECT_EQ(compared(), "output standard 100 ->0.000000000001@500; output standard 0 1>4@1000; "
                          "web_search standard 0 ->10000@1000");
}

TEST_F(PriceImportTest, RefusesRowsThatAreWrong) {
    row({{"usage_type", Kind::text, "smell"}, {"usd_per_million", Kind::number, "1"}});
    row({{"usage_type", Kind::text, "output"}});
    row({{"usage_type", Kind::text, "output"}, {"usd_per_million", Kind::null, {}}});
    row({{"usage_type", Kind::text, "output"},
         {"week_hours", Kind::text, "{}"},
         {"usd_per_million", Kind::number, "1"}});
    row({{"input_usd_per_mtok", Kind::number, "-1"}});
    row({{"colour", Kind::text, "red"}});
    row({{"input_usd_per_mtok", Kind::number, "1"}});
    row({{"input_usd_per_mtok", Kind::number, "2"}});
    compared();
    ASSERT_EQ(listing_.refused.size(), 7U) << text_of({}, listing_);
    EXPECT_EQ(listing_.refused[0].reason, "Row 1: usage_type is unknown: \"smell\".");
    EXPECT_EQ(listing_.refused[6].reason, "input, tier standard: the list has two prices, 1 and 2.");
}

TEST_F(PriceImportTest, LaterRowsAreComparedWithThoseBefore) {
    add_plain(list_.card("p", "m"), 10, {.input = usd, .cached_input = usd, .output = usd});
    row({{"input_usd_per_mtok", Kind::number, "7"}, {"valid_from", Kind::text, "500"}});
    row({{"input_usd_per_mtok", Kind::number, "1"}}); // as it is now, but for the row before
    EXPECT_EQ(compared(), "input standard 0 1>7@500; input standard 0 7>1@1000");
    EXPECT_EQ(plain_, 2U);
}

TEST(Money, ReadsThePriceOfOne) {
    EXPECT_EQ(usd_per_million(parse_price_of_one("0.0000025")), "2.5");
    EXPECT_EQ(usd_per_million(parse_price_of_one("0.035")), "35000");
    EXPECT_EQ(usd_per_million(parse_price_of_one("0")), "0");
    EXPECT_EQ(usd_per_million(parse_price_of_one("12")), "12000000");
    EXPECT_EQ(usd_per_million(parse_price_of_one("0.0002833333333333333")), "283.333333333333");
    EXPECT_EQ(usd_per_million(parse_price_of_one("0.0000000000000000015")), "0.000000000002");
    EXPECT_THROW(parse_price_of_one("-0.1"), Error);
    EXPECT_THROW(parse_price_of_one("1000"), Error);
    EXPECT_THROW(parse_price_of_one("0.0000000000000000000x"), Error);
}

TEST(WeekHours, AreReadAsTheyAreWritten) {
    for (const auto* text : {"{[0,168)}", "{[0,24),[120,168)}", "{[167,168)}"}) {
        const auto hours = parse_week_hours(text);
        ASSERT_TRUE(hours) << text;
        EXPECT_EQ(to_text(*hours), text);
    }
    for (const auto* text : {"", "{}", "{[0,169)}", "{[0,24)", "{[0,24)}x", "{[5,5)}", "{[-1,5)}", "[0,24)"}) {
        EXPECT_FALSE(parse_week_hours(text)) << text;
    }
}

} // namespace
} // namespace helix
