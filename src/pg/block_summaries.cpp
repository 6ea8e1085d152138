// Chooses which rows a BRIN index has to see. Each entry costs some 5,000 instructions, whether it changes it or not.
#include "pg/block_summaries.hpp"

#include <algorithm>

extern "C" {
#include "access/brin_internal.h"
#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
}

namespace helix::pg {

namespace {

struct Extremes {
    int lowest;
    int highest;
};

std::int64_t value_of(TupleTableSlot* row, const IndexInfo& info, int column, bool& is_null) {
    return DatumGetInt64(slot_getattr(row, info.ii_IndexAttrNumbers[column], &is_null));
}

// None where a value is null, which is an extreme of its own.
bool find_extremes(const IndexInfo& info, int column, TupleTableSlot** rows, int count, Extremes& found) {
    found = {0, 0};
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    for (int i = 0; i < count; ++i) {
        bool is_null = false;
        const std::int64_t value = value_of(rows[i], info, column, is_null);
        if (is_null) {
            return false;
        }
        if (i == 0 || value < lowest) {
            found.lowest = i;
            lowest = value;
        }
        if (i == 0 || value > highest) {
            found.highest = i;
            highest = value;
        }
    }
    return true;
}

void enter(Relation table, Relation index, IndexInfo& info, TupleTableSlot* row) {
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(&info, row, nullptr, values, nulls);
    index_insert(index, values, nulls, &row->tts_tid, table, UNIQUE_CHECK_NO, false, &info);
}

// The first row is entered in any case: the first of a block is what has the range before it summarized.
void enter_block(Relation table, Relation index, IndexInfo& info, TupleTableSlot** rows, int count) {
    int chosen[1 + 2 * INDEX_MAX_KEYS] = {0};
    int* end = chosen + 1;
    for (int column = 0; column < info.ii_NumIndexKeyAttrs; ++column) {
        Extremes extremes{};
        if (!find_extremes(info, column, rows, count, extremes)) {
            std::for_each(rows, rows + count, [&](TupleTableSlot* row) { enter(table, index, info, row); });
            return;
        }
        *end++ = extremes.lowest;
        *end++ = extremes.highest;
    }
    std::sort(chosen, end);
    std::for_each(chosen, std::unique(chosen, end), [&](int row) { enter(table, index, info, rows[row]); });
}

// Others of BRIN (bloom, minmax_multi) have to see every value.
bool are_extremes_kept(Relation index, int column) {
    const Oid type = index->rd_opcintype[column];
    return (type == INT8OID || type == TIMESTAMPTZOID) &&
           index_getprocid(index, static_cast<AttrNumber>(column + 1), BRIN_PROCNUM_OPCINFO) == F_BRIN_MINMAX_OPCINFO;
}

} // namespace

// One that CREATE INDEX CONCURRENTLY has just begun has no pages yet: the executor passes it over.
bool is_block_summary(Relation index, const IndexInfo& info) {
    if (index->rd_rel->relam != BRIN_AM_OID || info.ii_Expressions != NIL || info.ii_Predicate != NIL ||
        !info.ii_ReadyForInserts) {
        return false;
    }
    int column = 0;
    while (column < info.ii_NumIndexKeyAttrs && are_extremes_kept(index, column)) {
        ++column;
    }
    return column == info.ii_NumIndexKeyAttrs;
}

void enter_extremes(Relation table, Relation index, IndexInfo& info, TupleTableSlot** rows, int count) {
    const auto block_of = [](const TupleTableSlot* row) { return ItemPointerGetBlockNumber(&row->tts_tid); };
    for (int begin = 0, end = 0; begin < count; begin = end) {
        while (end < count && block_of(rows[end]) == block_of(rows[begin])) {
            ++end;
        }
        enter_block(table, index, info, rows + begin, end - begin);
    }
}

} // namespace helix::pg
