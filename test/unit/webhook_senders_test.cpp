// Senders that sign otherwise than by an HMAC of the body in a header: what they publish verifies, and nothing near it.
#include "core/error.hpp"
#include "core/webhooks/signature.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using V = WebhookVerdict;

V verdict(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret, std::int64_t now = 0) {
    return verify(scheme, message, std::span(&secret, 1), {}, now).verdict;
}

WebhookScheme twilio() {
    WebhookScheme scheme;
    scheme.hash = Hash::sha1;
    scheme.encoding = Encoding::base64;
    scheme.signed_content = "{url}{form}";
    return scheme;
}

// https://www.twilio.com/docs/usage/webhooks/webhooks-security, as twilio-php's validation.rst has it
constexpr std::string_view twilio_url = "https://mycompany.com/myapp.php?foo=1&bar=2";
constexpr WebhookMessage twilio_message{"Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2b14158675309&"
                                        "CallSid=CA1234567890ABCDE",
                                        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
                                        {},
                                        {},
                                        twilio_url};

TEST(WebhookSenders, TwilioSignsTheAddressAndSortedFields) {
    EXPECT_EQ(verdict(twilio(), twilio_message, "12345"), V::verified);
    EXPECT_EQ(verdict(twilio(), twilio_message, "12346"), V::wrong);
    WebhookMessage message = twilio_message;
    message.url = "https://mycompany.com/myapp.php?foo=1&bar=3";
    EXPECT_EQ(verdict(twilio(), message, "12345"), V::wrong);
    const std::string more = std::string(twilio_message.body) + "&Extra=1";
    message = twilio_message;
    message.body = more;
    EXPECT_EQ(verdict(twilio(), message, "12345"), V::wrong);
    const std::string twice = std::string(twilio_message.body) + "&Digits=1234"; // Twilio's packages count a pair once
    message.body = twice;
    EXPECT_EQ(verdict(twilio(), message, "12345"), V::verified);
    std::string many;
    for (int i = 0; i < 1001; ++i) {
        many += "a=" + std::to_string(i) + "&";
    }
    message.body = many;
    EXPECT_EQ(verdict(twilio(), message, "12345"), V::wrong);
}

// HubSpot publishes no example. This one is by openssl: POST, the address, the body and the time.
TEST(WebhookSenders, HubspotSignsMethodAddressBodyAndMilliseconds) {
    WebhookScheme scheme;
    scheme.encoding = Encoding::base64;
    scheme.timestamp_unit = TimeUnit::milliseconds;
    scheme.signed_content = "POST{url}{body}{timestamp}";
    const WebhookMessage message{R"([{"eventId": 1}])",
                                 "PmkWtsQN6TBsww0FJ4/5MLdj3dALqWuIZ4Jy8Ikk3JI=",
                                 "1700000000123",
                                 {},
                                 "https://www.example.com/webhook_uri"};
    constexpr std::string_view secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    EXPECT_EQ(verdict(scheme, message, secret, 1700000000), V::verified);
    EXPECT_EQ(verdict(scheme, message, secret, 1700000300), V::verified);
    EXPECT_EQ(verdict(scheme, message, secret, 1700000301), V::too_old);
    EXPECT_EQ(verdict(scheme, message, secret, 1699999939), V::too_new);
}

// A digit of the body must not become one of the time.
TEST(WebhookSenders, TimesBehindTheBodyHaveNoZeroInFront) {
    WebhookScheme scheme;
    scheme.signed_content = "{body}{timestamp}";
    const Mac mac = sign(scheme, {"10", {}, "1700000000", {}}, "k");
    EXPECT_TRUE(equal(mac, sign(scheme, {"1", {}, "01700000000", {}}, "k")));
    std::string digits;
    for (std::size_t i = 0; i < mac.size; ++i) {
        digits += "0123456789abcdef"[mac.bytes[i] >> 4];
        digits += "0123456789abcdef"[mac.bytes[i] & 15];
    }
    EXPECT_EQ(verdict(scheme, {"10", digits, "1700000000", {}}, "k", 1700000000), V::verified);
    EXPECT_EQ(verdict(scheme, {"1", digits, "01700000000", {}}, "k", 1700000000), V::malformed);
}

// The key, message and signature of RFC 8032, section 7.1, test 3: the time stands for the first byte.
TEST(WebhookSenders, DiscordSignsByEd25519) {
    WebhookScheme scheme;
    scheme.signing = Signing::ed25519;
    scheme.signed_content = "{body}";
    scheme.key_encoding = Encoding::hex;
    constexpr std::string_view key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    constexpr std::string_view signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                                           "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
    constexpr std::string_view body = "\xaf\x82";
    EXPECT_EQ(verdict(scheme, {body, signature, {}, {}}, key), V::verified);
    EXPECT_EQ(verdict(scheme, {"\xaf\x83", signature, {}, {}}, key), V::wrong);
    EXPECT_EQ(verdict(scheme, {body, signature.substr(2), {}, {}}, key), V::wrong);
    EXPECT_EQ(verdict(scheme, {body, std::string(128, '0'), {}, {}}, key), V::wrong);
    EXPECT_THROW(check_key(scheme, "fc51"), Error);
    EXPECT_THROW(check_key(scheme, "not hex"), Error);
    // What stands for the code in replays is the same for the same message alone.
    const Mac code = sign(scheme, {body, {}, {}, {}}, key);
    EXPECT_TRUE(equal(code, verify(scheme, {body, signature, {}, {}}, std::span(&key, 1), {}, 0).mac));
    EXPECT_FALSE(equal(code, sign(scheme, {"\xaf\x83", {}, {}, {}}, key)));
}

TEST(WebhookSenders, DiscordSignsTheTimeBeforeTheBody) {
    WebhookScheme scheme;
    scheme.signing = Signing::ed25519;
    scheme.signed_content = "{timestamp}{body}";
    scheme.key_encoding = Encoding::hex;
    constexpr std::string_view key = "9c99e111cfb8993c153eaa152bf00f563a87d25054fdc757a1b4673a2cc6d227";
    constexpr std::string_view signature = "f42388e5d833d52337f9abf0350d04d7625fe9a43131040965f22be3b55d876e"
                                           "93e15d0ba4c3af210764db828da72ad11131c26cfd9cd21d9424a3c3d6909502";
    EXPECT_EQ(verdict(scheme, {R"({"type": 0})", signature, "1700000000", {}}, key, 1700000000), V::verified);
    EXPECT_EQ(verdict(scheme, {R"({"type": 1})", signature, "1700000000", {}}, key, 1700000000), V::wrong);
    EXPECT_EQ(verdict(scheme, {R"({"type": 0})", signature, "1700000001", {}}, key, 1700000000), V::wrong);
}

// https://docs.gitlab.com/user/project/integrations/webhooks: the header has the secret token.
TEST(WebhookSenders, GitlabSendsTheTokenItself) {
    WebhookScheme scheme;
    scheme.signing = Signing::token;
    scheme.encoding = Encoding::raw;
    EXPECT_EQ(verdict(scheme, {"{}", "s3cret", {}, {}}, "s3cret\n"), V::verified);
    for (const char* wrong : {"s3cre", "s3cret ", "S3cret", "s3crets"}) {
        EXPECT_EQ(verdict(scheme, {"{}", wrong, {}, {}}, "s3cret"), V::wrong) << wrong;
    }
    EXPECT_EQ(verdict(scheme, {"{}", "", {}, {}}, "s3cret"), V::no_signature);
    EXPECT_FALSE(equal(sign(scheme, {"{}", {}, {}, {}}, "s3cret"), sign(scheme, {"{ }", {}, {}, {}}, "s3cret")));
}

// https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks has no key to its example. Its
// time and token are signed here by openssl.
TEST(WebhookSenders, MailgunSignsTimeAndTokenAlone) {
    WebhookScheme scheme;
    scheme.signed_content = "{timestamp}{id}";
    constexpr std::string_view token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
    const WebhookMessage message{"{}", "b63c0701c4f4b614f272106a1b367c5c3369bcdca664ae73ebd52787e45eef07", "1529006854",
                                 token};
    EXPECT_EQ(verdict(scheme, message, "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", 1529006854), V::verified);
    WebhookMessage other = message;
    other.timestamp = "152900685"; // the same text, shared out otherwise
    other.id = "4a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
    EXPECT_EQ(verdict(scheme, other, "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", 1529006854), V::too_old);
}

} // namespace
} // namespace helix
