// Hexadecimal digits and base64: the vectors of RFC 4648, section 10, and what an encoder would not write.
#include "core/encoding.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string>

namespace helix {
namespace {

std::optional<std::string> decoded(Encoding encoding, std::string_view text) {
    std::array<std::uint8_t, 8> out{};
    const auto size = decode(encoding, text, out);
    return size ? std::optional(std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size)))
                : std::nullopt;
}

TEST(Encoding, ReadsTheVectorsOfRfc4648) {
    using Pair = std::pair<const char*, const char*>;
    for (const auto& [text, bytes] :
         {Pair{"", ""}, Pair{"Zg==", "f"}, Pair{"Zm8=", "fo"}, Pair{"Zm9v", "foo"}, Pair{"Zm9vYg==", "foob"},
          Pair{"Zm9vYmE=", "fooba"}, Pair{"Zm9vYmFy", "foobar"}}) {
        EXPECT_EQ(decoded(Encoding::base64, text), bytes) << text;
    }
    for (const auto& [text, bytes] :
         {Pair{"", ""}, Pair{"66", "f"}, Pair{"666F6f", "foo"}, Pair{"666f6f626172", "foobar"}}) {
        EXPECT_EQ(decoded(Encoding::hex, text), bytes) << text;
    }
    EXPECT_EQ(decoded(Encoding::base64, "+/+/"), "\xfb\xff\xbf");
    EXPECT_EQ(decoded(Encoding::raw, "as it is"), "as it is");
}

TEST(Encoding, RefusesWhatNoEncoderWrites) {
    for (const char* text :
         {"Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-v", "Zg==Zg==", "=Zg="}) {
        EXPECT_EQ(decoded(Encoding::base64, text), std::nullopt) << text;
    }
    for (const char* text : {"6", "6g", "0x66", "66 6f", "6:6f"}) {
        EXPECT_EQ(decoded(Encoding::hex, text), std::nullopt) << text;
    }
}

TEST(Encoding, RefusesWhatDoesNotFit) {
    EXPECT_EQ(decoded(Encoding::base64, "Zm9vYmFyZm9v"), std::nullopt);
    EXPECT_EQ(decoded(Encoding::hex, "000102030405060708"), std::nullopt);
    EXPECT_EQ(decoded(Encoding::raw, "nine byte"), std::nullopt);
}

TEST(Encoding, KnowsItsNames) {
    EXPECT_EQ(parse_encoding("raw"), Encoding::raw);
    EXPECT_EQ(parse_encoding("hex"), Encoding::hex);
    EXPECT_EQ(parse_encoding("base64"), Encoding::base64);
    EXPECT_EQ(parse_encoding("Hex"), std::nullopt);
}

TEST(Encoding, ReadsAndWritesBase64url) {
    using Pair = std::pair<std::string, std::string>;
    for (const auto& [text, bytes] : {Pair{"", ""}, Pair{"Zg", "f"}, Pair{"Zm8", "fo"}, Pair{"Zm9v", "foo"},
                                      Pair{"Zm9vYg", "foob"}, Pair{"-_-_", "\xfb\xff\xbf"}}) {
        EXPECT_EQ(decode_base64url(text), bytes) << text;
        EXPECT_EQ(encode_base64url(bytes), text);
    }
    for (const char* text : {"Z", "Zg==", "Zh", "+/+/", "Zm9v\n", "Zm9v "}) {
        EXPECT_FALSE(decode_base64url(text)) << text;
    }
}

} // namespace
} // namespace helix
