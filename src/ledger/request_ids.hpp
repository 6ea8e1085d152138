// Owns: idempotency: which request ids have been recorded, for helix.request_id_window
// and as long as the ledger has the executions. Used within ledger/ only.
#pragma once

#include "ledger/execution.hpp"
#include "pg/batch_writer.hpp"

extern "C" {
#include "access/genam.h"
#include "utils/snapshot.h"
}

namespace helix::ledger {

struct RememberedRequest {
    std::int64_t execution_id;
    bool is_new;
};

// Remembers the execution's request id with a new execution id, or finds the execution that it was first used for.
// Waits for another transaction that is just recording the same one. Raises 23505 where the first had another content,
// unless helix.request_id_conflict is ignore.
RememberedRequest remember_request(const Execution& execution);

// What is known of a request id. It is busy while another transaction, not ended yet, records or forgets it: then
// remember_request() would wait.
enum class RequestIdState { unused, used, busy };

// Looks up many request ids. Plain data; an abort closes it.
class RequestIdLookup {
  public:
    RequestIdLookup();
    RequestIdState state_of(const Execution& execution);
    void finish();

  private:
    Relation table_;
    Relation index_;
    SnapshotData* what_others_write_;
    TupleTableSlot* slot_;
    IndexScanDesc scan_;
};

// Remembers many request ids that were unused. Raises 23505 where one is no longer. Plain data; an abort closes it.
class NewRequestIds {
  public:
    explicit NewRequestIds(int count);

    // Gives a new execution id to the execution and its request id.
    std::int64_t remember(const Execution& execution);

    void finish();

  private:
    pg::BatchWriter rows_;
};

// The worker's: forgets ids that are older than the window. True where more are left to do.
bool request_ids_task();

} // namespace helix::ledger
