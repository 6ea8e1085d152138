// Owns: keeping the BRIN index on xid close behind the writers. Used within ledger/ only.
#pragma once

namespace helix::ledger {

// The worker's: summarizes the page ranges of the current partition that have filled up. Always false.
//
// BRIN reads every page of a range that has no summary, and autovacuum would make summaries only once a minute.
// Measured: folds then read the whole minute's pages again and again, and took more CPU than the recording.
bool summarize_brin_task();

} // namespace helix::ledger
