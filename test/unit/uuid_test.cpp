// Uuids without a server: the canonical form is read in either case and written in lower case.
#include "core/uuid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>

namespace helix {
namespace {

TEST(Uuid, ReadsEitherCase) {
    const auto lower = parse_uuid("00112233-4455-6677-8899-aabbccddeeff");
    ASSERT_TRUE(lower.has_value());
    for (std::size_t i = 0; i < lower->size(); ++i) {
        EXPECT_EQ((*lower)[i], i * 0x11);
    }
    EXPECT_EQ(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF"), lower);
    EXPECT_EQ(parse_uuid("00112233-4455-6677-8899-aABbcCDdeEFf"), lower);
}

TEST(Uuid, RefusesEverythingElse) {
    for (const char* text : {"", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
                             "00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899-aabbccddeef",
                             "00112233-4455-6677-8899-aabbccddeeff0", "0011223-34455-6677-8899-aabbccddeeff",
                             "00112233_4455-6677-8899-aabbccddeeff"}) {
        EXPECT_FALSE(parse_uuid(text).has_value()) << text;
    }
}

TEST(Uuid, RefusesEveryOtherByteAnywhere) {
    const std::string good = "0011a233-4455-6677-8899-aabbccddeeff";
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (int c = 0; c < 256; ++c) {
            std::string text = good;
            text[i] = static_cast<char>(c);
            const bool fits = good[i] == '-' ? c == '-' : std::isxdigit(c) != 0;
            EXPECT_EQ(parse_uuid(text).has_value(), fits) << i << ' ' << c;
        }
    }
}

TEST(Uuid, WritesLowerCase) {
    EXPECT_EQ(format_uuid({}), "00000000-0000-0000-0000-000000000000");
    std::mt19937_64 random(1);
    for (int i = 0; i < 1'000; ++i) {
        UuidBytes bytes{};
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
        auto text = format_uuid(bytes);
        EXPECT_EQ(parse_uuid(text), bytes);
        EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c); })) << text;
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
        EXPECT_EQ(parse_uuid(text), bytes);
    }
}

} // namespace
} // namespace helix
