// Owns: calls that are not taken, and what every event of a call begins with. Within webhooks/. Raises PostgreSQL
// errors alone.
#pragma once

#include "webhooks/endpoint.hpp"
#include "webhooks/event.hpp"

namespace helix::webhooks {

// Plain data.
struct Refusal {
    const char* type; // of the event
    int status;
    const char* error;  // for the sender
    const char* reason; // for the schedule's owner
};

// An event without what came of the call. Needs an OwnerSpi.
Event new_event(const Endpoint& endpoint, const WebhookMessage& message, const char* type);

// Logs a refusal, as often as helix.webhook_unverified_rate allows, and answers it. Those of unknown schedules count
// together. Needs an OwnerSpi.
Datum refuse(const Endpoint& endpoint, const WebhookMessage& message, const Refusal& refusal);

} // namespace helix::webhooks
