#include "core/text_parts.hpp"

#include <gtest/gtest.h>

namespace helix {

namespace {

TEST(TextParts, BlanksAndLineEndsAreTakenOffBothEnds) {
    EXPECT_EQ(trimmed(" \t\r\na b\n"), "a b");
    EXPECT_EQ(trimmed("a"), "a");
    EXPECT_EQ(trimmed(" \n"), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(TextParts, APartEndsAtTheMark) {
    std::string_view text = "a::b::";
    EXPECT_EQ(take_part(text, "::"), "a");
    EXPECT_EQ(text, "b::");
    EXPECT_EQ(take_part(text, "::"), "b");
    EXPECT_EQ(text, "");
    EXPECT_EQ(take_part(text, "::"), "");
}

TEST(TextParts, WithoutTheMarkItIsAllOfTheText) {
    std::string_view text = "a:b";
    EXPECT_EQ(take_part(text, "::"), "a:b");
    EXPECT_EQ(text, "");
}

} // namespace

} // namespace helix
