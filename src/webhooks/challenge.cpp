// Objects of C++ live here while secrets are read; secrets::read() allows that.
#include "pg/prelude.hpp"

#include "webhooks/challenge.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "webhooks/call_rate.hpp"
#include "webhooks/loaded_secrets.hpp"
#include "webhooks/payload.hpp"
#include "webhooks/refusal.hpp"
#include "webhooks/response.hpp"

namespace helix::webhooks {

namespace {

// In the current memory context; null where the token is missing, or no text.
const char* kept(const std::optional<std::string>& reply) {
    if (!reply || !is_text(*reply)) {
        return nullptr;
    }
    const std::string_view text = *reply;
    return pg::call([&] { return pnstrdup(text.data(), text.size()); });
}

// By the secret that has verified the call.
const char* reply_to(const Endpoint& endpoint, const WebhookMessage& message, const Mac& verified) {
    const Scheme& scheme = endpoint.scheme;
    const LoadedSecrets secrets(scheme.core, endpoint.secret_refs);
    for (const std::string_view secret : secrets.all()) {
        if (equal(sign(scheme.core, message, secret), verified)) {
            return kept(challenge_reply(scheme.core, scheme.challenge, message.body, {}, secret));
        }
    }
    return nullptr;
}

// The event is one of a verified call, without a body.
Datum answer(const Endpoint& endpoint, const WebhookMessage& message, const char* reply) {
    Event event = new_event(endpoint, message, "webhook_received");
    event.challenge = true;
    write_event(event);
    const WebhookChallenge& challenge = endpoint.scheme.challenge;
    return challenge.reply_type == ReplyType::json ? answer_json(challenge.status, reply)
                                                   : answer_text(challenge.status, reply);
}

constexpr Refusal no_token{"webhook_error", 400, "the challenge has no token", "the challenge has no token"};

// What came of a GET. Plain data.
struct Asked {
    bool has_secret;
    bool is_right;
    const char* reply;
    char reason[300];
};

Asked look_at(const Endpoint& endpoint, std::string_view query) {
    Asked asked{};
    const Scheme& scheme = endpoint.scheme;
    const char* id = pg::call([&] { return pg::uuid_text(endpoint.schedule_id); });
    const LoadedSecrets secrets(scheme.core, endpoint.secret_refs);
    asked.has_secret = !secrets.empty();
    asked.is_right = has_verify_token(scheme.core, scheme.challenge, query, id, secrets.all());
    if (asked.is_right) {
        asked.reply = kept(challenge_reply(scheme.core, scheme.challenge, {}, query, secrets.all().front()));
    }
    pg::copy_error(asked.reason, sizeof(asked.reason), secrets.reason());
    return asked;
}

std::optional<Refusal> objection(const Endpoint& endpoint, const Asked& asked) {
    if (!asked.has_secret) {
        return Refusal{"webhook_error", 500, "the secret cannot be loaded", asked.reason};
    }
    if (!asked.is_right) {
        return Refusal{"signature_failed", 401, "the verify token is wrong", "the verify token is wrong"};
    }
    if (!endpoint.enabled) {
        return Refusal{"webhook_error", 404, "no such webhook", "the schedule is disabled"};
    }
    return asked.reply == nullptr ? std::optional(no_token) : std::nullopt;
}

const char* verify_token_of(const Endpoint& endpoint) {
    const char* id = pg::call([&] { return pg::uuid_text(endpoint.schedule_id); });
    const LoadedSecrets secrets(endpoint.scheme.core, endpoint.secret_refs);
    if (secrets.empty()) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", secrets.reason(),
                    "Give the schedule a secret that can be loaded.");
    }
    return kept(verify_token(endpoint.scheme.core, id, secrets.all().front()));
}

} // namespace

Datum answer_challenge(const Endpoint& endpoint, const WebhookMessage& message, const Check& check) {
    const WebhookChallenge& challenge = endpoint.scheme.challenge;
    if (challenge.place != ChallengePlace::body || !is_challenge(challenge, message.body, {})) {
        return 0;
    }
    // Whoever has seen one can send it again: it must not use up the limit of calls.
    const int wait = seconds_to_wait(endpoint.schedule_id, CallKind::unverified, config::webhook_unverified_rate);
    if (wait > 0) {
        return answer_too_many(wait);
    }
    WebhookMessage signed_message = message;
    signed_message.timestamp = check.verification.timestamp;
    const char* reply = reply_to(endpoint, signed_message, check.verification.mac);
    return reply == nullptr ? refuse(endpoint, message, no_token) : answer(endpoint, message, reply);
}

Datum answer_get(const Endpoint& endpoint, std::string_view query, TimestampTz called_at) {
    const WebhookChallenge& challenge = endpoint.scheme.challenge;
    if (!endpoint.known || !endpoint.is_webhook || challenge.place != ChallengePlace::query ||
        !is_challenge(challenge, {}, query)) {
        wait_to_refuse(called_at);
        return answer_error(405, "send a POST request");
    }
    const Asked asked = look_at(endpoint, query);
    const auto refusal = objection(endpoint, asked);
    if (refusal) {
        const Datum refused = refuse(endpoint, {}, *refusal);
        wait_to_refuse(called_at);
        return refused;
    }
    const int wait = seconds_to_wait(endpoint.schedule_id, CallKind::unverified, config::webhook_unverified_rate);
    return wait > 0 ? answer_too_many(wait) : answer(endpoint, {}, asked.reply);
}

HELIX_FUNCTION(helix_webhook_verify_token) {
    const pg_uuid_t schedule_id = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_schedule_id"));
    const MemoryContext caller = CurrentMemoryContext;
    pg::OwnerSpi spi;
    const Endpoint endpoint = find_endpoint(schedule_id);
    if (!endpoint.known || !endpoint.is_webhook) {
        ereport(ERROR, (errcode(endpoint.known ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_UNDEFINED_OBJECT),
                        errmsg(endpoint.known ? "the schedule is no webhook" : "unknown schedule"),
                        errdetail("It is %s.", pg::uuid_text(schedule_id)),
                        errhint("helix.operation_schedules lists the schedules and their types.")));
    }
    const char* token = verify_token_of(endpoint);
    const MemoryContext own = MemoryContextSwitchTo(caller);
    const Datum result = CStringGetTextDatum(token);
    MemoryContextSwitchTo(own);
    spi.finish();
    return result;
}

} // namespace helix::webhooks
