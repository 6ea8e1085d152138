// Owns: the rows of a statement that are read while other statements run. Used within queue/ only. Plain data.
#pragma once

#include "pg/spi.hpp"

namespace helix::queue {

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
    // That of a statement that selects one column.
    Datum only_value() const { return value(1); }
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

} // namespace helix::queue
