// Signatures of webhooks: the examples that senders publish, and what is not one.
#include "core/error.hpp"
#include "core/webhooks/signature.hpp"
#include "core/webhooks/signed_content.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using V = WebhookVerdict;

WebhookScheme plain() {
    WebhookScheme scheme;
    scheme.signed_content = "{body}";
    return scheme;
}

WebhookScheme github() {
    WebhookScheme scheme = plain();
    scheme.prefix = "sha256=";
    return scheme;
}

WebhookScheme stripe() {
    WebhookScheme scheme;
    scheme.separator = ",";
    scheme.prefix = "v1=";
    scheme.timestamp_prefix = "t=";
    scheme.signed_content = "{timestamp}.{body}";
    return scheme;
}

WebhookScheme standard() {
    WebhookScheme scheme;
    scheme.encoding = Encoding::base64;
    scheme.separator = " ";
    scheme.prefix = "v1,";
    scheme.signed_content = "{id}.{timestamp}.{body}";
    scheme.key_prefix = "whsec_";
    scheme.key_encoding = Encoding::base64;
    return scheme;
}

WebhookScheme slack() {
    WebhookScheme scheme;
    scheme.prefix = "v0=";
    scheme.signed_content = "v0:{timestamp}:{body}";
    return scheme;
}

V verdict(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret, std::int64_t now = 0) {
    const std::string_view secrets[] = {secret};
    return verify(scheme, message, secrets, {}, now).verdict;
}

// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
constexpr std::string_view github_secret = "It's a Secret to Everybody";
constexpr WebhookMessage github_message{
    "Hello, World!", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", {}, {}};

// https://docs.svix.com/receiving/verifying-payloads/how-manual
constexpr std::string_view svix_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view svix_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr WebhookMessage svix_message{R"({"test": 2432232314})", svix_signature, "1614265330",
                                      "msg_p5jXN8AQM9LWM0D4loKWxJek"};

// https://api.slack.com/authentication/verifying-requests-from-slack
constexpr std::string_view slack_secret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr WebhookMessage slack_message{
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&"
    "user_id=U2CERLKJA&"
    "user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%"
    "2FT1DC2JH3J%2F397700885554%"
    "2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    "1531420618",
    {}};

TEST(WebhookSignature, VerifiesWhatSendersPublish) {
    EXPECT_EQ(verdict(github(), github_message, github_secret), V::verified);
    EXPECT_EQ(verdict(standard(), svix_message, svix_secret, 1614265330), V::verified);
    EXPECT_EQ(verdict(slack(), slack_message, slack_secret, 1531420618), V::verified);
}

TEST(WebhookSignature, RefusesAnotherBodySecretOrCode) {
    WebhookMessage message = github_message;
    message.body = "Hello, World?";
    EXPECT_EQ(verdict(github(), message, github_secret), V::wrong);
    EXPECT_EQ(verdict(github(), github_message, "It's a secret to everybody"), V::wrong);
    message = github_message;
    message.signature = "sha256=657107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    EXPECT_EQ(verdict(github(), message, github_secret), V::wrong);
    message.signature = "sha256=757107ea0eb2509fc211221cce984b8a"; // the beginning is not enough
    EXPECT_EQ(verdict(github(), message, github_secret), V::wrong);
}

TEST(WebhookSignature, SaysWhatIsMissing) {
    WebhookMessage message = svix_message;
    message.signature = {};
    EXPECT_EQ(verdict(standard(), message, svix_secret, 1614265330), V::no_signature);
    message = svix_message;
    message.timestamp = {};
    EXPECT_EQ(verdict(standard(), message, svix_secret, 1614265330), V::no_timestamp);
    message = svix_message;
    message.id = {};
    EXPECT_EQ(verdict(standard(), message, svix_secret, 1614265330), V::no_id);
    message = github_message;
    message.signature.remove_prefix(7);
    EXPECT_EQ(verdict(github(), message, github_secret), V::malformed);
}

TEST(WebhookSignature, HoldsTheTimeToItsWindow) {
    EXPECT_EQ(verdict(standard(), svix_message, svix_secret, 1614265330 + 300), V::verified);
    EXPECT_EQ(verdict(standard(), svix_message, svix_secret, 1614265330 + 301), V::too_old);
    EXPECT_EQ(verdict(standard(), svix_message, svix_secret, 1614265330 - 60), V::verified);
    EXPECT_EQ(verdict(standard(), svix_message, svix_secret, 1614265330 - 61), V::too_new);
}

std::string stripe_header(std::string_view timestamp, std::string_view body, std::string_view secret) {
    const Mac mac = sign(stripe(), {body, {}, timestamp, {}}, secret);
    std::string header = "t=" + std::string(timestamp) + ",v1=";
    for (std::size_t i = 0; i < mac.size; ++i) {
        header += "0123456789abcdef"[mac.bytes[i] >> 4];
        header += "0123456789abcdef"[mac.bytes[i] & 15];
    }
    return header;
}

TEST(WebhookSignature, ReadsListsWithATimestamp) {
    const std::string good = stripe_header("1492774577", "{}", "whsec_x");
    const std::string other(64, '0');
    const auto after = std::string("v0=").append(other).append(",").append(good);
    const auto before = std::string(good).append(",v1=").append(other);
    const auto between = std::string("v1=").append(other).append(",").append(good).append(",v2=z");
    for (const std::string& header : {good, after, before, between}) {
        EXPECT_EQ(verdict(stripe(), {"{}", header, {}, {}}, "whsec_x", 1492774577), V::verified) << header;
    }
    EXPECT_EQ(verdict(stripe(), {"{}", good.substr(13), "1492774577", {}}, "whsec_x", 1492774577), V::no_timestamp);
    EXPECT_EQ(verdict(stripe(), {"{}", "t=1492774577," + good, {}, {}}, "whsec_x", 1492774577), V::malformed);
    EXPECT_EQ(verdict(stripe(), {"{}", "t=1492774578" + good.substr(12), {}, {}}, "whsec_x", 1492774577), V::wrong);
    for (const char* odd : {"-5", "1e9", "12 ", "9999999999999", "0x10"}) {
        EXPECT_EQ(verdict(stripe(), {"{}", stripe_header(odd, "{}", "whsec_x"), {}, {}}, "whsec_x", 0), V::malformed)
            << odd;
    }
}

TEST(WebhookSignature, TakesOneOfSeveralSignatures) {
    const std::string list = "v1,AAAA v2,whatever v1a,xyz " + std::string(svix_signature);
    WebhookMessage message = svix_message;
    message.signature = list;
    EXPECT_EQ(verdict(standard(), message, svix_secret, 1614265330), V::verified);
    std::string many;
    for (std::size_t i = 0; i < most_signatures; ++i) {
        many += "v1,AAAA ";
    }
    many += svix_signature;
    message.signature = many;
    EXPECT_EQ(verdict(standard(), message, svix_secret, 1614265330), V::malformed);
}

TEST(WebhookSignature, TakesEitherOfTwoSecrets) {
    const std::string_view both[] = {"another", github_secret};
    const auto result = verify(github(), github_message, both, {}, 0);
    EXPECT_EQ(result.verdict, V::verified);
    EXPECT_EQ(result.mac.bytes[0], 0x75);
    const std::string_view turned[] = {github_secret, "another"};
    EXPECT_EQ(verify(github(), github_message, turned, {}, 0).verdict, V::verified);
    EXPECT_EQ(verify(github(), github_message, std::span(both, 1), {}, 0).verdict, V::wrong);
    EXPECT_EQ(verify(github(), github_message, {}, {}, 0).verdict, V::wrong);
}

// id "a", timestamp "1", body "2.x" must not pass as id "a.1", timestamp "2", body "x".
TEST(WebhookSignature, KeepsWhatIsSignedApart) {
    const WebhookMessage signed_message{"2.x", {}, "1", "a"};
    const Mac mac = sign(standard(), signed_message, "whsec_c2VjcmV0");
    EXPECT_TRUE(equal(mac, sign(standard(), {"x", {}, "2", "a.1"}, "whsec_c2VjcmV0")));
    EXPECT_EQ(verdict(standard(), {"x", "v1,AAAA", "2", "a.1"}, "whsec_c2VjcmV0"), V::malformed);
}

TEST(WebhookSignature, WantsKeysAsTheSchemeWritesThem) {
    EXPECT_THROW(sign(standard(), svix_message, "whsec_not base64"), Error);
    EXPECT_THROW(sign(standard(), svix_message, "whsec_"), Error);
    EXPECT_TRUE(
        equal(sign(standard(), svix_message, svix_secret), sign(standard(), svix_message, svix_secret.substr(6))));
    EXPECT_THROW(sign(plain(), github_message, std::string(5000, 'x')), Error);
}

// What copying and editors add to a secret, and the version that some senders write before its prefix.
TEST(WebhookSignature, ReadsSecretsWithoutTheirMargins) {
    const Mac right = sign(standard(), svix_message, svix_secret);
    const std::string secret(svix_secret);
    for (const std::string& written :
         {"v1," + secret, " " + secret, secret + " \r\n", "\xEF\xBB\xBFv1," + secret + "\t", secret + "\xEF\xBB\xBF",
          "\xEF\xBB\xBF " + secret.substr(6)}) {
        EXPECT_TRUE(equal(right, sign(standard(), svix_message, written))) << written;
    }
    for (const std::string& wrong :
         {"v2," + secret, "v1," + secret.substr(6), "v1,v1," + secret, std::string(" "), std::string("\xEF\xBB\xBF")}) {
        EXPECT_THROW(check_key(standard(), wrong), Error) << wrong;
    }
    EXPECT_TRUE(equal(sign(plain(), github_message, "a b"), sign(plain(), github_message, "\ta b ")));
    EXPECT_FALSE(equal(sign(plain(), github_message, "a b"), sign(plain(), github_message, "ab")));
}

TEST(WebhookSignature, TakesBinaryKeysWithTheirMargins) {
    EXPECT_FALSE(equal(sign(plain(), github_message, "\x01\x02"), sign(plain(), github_message, "\x01\x02\n")));
}

TEST(WebhookSignature, ChecksWhatIsSaidToBeSigned) {
    for (const char* good : {"{body}", "{timestamp}.{body}", "{timestamp}{body}", "{body}{timestamp}",
                             "{timestamp}{id}.{body}", "{id}.{timestamp}.{body}", "v0:{timestamp}:{body}", "}{body}",
                             "{url}{form}", "POST{url}{body}{timestamp}", "{timestamp}{id}"}) {
        EXPECT_NO_THROW(check_signed_content(good)) << good;
    }
    for (const char* bad :
         {"", "{timestamp}", "{body}{body}", "{id}{id}{body}", "{timestamp}{body}{timestamp}", "{Body}", "{body}{",
          "{{body}", "{id}{body}", "{id}{timestamp}.{body}", "{body}.{id}", "{timestamp}.{body}.{id}", "{body}{form}",
          "{form}{form}", "{url}{url}{body}", "{url}", "{id}", "{id}{timestamp}", "{form}.{id}"}) {
        EXPECT_THROW(check_signed_content(bad), Error) << bad;
    }
}

} // namespace
} // namespace helix
