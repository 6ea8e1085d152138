// Owns: the rows of a statement that are read while other statements run. Any feature may use it. Plain data; raises
// PostgreSQL errors.
#pragma once

#include "pg/spi.hpp"

namespace helix::pg {

// Its columns count from 1.
struct KeptRow {
    HeapTuple tuple;
    TupleDesc columns;

    Datum value(int column, bool* is_null) const { return SPI_getbinval(tuple, columns, column, is_null); }
    // The same where null is out of the question.
    Datum value(int column) const {
        bool is_null = false;
        return value(column, &is_null);
    }
    // As text, whatever its type is; null stays so.
    char* text(int column) const { return SPI_getvalue(tuple, columns, column); }

    // Both for a statement that selects one column.
    Datum only_value() const { return value(1); }
    char* only_text() const { return text(1); }
};

struct KeptRows {
    SPITupleTable* table;
    std::uint64_t count;

    KeptRow operator[](std::uint64_t row) const { return {table->vals[row], table->tupdesc}; }
};

// The `count` rows of the statement that ran last. They live until the connection to SPI ends.
inline KeptRows keep_rows(std::uint64_t count) {
    return {SPI_tuptable, count};
}

} // namespace helix::pg
