// Owns: helix_internal.watermark: the snapshot up to which the ledger is folded, how far the levels are closed, and the
// cluster and database in which its transaction ids mean something. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// A set of transactions, as the fold and readers compare it: all below next_xid that are not in open_xids.
struct Horizon {
    std::int64_t next_xid;
    Datum open_xids; // bigint[]
};

// How far the levels go: minutes from minutes_from, of which those before minutes_closed are in quarters too; the same
// for quarters and days. All are beginnings of a minute or quarter, or -infinity.
struct LevelHorizons {
    TimestampTz minutes_from;
    TimestampTz minutes_closed;
    TimestampTz quarters_from;
    TimestampTz quarters_closed;
};

// The partition of usage_minutes that folds write to, and since when. The rows of the next one are not needed any more
// by whoever sees `left_by` as committed.
struct MinuteSlot {
    std::int16_t number;
    TimestampTz since;
    std::int64_t left_by;
};

struct Watermark {
    Horizon folded;
    LevelHorizons levels;
    MinuteSlot slot;
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

// Moves the horizons of the levels. Needs the lock.
void set_level_horizons(const LevelHorizons& levels);

// Folds write to the next slot from now on; this transaction has left the one after it. Needs the lock.
void set_minute_slot(std::int16_t number, TimestampTz since);

// What is visible now, without this transaction's own rows.
Horizon current_horizon();

// Whether a worker may work here: the watermark is ours, and committed. It never adopts, for while a restore runs, the
// tables must be left alone.
bool watermark_is_ours();

} // namespace helix::ledger
