// What usage costs: exactly, with parts, stand-ins, bands and tiers.
#include "core/error.hpp"
#include "core/ledger/price_list.hpp"
#include "core/ledger/pricing.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace helix {
namespace {

constexpr PicoUsd usd = 1'000'000'000'000;

// A model as providers sell it: 3 and 15 USD, twice and 1.5 times above 200,000 tokens, half in batches.
class Pricing : public testing::Test {
  protected:
    void SetUp() override {
        auto& types = list.types();
        types.at(input_type).in_prompt = true;
        types.at(cached_input_type) = {"cached_input", true, std::nullopt, input_type};
        write = types.add("cache_write");
        types.at(write) = {"cache_write", true, std::nullopt, input_type};
        write_1h = types.add("cache_write_1h");
        types.at(write_1h) = {"cache_write_1h", true, std::nullopt, write};
        reasoning = types.add("reasoning");
        types.at(reasoning) = {"reasoning", false, output_type, std::nullopt};
        audio = types.add("audio_input");
        types.at(audio) = {"audio_input", false, input_type, std::nullopt};
        search = types.add("web_search");

        list.add("anthropic", "m", 0, {3 * usd, 3 * usd / 10, 15 * usd});
        auto& card = list.card("anthropic", "m");
        card.add({.type = write}, {0, 15 * usd / 4});
        card.add({.type = search}, {0, 10'000 * usd});
        card.add({.type = input_type, .above = 200'000}, {0, 6 * usd});
        card.add({.type = output_type, .above = 200'000}, {0, 45 * usd / 2});
        card.add({.type = input_type, .tier = "batch"}, {0, 3 * usd / 2});
        card.add({.type = output_type, .tier = "batch"}, {0, 15 * usd / 2});
    }

    std::string cost(std::vector<Use> uses, RateQuery query = {}) const {
        const auto bill = price(list.types(), *list.find("anthropic", "m"), uses, query);
        return bill.cost.to_string() + (bill.complete ? "" : " and more");
    }

    PriceList list;
    UsageTypeId write = 0, write_1h = 0, reasoning = 0, audio = 0, search = 0;
};

TEST_F(Pricing, CountsEachTypeAtItsRate) {
    EXPECT_EQ(cost({{input_type, 1000}}), "0.003");
    EXPECT_EQ(cost({{cached_input_type, 1000}}), "0.0003");
    EXPECT_EQ(cost({{output_type, 1000}}), "0.015");
    EXPECT_EQ(cost({{input_type, 1}, {cached_input_type, 1}, {output_type, 1}}), "0.0000183");
    EXPECT_EQ(cost({{input_type, 3}, {write, 12304}, {cached_input_type, 0}, {output_type, 550}}), "0.054399");
    EXPECT_EQ(cost({{input_type, 0}, {search, 3}}), "0.03");
    EXPECT_EQ(cost({}), "0");
}

TEST_F(Pricing, WithoutARateTheStandInCounts) {
    EXPECT_EQ(cost({{write_1h, 1000}}), "0.00375");
}

TEST_F(Pricing, APartIsPricedWithItsWholeUnlessItHasARate) {
    EXPECT_EQ(cost({{output_type, 900}, {reasoning, 700}}), "0.0135");
    list.card("anthropic", "m").add({.type = reasoning}, {0, usd});
    EXPECT_EQ(cost({{output_type, 900}, {reasoning, 700}}), "0.0037") << "200 at 15 and 700 at 1 USD";
    EXPECT_EQ(cost({{output_type, 700}, {reasoning, 700}}), "0.0007");
}

TEST_F(Pricing, ALongPromptCostsMoreOnTheWholeRequest) {
    EXPECT_EQ(cost({{input_type, 200'000}, {output_type, 1000}}), "0.615");
    EXPECT_EQ(cost({{input_type, 200'001}, {output_type, 1000}}), "1.222506");
    EXPECT_EQ(cost({{input_type, 100'001}, {write, 100'000}, {output_type, 1000}}), "0.997506")
        << "what is written to the cache is in the prompt too";
    EXPECT_EQ(cost({{input_type, 200'000}, {audio, 100'000}, {output_type, 1000}}), "0.615") << "a part counts once";
}

TEST_F(Pricing, ATierHasItsOwnRatesAndTheStandardOnesForTheRest) {
    EXPECT_EQ(cost({{input_type, 1000}, {output_type, 1000}}, {.tier = "batch"}), "0.009");
    EXPECT_EQ(cost({{search, 1}}, {.tier = "batch"}), "0.01");
    EXPECT_EQ(cost({{input_type, 1000}}, {.tier = "priority"}), "0 and more");
}

TEST_F(Pricing, SaysThatItLacksARate) {
    const auto unknown = list.types().add("video");
    EXPECT_EQ(cost({{input_type, 1000}, {unknown, 0}}), "0.003");
    EXPECT_EQ(cost({{input_type, 1000}, {unknown, 1}}), "0.003 and more");
}

TEST_F(Pricing, TypesThatStandInForEachOtherEnd) {
    const auto one = list.types().add("one");
    const auto two = list.types().add("two");
    list.types().at(one).priced_as = two;
    list.types().at(two).priced_as = one;
    EXPECT_EQ(cost({{one, 1}}), "0 and more");
}

TEST_F(Pricing, LinesSumUpToTheCost) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 5'000; ++i) {
        const auto some = [&] { return static_cast<std::int64_t>(random() % 300'000); };
        const auto output = some();
        const std::vector<Use> uses{{input_type, some()},  {cached_input_type, some()}, {write, some()},
                                    {output_type, output}, {reasoning, output / 2},     {search, some() % 5}};
        std::vector<BillLine> lines;
        const auto bill = price(list.types(), *list.find("anthropic", "m"), uses, {}, &lines);
        Money sum;
        for (const auto& line : lines) {
            sum = sum + line.cost;
            EXPECT_EQ(line.cost, price_of(*line.rate->rate->price, line.use.count));
        }
        EXPECT_EQ(sum, bill.cost);
    }
}

TEST_F(Pricing, RefusesASumBeyondItsRange) {
    list.card("anthropic", "m").add({.type = search}, {1, 999'999'999 * usd});
    EXPECT_THROW(cost({{search, std::numeric_limits<std::int64_t>::max()}}, {.at = 2}), Error);
}

} // namespace
} // namespace helix
