// The price list: which price was in force when, and what tokens cost.
#include "core/error.hpp"
#include "core/ledger/pricing.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace helix {
namespace {

constexpr Price sonnet{.input = 3'000'000, .cached_input = 300'000, .output = 15'000'000};

TEST(Pricing, CountsEachKindOfTokenAtItsPrice) {
    EXPECT_EQ(cost_of(sonnet, {.input = 1000, .cached_input = 0, .output = 0}).to_string(), "0.003");
    EXPECT_EQ(cost_of(sonnet, {.input = 0, .cached_input = 1000, .output = 0}).to_string(), "0.0003");
    EXPECT_EQ(cost_of(sonnet, {.input = 0, .cached_input = 0, .output = 1000}).to_string(), "0.015");
    EXPECT_EQ(cost_of(sonnet, {.input = 1, .cached_input = 1, .output = 1}).to_string(), "0.0000183");
    EXPECT_EQ(cost_of(sonnet, {}).to_string(), "0");
}

TEST(Pricing, IsAdditiveToTheLastUnit) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 5'000; ++i) {
        const auto some = [&] { return static_cast<std::int64_t>(random() % 2'000'000); };
        const TokenUse a{some(), some(), some()};
        const TokenUse b{some(), some(), some()};
        const TokenUse both{a.input + b.input, a.cached_input + b.cached_input, a.output + b.output};
        EXPECT_EQ(cost_of(sonnet, both), cost_of(sonnet, a) + cost_of(sonnet, b));
    }
}

TEST(Pricing, RefusesASumBeyondItsRange) {
    const auto most = std::numeric_limits<std::int64_t>::max();
    EXPECT_THROW(cost_of({most, most, most}, {most, most, most}), Error);
}

TEST(PriceList, FindsThePriceInForce) {
    PriceList list;
    list.add("anthropic", "m", 200, {2, 2, 2}); // later rows may come first
    list.add("anthropic", "m", 100, {1, 1, 1});
    list.add("anthropic", "m", 300, {3, 3, 3});
    EXPECT_EQ(list.find("anthropic", "m", 99), nullptr) << "not yet sold";
    EXPECT_EQ(list.find("anthropic", "m", 100)->input, 1);
    EXPECT_EQ(list.find("anthropic", "m", 199)->input, 1);
    EXPECT_EQ(list.find("anthropic", "m", 200)->input, 2);
    EXPECT_EQ(list.find("anthropic", "m", 1'000'000)->input, 3);
    EXPECT_EQ(list.find("anthropic", "other", 200), nullptr);
    EXPECT_EQ(list.find("openai", "m", 200), nullptr);
}

TEST(PriceList, NamesTheProviderOnlyWhereThereIsOne) {
    PriceList list;
    list.add("anthropic", "mine", 0, {});
    list.add("deepseek", "shared", 0, {});
    list.add("gemini", "shared", 0, {});
    EXPECT_EQ(list.provider_of("mine"), "anthropic");
    EXPECT_EQ(list.provider_of("shared"), "");
    EXPECT_EQ(list.provider_of("none"), "");
    list.clear();
    EXPECT_EQ(list.provider_of("mine"), "");
}

TEST(PriceList, KnowsModelsAndProviders) {
    PriceList list;
    EXPECT_FALSE(list.knows("openai"));
    list.add("openai", "gpt", 0, {});
    list.add("gemini", "gpt", 0, {});
    for (const char* name : {"openai", "gemini", "gpt"}) {
        EXPECT_TRUE(list.knows(name)) << name;
    }
    for (const char* name : {"", "gp", "gpt2", "anthropic"}) {
        EXPECT_FALSE(list.knows(name)) << name;
    }
}

} // namespace
} // namespace helix
