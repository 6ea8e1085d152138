// Owns: starting a batch. Used within queue/ only. Callers are within an OwnerSpi.
#pragma once

#include "callers/caller.hpp"
#include "pg/prelude.hpp"

namespace helix::queue {

struct BatchState {
    bool started;
    bool cancelled;
    bool by_client; // then nothing of it is queued
};

// Locks the batch; refuses an unknown one and another user's.
BatchState lock(const pg_uuid_t& batch, const callers::Rights& rights);

// Whether an operation of the batch has not ended.
bool has_open_operations(const pg_uuid_t& batch);

// Starts a draft, or goes on with a started batch: queues the operations that have not ended and are not queued. The
// caller has locked its row or just made it. `rights` are those of who starts it.
void start_batch(const pg_uuid_t& batch, const callers::Rights& rights);

} // namespace helix::queue
