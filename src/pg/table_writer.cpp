// Opens a table with its indexes, and writes rows into both by the table access method.
#include "pg/table_writer.hpp"

#include "pg/block_summaries.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "access/table.h"
#include "executor/tuptable.h"
}

namespace helix::pg {

namespace {

// The relation cache has planned the predicates already. The executor would plan them again for each writer.
void prepare_predicates(const ResultRelInfo* target) {
    for (int i = 0; i < target->ri_NumIndices; ++i) {
        IndexInfo* const index = target->ri_IndexRelationInfo[i];
        if (index->ii_Predicate != NIL) {
            index->ii_PredicateState = ExecInitQual(index->ii_Predicate, nullptr);
        }
    }
}

// Block summaries go last. Returns how many others there are.
int sort_indexes(ResultRelInfo* target) {
    int others = 0;
    for (int i = 0; i < target->ri_NumIndices; ++i) {
        if (!is_block_summary(target->ri_IndexRelationDescs[i], *target->ri_IndexRelationInfo[i])) {
            std::swap(target->ri_IndexRelationDescs[i], target->ri_IndexRelationDescs[others]);
            std::swap(target->ri_IndexRelationInfo[i], target->ri_IndexRelationInfo[others]);
            ++others;
        }
    }
    return others;
}

} // namespace

TableWriter open_writer(Oid table) {
    TableWriter writer{};
    writer.table = table_open(table, RowExclusiveLock);
    writer.executor = CreateExecutorState();
    writer.target = makeNode(ResultRelInfo);
    InitResultRelInfo(writer.target, writer.table, 0, nullptr, 0);
    ExecOpenIndices(writer.target, false);
    prepare_predicates(writer.target);
    writer.indexes_of_rows = sort_indexes(writer.target);
    return writer;
}

void write_row(const TableWriter& writer, TupleTableSlot* slot) {
    table_tuple_insert(writer.table, slot, GetCurrentCommandId(true), 0, nullptr);
    insert_index_entries(writer.target, slot, writer.executor);
}

// The executor knows of the first indexes alone meanwhile. After an error nobody uses the writer.
void write_index_entries(const TableWriter& writer, TupleTableSlot** slots, int count) {
    ResultRelInfo* const target = writer.target;
    const int indexes = std::exchange(target->ri_NumIndices, writer.indexes_of_rows);
    for (int i = 0; i < count; ++i) {
        insert_index_entries(target, slots[i], writer.executor);
    }
    target->ri_NumIndices = indexes;
    for (int i = writer.indexes_of_rows; i < indexes; ++i) {
        enter_extremes(writer.table, target->ri_IndexRelationDescs[i], *target->ri_IndexRelationInfo[i], slots, count);
    }
}

void close_writer(const TableWriter& writer) {
    ExecCloseIndices(writer.target);
    FreeExecutorState(writer.executor);
    table_close(writer.table, NoLock);
}

void insert_into(const char* table, Values& values) {
    PreventCommandIfReadOnly("INSERT"); // the table access method itself would not ask
    const TableWriter writer = open_writer(internal_relation(table));
    TupleTableSlot* row = table_slot_create(writer.table, nullptr);
    Assert(values.count() <= row->tts_tupleDescriptor->natts);
    std::fill_n(row->tts_isnull, row->tts_tupleDescriptor->natts, true); // also of columns that somebody has added
    std::copy_n(values.values(), values.count(), row->tts_values);
    std::copy_n(values.nulls(), values.count(), row->tts_isnull);
    ExecStoreVirtualTuple(row);
    if (row->tts_tupleDescriptor->constr != nullptr) {
        ExecConstraints(writer.target, row, writer.executor);
    }
    write_row(writer, row);
    ExecDropSingleTupleTableSlot(row);
    close_writer(writer);
}

} // namespace helix::pg
