// Owns: idempotency: which request ids have been recorded, for helix.request_id_window. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

struct RememberedRequest {
    std::int64_t execution_id;
    bool is_new;
};

// Remembers the request id with a new execution id, or finds the execution that it was first used for. Waits for
// another transaction that is just recording the same one.
RememberedRequest remember_request(const pg_uuid_t& user, std::string_view request_id);

// The worker's: forgets ids that are older than the window. True where more are left to do.
bool request_ids_task();

} // namespace helix::ledger
