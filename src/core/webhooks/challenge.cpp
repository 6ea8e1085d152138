// Knows the challenges of senders, makes the replies, and makes and checks verify tokens.
#include "core/webhooks/challenge.hpp"

#include "core/error.hpp"
#include "core/hex.hpp"
#include "core/json.hpp"
#include "core/webhooks/body_field.hpp"
#include "core/webhooks/form_fields.hpp"

#include <algorithm>

namespace helix {

namespace {

constexpr std::string_view token_mark = "{token}";
constexpr std::string_view hmac_mark = "{hmac}";

std::optional<std::string> read(const WebhookChallenge& challenge, std::string_view name, std::string_view body,
                                std::string_view query) {
    return challenge.place == ChallengePlace::query ? form_field(query, name) : body_field(body, name);
}

std::string hex_hmac(const WebhookScheme& scheme, std::string_view text, std::string_view secret) {
    const WebhookKey key(scheme, secret);
    const Mac mac = hmac(scheme.hash, key.view(), std::span(&text, 1));
    std::string digits;
    for (std::size_t i = 0; i < mac.size; ++i) {
        append_hex(digits, mac.bytes[i]);
    }
    return digits;
}

std::size_t count(std::string_view text, std::string_view mark) {
    std::size_t found = 0;
    for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
        ++found;
    }
    return found;
}

void append(std::string& reply, ReplyType type, std::string_view text) {
    if (type == ReplyType::json) {
        append_json_quoted(reply, text);
    } else {
        reply += text;
    }
}

} // namespace

void check_challenge_reply(const WebhookChallenge& challenge) {
    const auto tokens = count(challenge.reply, token_mark);
    const auto hmacs = count(challenge.reply, hmac_mark);
    if (tokens > 1 || hmacs > 1 || ((tokens > 0 || hmacs > 0) == challenge.token.empty())) {
        throw Error(sqlstate::invalid_parameter_value, "not a reply to a challenge",
                    "It is \"" + std::string(challenge.reply) + "\".",
                    "Write {token} and {hmac} once at most, and set challenge_token where one of them is there.");
    }
}

bool is_challenge(const WebhookChallenge& challenge, std::string_view body, std::string_view query) {
    return challenge.place != ChallengePlace::none && read(challenge, challenge.field, body, query) == challenge.value;
}

std::optional<std::string> challenge_reply(const WebhookScheme& scheme, const WebhookChallenge& challenge,
                                           std::string_view body, std::string_view query, std::string_view secret) {
    std::string token;
    if (!challenge.token.empty()) {
        auto found = read(challenge, challenge.token, body, query);
        if (!found) {
            return std::nullopt;
        }
        token = std::move(*found);
    }
    std::string reply;
    for (std::string_view left = challenge.reply; !left.empty();) {
        if (left.starts_with(token_mark)) {
            append(reply, challenge.reply_type, token);
            left.remove_prefix(token_mark.size());
        } else if (left.starts_with(hmac_mark)) {
            append(reply, challenge.reply_type, hex_hmac(scheme, token, secret));
            left.remove_prefix(hmac_mark.size());
        } else {
            reply += left.front();
            left.remove_prefix(1);
        }
    }
    return reply;
}

std::string verify_token(const WebhookScheme& scheme, std::string_view schedule_id, std::string_view secret) {
    return hex_hmac(scheme, "verify token of webhook " + std::string(schedule_id), secret);
}

bool has_verify_token(const WebhookScheme& scheme, const WebhookChallenge& challenge, std::string_view query,
                      std::string_view schedule_id, std::span<const std::string_view> secrets) {
    const auto claimed = form_field(query, challenge.verify).value_or(std::string());
    bool same = false;
    for (const std::string_view secret : secrets) {
        same = equal_text(verify_token(scheme, schedule_id, secret), claimed) || same;
    }
    return same;
}

} // namespace helix
