// Owns: helix_internal.watermark: the snapshot up to which the ledger is folded, and the cluster and database in which
// its transaction ids mean something. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// A set of transactions, as the fold and readers compare it: all below next_xid that are not in open_xids.
struct Horizon {
    std::int64_t next_xid;
    Datum open_xids; // bigint[]
};

struct Watermark {
    Horizon folded;
    std::int64_t base_id;
    bool is_ours;  // written in this cluster and database
    bool is_fresh; // as shipped: nothing was ever recorded, or the first recording has not committed yet
};

enum class IfLocked { wait, skip };
enum class Snapshot { transaction, latest }; // which rows a statement sees in a REPEATABLE READ transaction

// The watermark as it is committed now. Needs SPI, as all below.
std::optional<Watermark> read_watermark();

// Locks and reads the watermark; none where it is locked and `skip`.
std::optional<Watermark> lock_watermark(IfLocked if_locked, Snapshot snapshot = Snapshot::transaction);

// The watermark as shipped becomes this cluster's and database's.
void claim_watermark();

// The watermark of another cluster or database becomes this one's. Returns the last id that is folded: the tail begins
// behind it.
std::int64_t rebase_watermark();

// Moves the watermark and adds to its totals. Needs the lock.
void advance_watermark(const Horizon& horizon, std::int64_t rows, Datum cost_usd);

// What is visible now, without this transaction's own rows.
Horizon current_horizon();

// Whether a worker may work here: the watermark is ours, and committed. It never adopts, for while a restore runs, the
// tables must be left alone.
bool watermark_is_ours();

} // namespace helix::ledger
