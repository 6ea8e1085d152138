// Owns: starting a batch. Used within queue/ only. Callers are within an OwnerSpi.
#pragma once

#include "callers/caller.hpp"
#include "pg/prelude.hpp"

namespace helix::queue {

// Queues the operations of a draft whose row the caller has locked or just made. `rights` are those of who starts it.
void start_batch(const pg_uuid_t& batch, const callers::Rights& rights);

} // namespace helix::queue
