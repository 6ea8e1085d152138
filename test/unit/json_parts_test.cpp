// JSON text in parts: at the outermost commas, whatever the parts hold.
#include "core/json_parts.hpp"

#include <gtest/gtest.h>

#include <string>

namespace helix {
namespace {

using Parts = std::vector<std::string_view>;

TEST(JsonParts, SplitsAtTheOutermostCommas) {
    EXPECT_EQ(json_elements(R"([1, "a,b" , [2,3],{"a": [4,5], "b": 6}])"),
              (Parts{"1", R"("a,b")", "[2,3]", R"({"a": [4,5], "b": 6})"}));
    EXPECT_EQ(json_elements(" \t\n[ ]\r "), Parts{});
    EXPECT_EQ(json_elements("[,]"), (Parts{"", ""})); // refused by who reads them
    EXPECT_EQ(json_elements("[1,]"), (Parts{"1", ""}));
}

TEST(JsonParts, StringsHideBracketsQuotesAndCommas) {
    EXPECT_EQ(json_elements(R"(["\"],[", "\\", "]"])"), (Parts{R"("\"],[")", R"("\\")", R"("]")"}));
    EXPECT_EQ(json_elements(R"([{"\u0000": "\u0000,"}, 2])"), (Parts{R"({"\u0000": "\u0000,"})", "2"}));
}

TEST(JsonParts, WhatIsNoArrayHasNoElements) {
    for (const auto* json : {"", "[", "]", "{}", "1", "[1", "1]", "[[1]", "[1]]", "[}]", "[{]"}) {
        EXPECT_EQ(json_elements(json), std::nullopt) << json;
    }
}

TEST(JsonParts, AStringWithoutItsEndTakesTheRest) {
    EXPECT_EQ(json_elements(R"([1, "a, 2])"), (Parts{"1", R"("a, 2)"}));
    EXPECT_EQ(json_elements("[\"\\]"), (Parts{"\"\\"}));
}

TEST(JsonParts, MembersHaveNamesAndValues) {
    const auto members = json_members(R"({ "a" : 1, "b,:{": {"c": [2, 3]}, "d":"e:f" })");
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 3U);
    EXPECT_EQ((*members)[0].name, "a");
    EXPECT_EQ((*members)[0].value, "1");
    EXPECT_EQ((*members)[1].name, "b,:{");
    EXPECT_EQ((*members)[1].value, R"({"c": [2, 3]})");
    EXPECT_EQ((*members)[2].value, R"("e:f")");
    for (const auto* json : {"[]", "{1}", R"({"a"})", R"({"a" 1})", R"({"a)"}) {
        EXPECT_FALSE(json_members(json)) << json;
    }
    EXPECT_TRUE(json_members("{}")->empty());
}

} // namespace
} // namespace helix
