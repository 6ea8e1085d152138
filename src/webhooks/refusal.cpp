#include "pg/prelude.hpp"

#include "webhooks/refusal.hpp"

#include "config.hpp"
#include "pg/ids.hpp"
#include "webhooks/call_rate.hpp"
#include "webhooks/response.hpp"

namespace helix::webhooks {

namespace {

constexpr pg_uuid_t nobody{}; // the user, and in rate limits the schedule, of calls of unknown schedules

} // namespace

Event new_event(const Endpoint& endpoint, const WebhookMessage& message, const char* type) {
    const bool is_secret = endpoint.scheme.core.signing == Signing::token; // the signature is, or nearly is
    Event event{};
    event.id = pg::fresh_id();
    event.user_id = endpoint.user_id;
    event.schedule_id = endpoint.known ? &endpoint.schedule_id : nullptr;
    event.type = type;
    event.signature = is_secret ? std::string_view() : message.signature;
    event.body = message.body;
    return event;
}

Datum refuse(const Endpoint& endpoint, const WebhookMessage& message, const Refusal& refusal) {
    const int wait = seconds_to_wait(endpoint.known ? endpoint.schedule_id : nobody, CallKind::unverified,
                                     config::webhook_unverified_rate);
    if (wait > 0) {
        return answer_too_many(wait);
    }
    Event event = new_event(endpoint, message, refusal.type);
    event.error = refusal.reason;
    write_event(event);
    return answer_error(refusal.status, refusal.error);
}

} // namespace helix::webhooks
