// A call of a webhook: verified, deduplicated, logged, queued and answered.
#include "pg/prelude.hpp"

#include "webhooks/call.hpp"

#include "config.hpp"
#include "core/webhooks/signed_content.hpp"
#include "pg/spi.hpp"
#include "queue/enqueue.hpp"
#include "webhooks/call_rate.hpp"
#include "webhooks/challenge.hpp"
#include "webhooks/delivery.hpp"
#include "webhooks/message.hpp"
#include "webhooks/refusal.hpp"
#include "webhooks/response.hpp"
#include "webhooks/secret_check.hpp"

extern "C" {
#include "utils/datum.h"
}

namespace helix::webhooks {

namespace {

constexpr int full_queue_s = 60; // after which a sender may try again where the user's queue was full

Event verified_event(const Endpoint& endpoint, const WebhookMessage& message, const Check& check) {
    Event event = new_event(endpoint, message, "webhook_received");
    event.timestamp = check.verification.timestamp;
    event.message_id = message.id;
    event.mac = {reinterpret_cast<const char*>(check.verification.mac.bytes.data()), check.verification.mac.size};
    return event;
}

Delivery delivery_by_scheme(const Endpoint& endpoint, const WebhookMessage& message, const Jsonb* headers) {
    const Place& place = endpoint.scheme.delivery;
    return delivery_of(endpoint.schedule_id,
                       {.id = message.id.empty() ? field_of(message.body, place.path) : message.id,
                        .header = header(headers, place.header),
                        .body = message.body});
}

// Whoever has seen a call can send it again: such calls must not use up the limit of new ones.
Datum take_duplicate(const Endpoint& endpoint, Event event) {
    const int wait = seconds_to_wait(endpoint.schedule_id, CallKind::unverified, config::webhook_unverified_rate);
    if (wait > 0) {
        return answer_too_many(wait);
    }
    event.duplicate = true;
    write_event(event);
    return answer_accepted(endpoint.schedule_id, event.id, nullptr);
}

// A signed call that comes too soon leaves a trace for the schedule's owner, as many a minute as calls that do not
// verify.
void note_too_many(const Endpoint& endpoint, const WebhookMessage& message, const char* reason) {
    if (seconds_to_wait(endpoint.schedule_id, CallKind::traced, config::webhook_unverified_rate) == 0) {
        Event event = new_event(endpoint, message, "webhook_error");
        event.error = reason;
        write_event(event);
    }
}

Datum accept(const Endpoint& endpoint, const WebhookMessage& message, const Jsonb* headers, const Check& check) {
    if (const Datum reply = answer_challenge(endpoint, message, check)) {
        return reply;
    }
    Event event = verified_event(endpoint, message, check);
    event.headers = kept_headers(headers, endpoint.scheme.kept_headers);
    const Delivery delivery = delivery_by_scheme(endpoint, message, headers);
    if (!remember(delivery)) {
        return take_duplicate(endpoint, event);
    }
    const bool has_room = queue::has_room(endpoint.user_id, 1);
    const int wait =
        has_room ? seconds_to_wait(endpoint.schedule_id, CallKind::verified, endpoint.rate_limit) : full_queue_s;
    if (wait > 0) {
        forget(delivery); // its sender will try again
        note_too_many(endpoint, message, has_room ? "more calls than webhook_rate_limit" : "the user's queue is full");
        return answer_too_many(wait);
    }
    const pg_uuid_t execution_id = enqueue(endpoint, message.body, event.headers);
    event.execution_id = &execution_id;
    event.keep_body = true;
    write_event(event);
    return answer_accepted(endpoint.schedule_id, event.id, event.execution_id);
}

// What speaks against a call; nothing where it verifies and may be queued.
std::optional<Refusal> objection(const Endpoint& endpoint, const WebhookMessage& message, Check& result) {
    if (message.body.empty()) {
        return Refusal{"webhook_error", 400, "the body is empty", "the body is empty"};
    }
    if (message.body.size() > static_cast<std::size_t>(config::webhook_body_limit)) {
        return Refusal{"webhook_error", 413, "the body is too large",
                       "the body is larger than helix.webhook_body_limit"};
    }
    if (!endpoint.known || !endpoint.is_webhook) {
        check_in_vain(endpoint.scheme, message);
        return Refusal{"webhook_error", 404, "no such webhook",
                       endpoint.known ? "the schedule is no webhook" : "unknown schedule"};
    }
    if (signs(endpoint.scheme.core.signed_content, Mark::url) && *endpoint.url == '\0') {
        return Refusal{"webhook_error", 500, "the webhook is not set up",
                       "its scheme signs the address, and the schedule has no webhook_url"};
    }
    if (message.signature.empty()) {
        return Refusal{"signature_failed", 401, "no signature", describe(WebhookVerdict::no_signature)};
    }
    result = check(endpoint.scheme, message, endpoint.secret_refs, endpoint.tolerance);
    if (!result.has_secret) {
        return Refusal{"webhook_error", 500, "the secret cannot be loaded", result.reason};
    }
    if (!result.verified()) {
        const char* reason = describe(result.verification.verdict);
        return Refusal{"signature_failed", 401, reason, reason};
    }
    if (!endpoint.enabled) {
        return Refusal{"webhook_error", 404, "no such webhook", "the schedule is disabled"};
    }
    return std::nullopt;
}

Datum decide(const Call& call) {
    const TimestampTz called_at = GetCurrentTimestamp();
    const Endpoint endpoint = find_endpoint(call.schedule_id);
    if (!call.method.empty() && call.method != "POST") {
        return call.method == "GET" ? answer_get(endpoint, call.query, called_at)
                                    : answer_error(405, "send a POST request");
    }
    const WebhookMessage message = read_message(endpoint.scheme, call.body, call.signature, call.headers, endpoint.url);
    Check result{};
    const auto refusal = objection(endpoint, message, result);
    if (!refusal) {
        return accept(endpoint, message, call.headers, result);
    }
    const Datum answer = refuse(endpoint, message, *refusal);
    wait_to_refuse(called_at);
    return answer;
}

} // namespace

Datum take_call(const Call& call) {
    const MemoryContext caller = CurrentMemoryContext;
    pg::OwnerSpi spi;
    const Datum body = decide(call);
    const MemoryContext own = MemoryContextSwitchTo(caller);
    const Datum answer = datumCopy(body, false, -1);
    MemoryContextSwitchTo(own);
    spi.finish();
    return answer;
}

} // namespace helix::webhooks
