#include "core/uuid.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

TEST(Uuid, ReadsEitherCase) {
    const auto lower = parse_uuid("00112233-4455-6677-8899-aabbccddeeff");
    ASSERT_TRUE(lower.has_value());
    for (std::size_t i = 0; i < lower->size(); ++i) {
        EXPECT_EQ((*lower)[i], i * 0x11);
    }
    EXPECT_EQ(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF"), lower);
}

TEST(Uuid, RefusesEverythingElse) {
    for (const char* text : {"", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
                             "00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899-aabbccddeef",
                             "00112233-4455-6677-8899-aabbccddeeff0", "0011223-34455-6677-8899-aabbccddeeff",
                             "00112233_4455-6677-8899-aabbccddeeff"}) {
        EXPECT_FALSE(parse_uuid(text).has_value()) << text;
    }
}

} // namespace
} // namespace helix
