// Owns: starting a batch. Used within queue/ only; callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// Queues the operations of a draft whose row the caller has locked or just made.
void start(const pg_uuid_t& batch);

} // namespace helix::queue
