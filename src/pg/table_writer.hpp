// Owns: writing rows straight into a table, without a plan to start for each. Any feature may use it for helix's own
// tables: it knows nothing of triggers, defaults and row security. Raises PostgreSQL errors (23505).
#pragma once

#include "pg/values.hpp"

namespace helix::pg {

// Plain data, so that PostgreSQL may longjmp past it; an abort closes the table.
struct TableWriter {
    Relation table;
    EState* executor;
    ResultRelInfo* target;
    int indexes_of_rows; // come first; the others summarize blocks
};

// Locks the table as INSERT does. Does not ask for privileges.
TableWriter open_writer(Oid table);

// Writes the row in `slot` (made by table_slot_create) into the table and its indexes.
void write_row(const TableWriter& writer, TupleTableSlot* slot);

// Writes into the indexes alone, for rows that table_multi_insert() has written.
void write_index_entries(const TableWriter& writer, TupleTableSlot** slots, int count);

// Keeps the lock until the transaction's end.
void close_writer(const TableWriter& writer);

// Writes one row into helix_internal.<table>. `values` are in the order of its columns; columns behind them become
// null. The row is checked as INSERT does it (23502, 23514).
void insert_into(const char* table, Values& values);

} // namespace helix::pg
