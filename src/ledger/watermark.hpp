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
    bool is_ours; // written in this cluster and database
};

// Makes sure that a watermark of this cluster and database exists before a row is recorded: the first recording of all
// creates it; the first one after a restore elsewhere adopts the ledger (folds all of it, and lets only larger ids be
// unfolded from then on). Cheap after the first call in a backend.
void ensure_watermark();

enum class IfLocked { wait, skip };

// Locks and reads the watermark; none where nothing was ever recorded, or where it is locked and `skip`. Needs SPI.
std::optional<Watermark> lock_watermark(IfLocked if_locked);

// Moves the watermark and adds to its totals. Needs SPI and the lock.
void advance_watermark(const Horizon& horizon, std::int64_t rows, Datum cost_usd);

// What is visible now, without this transaction's own rows. Needs SPI.
Horizon current_horizon();

// Whether a worker may work here: there is a watermark and it is ours. Never adopts: while a restore runs, the tables
// must be left alone. Needs SPI.
bool watermark_is_ours();

} // namespace helix::ledger
