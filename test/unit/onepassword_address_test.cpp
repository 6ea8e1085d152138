// References to 1Password, their filters in requests, addresses of Connect servers, and what is read from an item.
#include "core/error.hpp"
#include "core/secrets/onepassword_address.hpp"
#include "secrets/onepassword_answer.hpp"
#include "secrets/onepassword_connect.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using secrets::Failure;
using secrets::Outcome;

template <typename F>
bool is_refused(F f) {
    try {
        f();
        return false;
    } catch (const Error& error) {
        EXPECT_STREQ(error.sqlstate, "22023");
        EXPECT_FALSE(error.hint.empty());
        return true;
    }
}

TEST(OnePassword, ReferencesHaveThreeOrFourParts) {
    const auto three = parse_onepassword_reference("op://Team Secrets/web-hook_1.0/key");
    EXPECT_EQ(three.vault, "Team Secrets");
    EXPECT_EQ(three.item, "web-hook_1.0");
    EXPECT_EQ(three.section, "");
    EXPECT_EQ(three.field, "key");
    const auto four = parse_onepassword_reference("op://v/i/s/f");
    EXPECT_EQ(four.section, "s");
    EXPECT_EQ(four.field, "f");
}

TEST(OnePassword, CompletesANameByTheDefaultVault) {
    EXPECT_EQ(complete_onepassword_reference("Team Secrets", "webhook-schedule-abc"),
              "op://Team Secrets/webhook-schedule-abc/password");
    for (const char* other : {"op://v/i/f", "env://HELIX_SECRET_X", "a/b", "file:///x", "", "..", "a=b+c",
                              "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sk_live_51H", "ghp_16C7e42F292c69",
                              "8f742231b10e8888abcd99aaafff85a58f742231b10e8888abcd99aaafff85a5"}) {
        EXPECT_EQ(complete_onepassword_reference("v", other), other);
    }
    EXPECT_EQ(complete_onepassword_reference("", "webhook-schedule-abc"), "webhook-schedule-abc");
}

TEST(OnePassword, RefusesOtherVaults) {
    check_onepassword_vault("");
    check_onepassword_vault("Team Secrets");
    for (const char* vault : {"a/b", "op://v", "..", "v?x"}) {
        EXPECT_TRUE(is_refused([&] { check_onepassword_vault(vault); })) << vault;
    }
}

TEST(OnePassword, RefusesOtherReferences) {
    for (const char* reference : {"",
                                  "op://",
                                  "op://v",
                                  "op://v/i",
                                  "op://v/i/",
                                  "op:///i/f",
                                  "op://v//f",
                                  "op://v/i/s/f/g",
                                  "op://v/i/f/",
                                  "op:/v/i/f",
                                  "OP://v/i/f",
                                  "op://v/../f",
                                  "op://./i/f",
                                  "op://v/i/f?attribute=otp",
                                  "op://v/i/f#x",
                                  "op://v/a%20b/f",
                                  "op://v/\"/f",
                                  "op://v/i/f\n",
                                  "op://v/\xc3\xa4/f",
                                  "op://v/i\\/f",
                                  " op://v/i/f"}) {
        EXPECT_TRUE(is_refused([&] { parse_onepassword_reference(reference); })) << reference;
    }
}

TEST(OnePassword, IdsAre26SmallLettersAndDigits) {
    EXPECT_TRUE(is_onepassword_id("abcdefghijklmnopqrstuvwx01"));
    EXPECT_FALSE(is_onepassword_id("abcdefghijklmnopqrstuvwx0"));
    EXPECT_FALSE(is_onepassword_id("abcdefghijklmnopqrstuvwx012"));
    EXPECT_FALSE(is_onepassword_id("Abcdefghijklmnopqrstuvwx01"));
    EXPECT_FALSE(is_onepassword_id("abcdefghijklmnopqrstuvwx-1"));
}

TEST(OnePassword, FiltersArePercentEncoded) {
    EXPECT_EQ(onepassword_filter("name", "Team Secrets-1_a.b"), "filter=name%20eq%20%22Team%20Secrets-1_a.b%22");
}

TEST(OnePassword, ConnectIsReachedByTlsOrOnThisMachine) {
    for (const char* url :
         {"", "https://connect.example.com", "https://connect:8443/path/", "https://[2001:db8::1]:8080",
          "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080/"}) {
        EXPECT_FALSE(is_refused([&] { check_connect_url(url); })) << url;
    }
    for (const char* url : {"connect",
                            "ftp://connect",
                            "https://",
                            "https:///x",
                            "http://connect:8080",
                            "http://127.0.0.1.example.com",
                            "http://localhost.example.com",
                            "http://localhost@example.com",
                            "http://example.com#localhost",
                            "https://me:pw@connect",
                            "https://connect?x=1",
                            "https://connect:port",
                            "https://connect:",
                            "https://connect:123456",
                            "https://[::1",
                            "HTTPS://connect",
                            "https://con nect",
                            "http://10.0.0.1:8080",
                            "https://connect\\@evil",
                            "http://[::1].example.com"}) {
        EXPECT_TRUE(is_refused([&] { check_connect_url(url); })) << url;
    }
}

// What `field_of_item` says of an item whose fields are `fields`.
std::string value_of(const std::string& fields, const std::string& section, const std::string& field) {
    const std::string item =
        R"({"sections": [{"id": "s1", "label": "one"}, {"id": "s2", "label": "two"}], "fields": )" + fields + "}";
    try {
        return std::string(secrets::field_of_item(item, {"v", "i", section, field}).view());
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.reason.find("hunter2"), std::string::npos);
        return failure.outcome == Outcome::not_found  ? "not found"
               : failure.outcome == Outcome::unusable ? "unusable"
                                                      : "unavailable";
    }
}

TEST(OnePassword, FieldsAreFoundByLabelOrIdAndSection) {
    const std::string fields = R"([{"id": "a", "label": "key", "value": "plain", "section": {"id": "s1"}},
        {"id": "b", "label": "key", "value": "other", "section": {"id": "s2"}}, {"id": "c", "label": "alone", "value": "\u00e4\n"},
        {"id": "d", "label": "empty", "value": ""}, {"id": "e", "label": "none"}, {"id": "f", "label": "number", "value": 1}])";
    EXPECT_EQ(value_of(fields, "", "alone"), "\xc3\xa4\n");
    EXPECT_EQ(value_of(fields, "", "a"), "plain");
    EXPECT_EQ(value_of(fields, "one", "key"), "plain");
    EXPECT_EQ(value_of(fields, "s2", "key"), "other");
    EXPECT_EQ(value_of(fields, "", "key"), "unusable") << "there are two";
    EXPECT_EQ(value_of(fields, "three", "key"), "not found");
    EXPECT_EQ(value_of(fields, "one", "alone"), "not found");
    EXPECT_EQ(value_of(fields, "", "Key"), "not found");
    EXPECT_EQ(value_of(fields, "", "empty"), "unusable");
    EXPECT_EQ(value_of(fields, "", "none"), "unusable");
    EXPECT_EQ(value_of(fields, "", "number"), "unusable");
}

TEST(OnePassword, SecretsHaveAtMost4096Bytes) {
    const auto field_of = [](std::size_t size) {
        return R"([{"id": "a", "value": ")" + std::string(size, 'x') + "\"}]";
    };
    EXPECT_EQ(value_of(field_of(4096), "", "a"), std::string(4096, 'x'));
    EXPECT_EQ(value_of(field_of(4097), "", "a"), "unusable");
}

TEST(OnePassword, BrokenItemsAreNoSecrets) {
    for (const char* fields : {"null", "1", "{}", "[", "\"hunter2\"", "[{\"id\": \"a\", \"value\": \"hunter2\"}"}) {
        EXPECT_EQ(value_of(fields, "", "a"), "unusable") << fields;
    }
    for (const char* fields : {"[]", "[1, null, \"hunter2\", []]"}) {
        EXPECT_EQ(value_of(fields, "", "a"), "not found") << fields;
    }
    EXPECT_EQ(value_of("[{\"id\": \"a\", \"value\": \"nul\\u0000\"}]", "", "a"), "unusable");
}

} // namespace
} // namespace helix
