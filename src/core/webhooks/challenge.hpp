// Owns: what a sender wants to hear when it asks whether an address is a webhook, by the description of a scheme.
// Anyone may use it.
#pragma once

#include "core/webhooks/key.hpp"

namespace helix {

enum class ChallengePlace { none, body, query };
enum class ReplyType { json, text };

// The columns challenge_… of a scheme. An empty text means that the scheme has no such thing.
struct WebhookChallenge {
    ChallengePlace place = ChallengePlace::none;
    std::string_view field; // a path in the body, or a parameter of the address: a challenge where it has this value
    std::string_view value;
    std::string_view token;  // the field or parameter that the reply repeats
    std::string_view verify; // the parameter with the verify token
    std::string_view reply;  // with {token} and {hmac}
    ReplyType reply_type = ReplyType::json;
    int status = 200;
};

// Throws Error 22023 unless `reply` has {token} and {hmac} once at most, and one of them where a token is read.
void check_challenge_reply(const WebhookChallenge& challenge);

// Whether `message` is a challenge. `query` is the address's parameters as they came.
bool is_challenge(const WebhookChallenge& challenge, std::string_view body, std::string_view query);

// The answer's body: JSON, with JSON's strings for the marks, or plain text. None where the token is missing.
std::optional<std::string> challenge_reply(const WebhookScheme& scheme, const WebhookChallenge& challenge,
                                           std::string_view body, std::string_view query, std::string_view secret);

// What somebody who has the secret tells the sender to send as its verify token: an HMAC of the schedule's id.
std::string verify_token(const WebhookScheme& scheme, std::string_view schedule_id, std::string_view secret);

// Whether the parameters hold the verify token of one of the secrets, in constant time.
bool has_verify_token(const WebhookScheme& scheme, const WebhookChallenge& challenge, std::string_view query,
                      std::string_view schedule_id, std::span<const std::string_view> secrets);

} // namespace helix
