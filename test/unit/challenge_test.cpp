// Challenges: what senders ask, and what they want to hear.
#include "core/error.hpp"
#include "core/webhooks/challenge.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

WebhookChallenge slack() {
    return {.place = ChallengePlace::body,
            .field = "type",
            .value = "url_verification",
            .token = "challenge",
            .verify = {},
            .reply = R"({"challenge": {token}})"};
}

WebhookChallenge zoom() {
    return {.place = ChallengePlace::body,
            .field = "event",
            .value = "endpoint.url_validation",
            .token = "payload.plainToken",
            .verify = {},
            .reply = R"({"plainToken": {token}, "encryptedToken": {hmac}})"};
}

WebhookChallenge meta() {
    return {.place = ChallengePlace::query,
            .field = "hub.mode",
            .value = "subscribe",
            .token = "hub.challenge",
            .verify = "hub.verify_token",
            .reply = "{token}",
            .reply_type = ReplyType::text};
}

// https://docs.slack.dev/reference/events/url_verification
TEST(WebhookChallenge, SlackHearsItsChallenge) {
    constexpr std::string_view body = R"({"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"})";
    EXPECT_TRUE(is_challenge(slack(), body, {}));
    EXPECT_EQ(challenge_reply({}, slack(), body, {}, "k"),
              R"({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})");
    EXPECT_FALSE(is_challenge(slack(), R"({"type": "event_callback", "challenge": "x"})", {}));
    EXPECT_FALSE(is_challenge(slack(), "{}", "type=url_verification"));
    EXPECT_EQ(challenge_reply({}, slack(), R"({"type": "url_verification"})", {}, "k"), std::nullopt);
    EXPECT_EQ(challenge_reply({}, slack(), R"({"challenge": "\"}, \u0001{token}"})", {}, "k"),
              R"({"challenge": "\"}, \u0001{token}"})");
}

// https://developers.zoom.us/docs/api/webhooks has the fields, and no secret to its example: the HMAC is by openssl.
TEST(WebhookChallenge, ZoomHearsTheHmacToo) {
    constexpr std::string_view body =
        R"({"payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event": "endpoint.url_validation"})";
    EXPECT_TRUE(is_challenge(zoom(), body, {}));
    EXPECT_EQ(challenge_reply({}, zoom(), body, {}, "s3cret\n"),
              R"({"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": ")"
              "f54f2d5fee8f181aab8371bada7fed9bb675eae464f18ed4fb91715244b58ef4\"}");
}

// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
TEST(WebhookChallenge, MetaHearsItsChallengeForItsVerifyToken) {
    const WebhookScheme scheme;
    constexpr std::string_view id = "3eb00000-0000-4000-8000-000000000001";
    const std::string_view secrets[] = {"old", "s3cret"};
    const std::string query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    EXPECT_TRUE(is_challenge(meta(), {}, query));
    EXPECT_EQ(challenge_reply(scheme, meta(), {}, query, "s3cret"), "1158201444");
    EXPECT_TRUE(has_verify_token(scheme, meta(), query + verify_token(scheme, id, "s3cret"), id, secrets));
    EXPECT_TRUE(has_verify_token(scheme, meta(), query + verify_token(scheme, id, "old"), id, secrets));
    EXPECT_FALSE(has_verify_token(scheme, meta(), query + verify_token(scheme, id, "other"), id, secrets));
    EXPECT_FALSE(has_verify_token(scheme, meta(), query, id, secrets));
    EXPECT_FALSE(has_verify_token(scheme, meta(), query + verify_token(scheme, id, "old"), id, {}));
    EXPECT_FALSE(is_challenge(meta(), {}, "hub.mode=unsubscribe"));
}

TEST(WebhookChallenge, ChecksReplies) {
    for (const char* bad : {"{token}{token}", "{hmac}{hmac}", ""}) {
        WebhookChallenge challenge = slack();
        challenge.reply = bad;
        EXPECT_THROW(check_challenge_reply(challenge), Error) << bad;
    }
    WebhookChallenge fixed = slack();
    fixed.token = {};
    EXPECT_THROW(check_challenge_reply(fixed), Error);
    fixed.reply = R"({"type": 1})";
    EXPECT_NO_THROW(check_challenge_reply(fixed));
    EXPECT_EQ(challenge_reply({}, fixed, "{}", {}, "k"), R"({"type": 1})");
    EXPECT_NO_THROW(check_challenge_reply(zoom()));
}

} // namespace
} // namespace helix
