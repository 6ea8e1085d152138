// Owns: what the end of one operation means for its batch. Used within queue/ only. Callers are within an OwnerSpi.
#pragma once

#include "queue/history.hpp"

namespace helix::queue {

// An operation of a batch has ended. Keeps how, skips what can no longer run, and releases what may run now.
void note_batch_operation(const pg_uuid_t& operation, const Ending& ending);

// An attempt has failed, and another follows. Its cost counts, and may stop the batch.
void note_attempt_cost(const pg_uuid_t& operation, Datum cost_usd);

// Starts or goes on with a batch whose row the caller has locked.
void advance_batch(const pg_uuid_t& batch);

} // namespace helix::queue
