// JSON texts: written, and read back by a small reader of RFC 8259 strings.
#include "core/json.hpp"
#include "random_text.hpp"

#include <gtest/gtest.h>

#include <set>

namespace helix {
namespace {

std::string json_quoted(std::string_view text) {
    std::string json;
    append_json_quoted(json, text);
    return json;
}

std::string unquoted(std::string_view json) {
    EXPECT_GE(json.size(), 2U);
    EXPECT_TRUE(json.starts_with('"') && json.ends_with('"')) << json;
    std::string text;
    for (std::size_t i = 1; i + 1 < json.size(); ++i) {
        EXPECT_GE(static_cast<unsigned char>(json[i]), 0x20) << "a control character as it is";
        EXPECT_NE(json[i], '"') << "ends too early: " << json;
        if (json[i] != '\\') {
            text += json[i];
        } else if (json[++i] == 'u') {
            text += static_cast<char>(std::stoi(std::string(json.substr(i + 1, 4)), nullptr, 16));
            i += 4;
        } else {
            EXPECT_TRUE(json[i] == '"' || json[i] == '\\') << json;
            text += json[i];
        }
    }
    return text;
}

TEST(Json, QuotesStrings) {
    EXPECT_EQ(json_quoted(""), R"("")");
    EXPECT_EQ(json_quoted("a:b"), R"("a:b")");
    EXPECT_EQ(json_quoted("\"\\/"), R"("\"\\/")");
    EXPECT_EQ(json_quoted(std::string_view("\0\n\x1f ", 4)), R"("\u0000\u000a\u001f ")");
    EXPECT_EQ(json_quoted("\x7f\xc3\xa9"), "\"\x7f\xc3\xa9\"");
    EXPECT_EQ(json_quoted("\\"), R"("\\")");
}

TEST(Json, KeepsEveryByte) {
    std::string all;
    for (int c = 0; c < 256; ++c) {
        all += static_cast<char>(c);
    }
    EXPECT_EQ(unquoted(json_quoted(all)), all);
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto text = random_text(random, std::string_view("\0\x01\x1f\"\\u0a\xff", 9), 8);
        ASSERT_EQ(unquoted(json_quoted(text)), text);
    }
}

} // namespace
} // namespace helix
