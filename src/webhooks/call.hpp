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
    std::string_view method;    // of the sender, where the proxy says so; else it was a POST
    std::string_view query;     // the parameters of the sender's address, likewise
};

// Verifies, logs and queues it; the answer's body, a json in the caller's memory.
Datum take_call(const Call& call);

} // namespace helix::webhooks
