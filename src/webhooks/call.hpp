// Owns: a call of a webhook, from verification to its answer. Within webhooks/. Raises PostgreSQL errors alone, and for
// nothing that a sender does.
#pragma once

#include "webhooks/headers.hpp"

namespace helix::webhooks {

// Plain data.
struct Call {
    pg_uuid_t schedule_id;
    std::string_view body;
    std::string_view signature; // empty: as the headers say
    const Jsonb* headers;       // null: none
};

// Verifies, logs and queues it; the answer's body, a json in the caller's memory.
Datum take_call(const Call& call);

} // namespace helix::webhooks
