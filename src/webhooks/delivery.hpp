// Owns: knowing what has been delivered before, for good. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// Plain data: half of a SHA-256.
struct Delivery {
    pg_uuid_t schedule_id;
    pg_uuid_t digest;
};

// The id decides where it is signed, else the body: an id that nobody vouches for would let whoever has seen a call
// repeat it.
Delivery delivery_of(const pg_uuid_t& schedule_id, std::string_view signed_id, std::string_view body);

// Notes it and returns whether it is the first one; waits for another transaction that is noting the same. Needs an
// OwnerSpi.
bool remember(const Delivery& delivery);

// Takes back what remember() has just remembered.
void forget(const Delivery& delivery);

} // namespace helix::webhooks
