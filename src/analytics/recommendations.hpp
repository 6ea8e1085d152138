// Owns: finding what helix recommends to a user, and doing so for all of them. Used within analytics/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/uuid.h"
}

namespace helix::analytics {

// Stores what is recommended to a user now, and removes what no longer is. Callers are within an OwnerSpi.
void recommend_to(const pg_uuid_t& user);

// The worker's task: once a day for each user who ran something in the last 30 days, some at a time.
bool recommendations_task();

} // namespace helix::analytics
