// Writes rows by table_multi_insert, and their index entries one by one.
#include "pg/batch_writer.hpp"

#include <algorithm>

extern "C" {
#include "access/tableam.h"
}

namespace helix::pg {

namespace {

constexpr int max_batch = 128; // measured: a slot for each of 1,000 rows costs more than it saves

} // namespace

BatchWriter::BatchWriter(Oid table, int rows)
    : table_(open_writer(table)), bulk_(rows > 1 ? GetBulkInsertState() : nullptr),
      capacity_(std::clamp(rows, 1, max_batch)) {
    slots_ = static_cast<TupleTableSlot**>(palloc(sizeof(TupleTableSlot*) * static_cast<std::size_t>(capacity_)));
    for (int i = 0; i < capacity_; ++i) {
        slots_[i] = table_slot_create(table_.table, nullptr);
    }
}

void BatchWriter::flush() {
    if (buffered_ == 0) {
        return;
    }
    const MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(table_.executor));
    if (buffered_ == 1) {
        write_row(table_, slots_[0]);
    } else {
        table_multi_insert(table_.table, slots_, buffered_, GetCurrentCommandId(true), 0, bulk_);
        write_index_entries(table_, slots_, buffered_);
    }
    for (int i = 0; i < buffered_; ++i) {
        ExecClearTuple(slots_[i]);
    }
    MemoryContextSwitchTo(caller);
    ResetPerTupleExprContext(table_.executor);
    written_ += buffered_;
    buffered_ = 0;
}

int BatchWriter::finish() {
    flush();
    if (bulk_ != nullptr) {
        FreeBulkInsertState(bulk_);
    }
    for (int i = 0; i < capacity_; ++i) {
        ExecDropSingleTupleTableSlot(slots_[i]);
    }
    close_writer(table_);
    return written_;
}

} // namespace helix::pg
