// Owns: helix_internal.watermark, the snapshot up to which the ledger is folded, and in which cluster and database its
// transaction ids mean something. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// A set of transactions as fold and readers compare it: all below next_xid that are not in open_xids.
struct Horizon {
    std::int64_t next_xid;
    Datum open_xids; // bigint[]
};

struct Watermark {
    Horizon folded;
    std::int64_t base_id;
    bool is_ours;  // written in this cluster and database
    bool is_fresh; // as shipped: nothing was ever recorded, or the first recording is not committed yet
};

// Makes sure that the watermark is of this cluster and database before a row is recorded: the first recording of all
// claims it, without making others wait; the first one after a restore elsewhere adopts the ledger (folds all of it,
// and lets only larger ids be unfolded from then on). Cheap after the first call in a backend.
void ensure_watermark();

// With the partition locked: gives up ids that were handed to this session before an adoption that it did not see.
void confirm_ids();

enum class IfLocked { wait, skip };

// Locks and reads the watermark; none where it is locked and `skip`. Needs SPI.
std::optional<Watermark> lock_watermark(IfLocked if_locked);

// Moves the watermark and adds to its totals. Needs SPI and the lock.
void advance_watermark(const Horizon& horizon, std::int64_t rows, Datum cost_usd);

// What is visible now, without this transaction's own rows. Needs SPI.
Horizon current_horizon();

// Whether a worker may work here: the watermark is ours, and committed. Never adopts: while a restore runs, the tables
// must be left alone. Needs SPI.
bool watermark_is_ours();

} // namespace helix::ledger
