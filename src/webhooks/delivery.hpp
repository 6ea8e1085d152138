// Owns: knowing what has been delivered before, as long as the schedule lives. Within webhooks/. All raise PostgreSQL
// errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// Plain data: half of a SHA-256.
struct Delivery {
    pg_uuid_t schedule_id;
    pg_uuid_t digest;
};

// What a scheme says of a delivery. `id`, which is signed, decides alone, be it a field of the body or not. Without it
// the body decides, together with `header`, which nobody vouches for.
struct Identity {
    std::string_view id;
    std::string_view header;
    std::string_view body;
};
Delivery delivery_of(const pg_uuid_t& schedule_id, const Identity& identity);

// Notes it and returns whether it is the first one; waits for another transaction that is noting the same. Needs an
// OwnerSpi.
bool remember(const Delivery& delivery);

// Takes back what remember() has just remembered.
void forget(const Delivery& delivery);

} // namespace helix::webhooks
