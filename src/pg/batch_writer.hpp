// Owns: writing many rows straight into a table, some at once. Any feature may use it for helix's own tables: it knows
// as little as table_writer.hpp does.
#pragma once

#include "pg/table_writer.hpp"

#include <algorithm>

extern "C" {
#include "access/heapam.h"
#include "executor/tuptable.h"
}

namespace helix::pg {

// Plain data, so that PostgreSQL may longjmp past it; an abort closes the table. Raises PostgreSQL errors (23505).
class BatchWriter {
  public:
    // Locks the table as INSERT does. `rows` is how many to expect.
    BatchWriter(Oid table, int rows);

    // `fill(slot)` gives the row its values, with tts_isnull false; other columns are null, as are those that somebody
    // has added. What it allocates lasts until the row is written.
    template <typename Fill>
    void add(Fill fill) {
        const MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(table_.executor));
        TupleTableSlot* const slot = slots_[buffered_++];
        ExecClearTuple(slot);
        std::fill_n(slot->tts_isnull, slot->tts_tupleDescriptor->natts, true);
        fill(slot);
        ExecStoreVirtualTuple(slot);
        MemoryContextSwitchTo(caller);
        if (buffered_ == capacity_) {
            flush();
        }
    }

    // Writes the rest, closes the table but for its lock, and returns how many rows were written.
    int finish();

  private:
    void flush();

    TableWriter table_;
    BulkInsertState bulk_; // null for a single row
    TupleTableSlot** slots_;
    int capacity_;
    int buffered_ = 0;
    int written_ = 0;
};

} // namespace helix::pg
