// Owns: what a schedule says of its webhook. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "webhooks/scheme.hpp"

namespace helix::webhooks {

// Plain data in SPI's memory.
struct Endpoint {
    pg_uuid_t schedule_id;
    pg_uuid_t user_id; // all zeros where the schedule is unknown
    bool known;
    bool is_webhook;
    bool enabled;
    bool one_at_a_time;
    Datum operation_id;
    int max_attempts;
    const char* run_as;
    const char* secret_refs[2]; // the current one and, while a rotation lasts, the one before; null: none
    const char* url;            // webhook_url; empty: none
    WebhookTolerance tolerance;
    int rate_limit; // calls in a minute; 0: any number
    Scheme scheme;
};

// Needs an OwnerSpi. An unknown schedule gets what makes it as much work to refuse as a known one.
Endpoint find_endpoint(const pg_uuid_t& schedule_id);

// Queues an execution of its operation with the body as payload, and the headers (jsonb; 0: none); its id. Needs an
// OwnerSpi.
pg_uuid_t enqueue(const Endpoint& endpoint, std::string_view body, Datum headers);

} // namespace helix::webhooks
