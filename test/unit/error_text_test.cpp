// Texts of errors: kept whole up to their bound, else cut behind a whole character with a mark.
#include "core/error_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace helix {
namespace {

std::string shortened(std::string_view text, std::size_t most = max_error_bytes) {
    const auto result = shorten_error(text, most);
    return std::string(result.kept) + std::string(result.mark());
}

TEST(ErrorText, WhatFitsStaysAsItIs) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, max_error_bytes - 1, max_error_bytes}) {
        const std::string text(size, 'x');
        EXPECT_EQ(shortened(text), text);
    }
}

TEST(ErrorText, WhatIsLongerIsCutVisibly) {
    const std::string text(19'004, 'x');
    const std::string mark = "\u2026 [19,004 bytes]";
    EXPECT_EQ(shortened(text), std::string(max_error_bytes - mark.size(), 'x') + mark);
    EXPECT_EQ(shortened(std::string(max_error_bytes + 1, 'x')).size(), max_error_bytes);
}

TEST(ErrorText, TheLengthIsTheWholeTextsInBytes) {
    EXPECT_TRUE(shortened(std::string(999, 'x'), 100).ends_with("x\u2026 [999 bytes]"));
    EXPECT_TRUE(shortened(std::string(1'000, 'x'), 100).ends_with("x\u2026 [1,000 bytes]"));
    EXPECT_TRUE(shortened(std::string(1'234'567, 'x'), 100).ends_with("x\u2026 [1,234,567 bytes]"));
}

// Characters of two, three and four bytes, at each offset to the place of the cut.
TEST(ErrorText, CutsBetweenCharacters) {
    for (const std::string character : {"\u00E9", "\u20AC", "\U0001F642"}) {
        for (std::size_t offset = 0; offset < character.size(); ++offset) {
            std::string text(offset, 'x');
            while (text.size() < 200) {
                text += character;
            }
            const auto result = shorten_error(text, 100);
            EXPECT_EQ((result.kept.size() - offset) % character.size(), 0U) << character << " from " << offset;
            EXPECT_GT(result.size() + character.size(), 100U);
            EXPECT_LE(result.size(), 100U);
        }
    }
}

TEST(ErrorText, ClipsNoTextThatFits) {
    EXPECT_EQ(clip_utf8("\u20AC", 3), 3U);
    EXPECT_EQ(clip_utf8("\u20AC", 2), 0U);
    EXPECT_EQ(clip_utf8("a\u20AC", 3), 1U);
    EXPECT_EQ(clip_utf8("", 0), 0U);
}

} // namespace
} // namespace helix
