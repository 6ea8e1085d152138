// The price list: who sells which model.
#include "core/ledger/price_list.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using usage::UsageType;

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

TEST(PriceList, KeepsTheModelsOfProvidersApart) {
    PriceList list;
    list.add("openai", "gpt", 0, {1, 2, 3});
    list.add("azure", "gpt", 0, {4, 5, 6});
    EXPECT_EQ(list.find("openai", "gpt")->find(UsageType::output, {})->rate->price, 3);
    EXPECT_EQ(list.find("azure", "gpt")->find(UsageType::cached_input, {})->rate->price, 5);
    EXPECT_EQ(list.find("azure", "other"), nullptr);
    EXPECT_EQ(list.find("gemini", "gpt"), nullptr);
}

} // namespace
} // namespace helix
