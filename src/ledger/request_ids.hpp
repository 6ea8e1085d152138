// Owns: idempotency: which request ids have been recorded, for helix.request_id_window
// and as long as the ledger has the executions. Used within ledger/ only.
#pragma once

#include "ledger/execution.hpp"

namespace helix::ledger {

struct RememberedRequest {
    std::int64_t execution_id;
    bool is_new;
};

// Remembers the execution's request id with a new execution id, or finds the execution that it was first used for.
// Waits for another transaction that is just recording the same one. Raises 23505 where the first had another content,
// unless helix.request_id_conflict is ignore.
RememberedRequest remember_request(const Execution& execution);

// Whether another transaction, not ended yet, is recording or forgetting the same request id: remember_request() would
// wait for it.
bool is_being_remembered(const Execution& execution);

// The worker's: forgets ids that are older than the window. True where more are left to do.
bool request_ids_task();

} // namespace helix::ledger
