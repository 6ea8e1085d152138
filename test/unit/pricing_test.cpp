// What usage costs: exactly, with parts, stand-ins, bands and tiers.
#include "core/error.hpp"
#include "core/ledger/price_list.hpp"
#include "core/ledger/pricing.hpp"
#include "plain_price.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace helix {
namespace {

constexpr PicoUsd usd = 1'000'000'000'000;

using usage::UsageType;

// A model as providers sell it: 3 and 15 USD, twice and 1.5 times above 200,000 tokens, half in batches.
class Pricing : public testing::Test {
  protected:
    void SetUp() override {
        add_plain(list.card("anthropic", "m"), 0, {3 * usd, 3 * usd / 10, 15 * usd});
        auto& card = list.card("anthropic", "m");
        card.add({.type = UsageType::cache_write}, {0, 15 * usd / 4});
        card.add({.type = UsageType::web_search}, {0, 10'000 * usd});
        card.add({.type = UsageType::input, .above = 200'000}, {0, 6 * usd});
        card.add({.type = UsageType::output, .above = 200'000}, {0, 45 * usd / 2});
        card.add({.type = UsageType::input, .tier = "batch"}, {0, 3 * usd / 2});
        card.add({.type = UsageType::output, .tier = "batch"}, {0, 15 * usd / 2});
    }

    std::string cost(std::vector<Use> uses, RateQuery query = {}) const {
        const auto bill = price(*list.find("anthropic", "m"), uses, query);
        return bill.cost.to_string() + (bill.complete ? "" : " and more");
    }

    PriceList list;
};

TEST_F(Pricing, CountsEachTypeAtItsRate) {
    EXPECT_EQ(cost({{UsageType::input, 1000}}), "0.003");
    EXPECT_EQ(cost({{UsageType::cached_input, 1000}}), "0.0003");
    EXPECT_EQ(cost({{UsageType::output, 1000}}), "0.015");
    EXPECT_EQ(cost({{UsageType::input, 1}, {UsageType::cached_input, 1}, {UsageType::output, 1}}), "0.0000183");
    EXPECT_EQ(cost({{UsageType::input, 3}, {UsageType::cache_write, 12304}, {UsageType::output, 550}}), "0.054399");
    EXPECT_EQ(cost({{UsageType::input, 0}, {UsageType::web_search, 3}}), "0.03");
    EXPECT_EQ(cost({}), "0");
}

TEST_F(Pricing, WithoutARateTheStandInCounts) {
    EXPECT_EQ(cost({{UsageType::reasoning, 1000}}), "0.015");
    list.card("anthropic", "m").add({.type = UsageType::reasoning}, {0, usd});
    EXPECT_EQ(cost({{UsageType::output, 200}, {UsageType::reasoning, 700}}), "0.0037");
}

TEST_F(Pricing, ALongPromptCostsMoreOnTheWholeRequest) {
    EXPECT_EQ(cost({{UsageType::input, 200'000}, {UsageType::output, 1000}}), "0.615");
    EXPECT_EQ(cost({{UsageType::input, 200'001}, {UsageType::output, 1000}}), "1.222506");
    EXPECT_EQ(cost({{UsageType::input, 100'001}, {UsageType::cache_write, 100'000}, {UsageType::output, 1000}}),
              "0.997506")
        << "what is written to the cache is in the prompt too";
    EXPECT_EQ(cost({{UsageType::input, 200'000}, {UsageType::reasoning, 100'000}}), "2.1") << "the output is not";
}

TEST_F(Pricing, ATierHasItsOwnRatesAndTheStandardOnesForTheRest) {
    EXPECT_EQ(cost({{UsageType::input, 1000}, {UsageType::output, 1000}}, {.tier = "batch"}), "0.009");
    EXPECT_EQ(cost({{UsageType::web_search, 1}}, {.tier = "batch"}), "0.01");
    EXPECT_EQ(cost({{UsageType::input, 1000}}, {.tier = "priority"}), "0 and more");
}

TEST_F(Pricing, SaysThatItLacksARate) {
    EXPECT_EQ(cost({{UsageType::input, 1000}, {UsageType::web_fetch, 0}}), "0.003");
    EXPECT_EQ(cost({{UsageType::input, 1000}, {UsageType::web_fetch, 1}}), "0.003 and more");
}

TEST_F(Pricing, LinesSumUpToTheCost) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 5'000; ++i) {
        const auto some = [&] { return static_cast<std::int64_t>(random() % 300'000); };
        const std::vector<Use> uses{{UsageType::input, some()},       {UsageType::cached_input, some()},
                                    {UsageType::cache_write, some()}, {UsageType::output, some()},
                                    {UsageType::reasoning, some()},   {UsageType::web_search, some() % 5}};
        std::vector<BillLine> lines;
        const auto bill = price(*list.find("anthropic", "m"), uses, {}, &lines);
        Money sum;
        for (const auto& line : lines) {
            sum = sum + line.cost;
            EXPECT_EQ(line.cost, price_of(*line.rate->rate->price, line.use.count));
        }
        EXPECT_EQ(sum, bill.cost);
    }
}

TEST_F(Pricing, RefusesASumBeyondItsRange) {
    list.card("anthropic", "m").add({.type = UsageType::web_search}, {1, 999'999'999 * usd});
    EXPECT_THROW(cost({{UsageType::web_search, std::numeric_limits<std::int64_t>::max()}}, {.at = 2}), Error);
}

} // namespace
} // namespace helix
