// Owns: answering senders who ask whether an address is a webhook. Within webhooks/. Needs an OwnerSpi. May throw
// Error.
#pragma once

#include "webhooks/endpoint.hpp"
#include "webhooks/secret_check.hpp"

namespace helix::webhooks {

// The answer to a call that has verified; 0 where it is no challenge.
Datum answer_challenge(const Endpoint& endpoint, const WebhookMessage& message, const Check& check);

// The answer to a GET with these parameters. 405 where the webhook's scheme knows no such challenge.
Datum answer_get(const Endpoint& endpoint, std::string_view query, TimestampTz called_at);

} // namespace helix::webhooks
