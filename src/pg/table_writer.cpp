#include "pg/table_writer.hpp"

extern "C" {
#include "access/table.h"
#include "executor/tuptable.h"
}

namespace helix::pg {

TableWriter open_writer(Oid table) {
    TableWriter writer{};
    writer.table = table_open(table, RowExclusiveLock);
    writer.executor = CreateExecutorState();
    writer.target = makeNode(ResultRelInfo);
    InitResultRelInfo(writer.target, writer.table, 0, nullptr, 0);
    ExecOpenIndices(writer.target, false);
    return writer;
}

void write_row(const TableWriter& writer, TupleTableSlot* slot) {
    table_tuple_insert(writer.table, slot, GetCurrentCommandId(true), 0, nullptr);
    write_index_entries(writer, slot);
}

void write_index_entries(const TableWriter& writer, TupleTableSlot* slot) {
    insert_index_entries(writer.target, slot, writer.executor);
}

void close_writer(const TableWriter& writer) {
    ExecCloseIndices(writer.target);
    FreeExecutorState(writer.executor);
    table_close(writer.table, NoLock);
}

} // namespace helix::pg
