// The price list: who sells which model.
#include "core/ledger/price_list.hpp"
#include "plain_price.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using usage::UsageType;

using Names = std::vector<std::string_view>;

TEST(PriceList, NamesWhoSellsAModel) {
    PriceList list;
    list.card("anthropic", "mine");
    list.card("gemini", "shared");
    list.card("deepseek", "shared");
    EXPECT_EQ(list.sellers_of("mine"), Names{"anthropic"});
    EXPECT_EQ(list.sellers_of("shared"), (Names{"deepseek", "gemini"}));
    EXPECT_EQ(list.sellers_of("none"), Names{});
    list.clear();
    EXPECT_EQ(list.sellers_of("mine"), Names{});
    EXPECT_FALSE(list.has_provider("anthropic"));
}

TEST(PriceList, KnowsModelsAndProvidersApart) {
    PriceList list;
    EXPECT_FALSE(list.has_provider("openai"));
    list.card("openai", "gpt");
    EXPECT_TRUE(list.has_provider("openai"));
    EXPECT_TRUE(list.has_model("gpt"));
    for (const char* name : {"", "gp", "gpt2", "anthropic"}) {
        EXPECT_FALSE(list.has_model(name)) << name;
        EXPECT_FALSE(list.has_provider(name)) << name;
    }
    EXPECT_FALSE(list.has_model("openai"));
    EXPECT_FALSE(list.has_provider("gpt"));
}

TEST(PriceList, KeepsTheModelsOfProvidersApart) {
    PriceList list;
    add_plain(list.card("openai", "gpt"), 0, {1, 2, 3});
    add_plain(list.card("azure", "gpt"), 0, {4, 5, 6});
    EXPECT_EQ(list.find("openai", "gpt")->find(UsageType::output, {})->rate->price, 3);
    EXPECT_EQ(list.find("azure", "gpt")->find(UsageType::cached_input, {})->rate->price, 5);
    EXPECT_EQ(list.find("azure", "other"), nullptr);
    EXPECT_EQ(list.find("gemini", "gpt"), nullptr);
}

} // namespace
} // namespace helix
