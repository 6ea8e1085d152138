// Fields of a body, and of forms.
#include "core/error.hpp"
#include "core/webhooks/body_field.hpp"
#include "core/webhooks/form_fields.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

TEST(BodyField, FollowsAPath) {
    constexpr std::string_view body =
        R"( {"id": "evt_1", "a": {"b": {"c": 12.5e3}}, "yes": true, "none": null, "list": [1],
        "a.b": "dotted", "": "empty"} )";
    EXPECT_EQ(body_field(body, "id"), "evt_1");
    EXPECT_EQ(body_field(body, "a.b.c"), "12.5e3");
    EXPECT_EQ(body_field(body, "yes"), "true");
    for (const char* missing : {"none", "list", "a", "a.b", "a.b.c.d", "id.x", "ID", "b", "a.b.d"}) {
        EXPECT_EQ(body_field(body, missing), std::nullopt) << missing;
    }
}

TEST(BodyField, ReadsStringsAsTheyAreMeant) {
    EXPECT_EQ(body_field(R"({"x": "a\/b\"\\\n\u00e9\ud83d\ude00"})", "x"), "a/b\"\\\n\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(body_field(R"({"x": "\u20AC"})", "x"), "\xE2\x82\xAC");
    EXPECT_EQ(body_field(R"({"x": 1, "x": 2})", "x"), "2"); // as in jsonb
    for (const char* broken : {R"({"x": "\u0000"})", R"({"x": "\ud83d"})", R"({"x": "\ud83dx"})",
                               R"({"x": "\ud83d\u0041"})", R"({"x": "\u12"})", R"({"x": "\q"})", R"({"x": "a" "b"})",
                               R"({"x": )", "x", "", "[]", R"({"x": {})", R"({"x": a b})"}) {
        EXPECT_EQ(body_field(broken, "x"), std::nullopt) << broken;
    }
}

TEST(BodyField, ChecksPaths) {
    for (const char* good : {"id", "a.b", "event-data.id", "$x"}) {
        EXPECT_NO_THROW(check_body_path(good)) << good;
    }
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a\"", "a\\b", "\xC3\xA9"}) {
        EXPECT_THROW(check_body_path(bad), Error) << bad;
    }
}

TEST(FormFields, AreSortedAndDecoded) {
    EXPECT_EQ(sorted_form_fields("b=2&a=1"), "a1b2");
    EXPECT_EQ(sorted_form_fields("b=2+3&a=%2B&&c&=d"), "da+b2 3c");
    EXPECT_EQ(sorted_form_fields("a=2&a=1&a=2"), "a1a2");
    EXPECT_EQ(sorted_form_fields("a=%zz%4&b=1=2"), "a%zz%4b1=2");
    EXPECT_EQ(sorted_form_fields(""), "");
}

TEST(FormFields, AreFoundByName) {
    EXPECT_EQ(form_field("hub.mode=subscribe&hub.challenge=11+58&hub.mode=x", "hub.mode"), "subscribe");
    EXPECT_EQ(form_field("hub.mode=subscribe&hub%2Echallenge=11+58", "hub.challenge"), "11 58");
    EXPECT_EQ(form_field("a=1", "b"), std::nullopt);
    EXPECT_EQ(form_field("", ""), std::nullopt);
}

} // namespace
} // namespace helix
