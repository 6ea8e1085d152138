// Simple objects of JSON: what is read, and that everything else is left to a whole parser.
#include "core/plain_json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace helix {
namespace {

std::string shown(std::string_view json) {
    PlainObject object;
    if (!object.read(json)) {
        return "other";
    }
    std::string text;
    for (const PlainMember& member : object) {
        text += std::string(member.name) + "=" + "0bns"[static_cast<int>(member.kind)] + std::string(member.text) + ";";
    }
    return text;
}

TEST(PlainJson, ReadsValuesOfEachKind) {
    EXPECT_EQ(shown(R"({"a":null,"b":true,"c":false,"d":-12.50,"e":"f, g:{}","":""})"),
              "a=0null;b=btrue;c=bfalse;d=n-12.50;e=sf, g:{};=s;");
    EXPECT_EQ(shown(" {\t\"a\" :\r\n 0 , \"b\": 10 } \n"), "a=n0;b=n10;");
    EXPECT_EQ(shown("{\"a\":\"\xC3\xA4\"}"), "a=s\xC3\xA4;");
}

TEST(PlainJson, LeavesWhatIsMoreThanSimple) {
    for (const auto* json : {R"({"a":{}})", R"({"a":[1]})", R"({"a":"\n"})", R"({"\u0061":1})", R"({"a":1e2})",
                             R"({"a":1E2})", R"({"a":1,"a":2})", "{}", "[]", "1"}) {
        EXPECT_EQ(shown(json), "other") << json;
    }
}

TEST(PlainJson, TakesNothingThatIsNoJson) {
    for (const auto* json : {"",
                             "{",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1",
                             "{\"a\":1,}",
                             "{,\"a\":1}",
                             "{\"a\":1}}",
                             "{\"a\":1} x",
                             "{\"a\" 1}",
                             "{a:1}",
                             "{\"a\":'b'}",
                             "{\"a\":\"b",
                             "{\"a\":\"b\nc\"}",
                             "{\"a\":1 2}",
                             "{\"a\":nul}",
                             "{\"a\":nullx}",
                             "{\"a\":TRUE}",
                             "{\"a\":01}",
                             "{\"a\":-}",
                             "{\"a\":.5}",
                             "{\"a\":1.}",
                             "{\"a\":+1}",
                             "{\"a\":1.2.3}",
                             "{\"a\":NaN}",
                             "{\"a\":0x1}"}) {
        EXPECT_EQ(shown(json), "other") << json;
    }
}

TEST(PlainJson, HasRoomForThirtyTwoMembers) {
    std::string json = "{\"0\":1";
    for (int i = 1; i < 32; ++i) {
        json += ",\"" + std::to_string(i) + "\":1";
    }
    EXPECT_NE(shown(json + "}"), "other");
    EXPECT_EQ(shown(json + ",\"32\":1}"), "other");
}

} // namespace
} // namespace helix
