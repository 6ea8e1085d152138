// Owns: entering many rows at once into BRIN indexes, which keep the lowest and highest values of ranges of blocks.
// Used by table_writer.cpp, for helix's own tables.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace helix::pg {

// Whether enter_extremes() may serve this index: one of BRIN that takes rows, all rows, and keeps the extremes of
// columns of bigint and timestamptz.
bool is_block_summary(Relation index, const IndexInfo& info);

// Enters those of `rows` that have the lowest or the highest value of a column on their block. The others would change
// nothing in the index. The rows have their places in `table`, in order.
void enter_extremes(Relation table, Relation index, IndexInfo& info, TupleTableSlot** rows, int count);

} // namespace helix::pg
