// Owns: knowing what has been delivered before, for good. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// Notes a delivery and returns whether it is the first one. The id decides where it is signed, else the body: an id
// that nobody vouches for would let whoever has seen a call repeat it. Waits for another transaction that is noting the
// same. Needs an OwnerSpi.
bool is_first_delivery(const pg_uuid_t& schedule_id, std::string_view signed_id, std::string_view body);

} // namespace helix::webhooks
