// Owns: the switch to the extension's owner, and SQL run from C++ by saved plans. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace helix::pg {

// Acts as the extension's owner, without SQL; finish() puts the caller's identity back, and so does an abort.
class Owner {
  public:
    Owner();
    void finish();

  private:
    Oid caller_ = InvalidOid;
    int security_context_ = 0;
};

// Connects to SPI as whoever the caller is. SPI_finish() ends that, and so does an abort.
void connect_spi();

// Connects to SPI as the extension's owner with search_path = pg_catalog, pg_temp; finish() puts the caller's identity
// and settings back. An ereport in between needs no clean-up here: the (sub)transaction's abort does all three.
class OwnerSpi {
  public:
    OwnerSpi();
    void finish();

  private:
    Owner owner_;
    int guc_nesting_ = 0;
};

// A statement that is planned once per backend. `text` is a literal in which every name is qualified.
class Statement {
  public:
    static constexpr int max_arguments = 24;

    constexpr explicit Statement(const char* text, std::initializer_list<Oid> types = {})
        : text_(text), arguments_(static_cast<int>(types.size())) {
        std::copy(types.begin(), types.end(), types_.begin());
    }

    // Executes with a fresh snapshot, and returns the number of rows; the rows are in SPI_tuptable. `nulls` has 'n'
    // where an argument is null. Needs a connection. Raises PostgreSQL errors.
    std::uint64_t execute(const Datum* values = nullptr, const char* nulls = nullptr, long row_limit = 0);

    // The same, with what is committed now even in a REPEATABLE READ or SERIALIZABLE transaction.
    std::uint64_t execute_latest(const Datum* values = nullptr, const char* nulls = nullptr, long row_limit = 0);

    // The same with the snapshot of the calling statement, as a STABLE function needs it. It can only read.
    std::uint64_t read(const Datum* values = nullptr, const char* nulls = nullptr);

  private:
    void prepare();

    const char* text_;
    std::array<Oid, max_arguments> types_{};
    int arguments_;
    SPIPlanPtr plan_ = nullptr;
};

// Runs text that is different each time (DDL); errors are PostgreSQL's.
void execute_text(const char* text);

// The same with parameters, and with what is committed now: returns the number of rows, which are in SPI_tuptable.
std::uint64_t execute_text_latest(const char* text, std::initializer_list<Oid> types, const Datum* values,
                                  long row_limit = 0);

// Column `number` (from 1) of row `row` (from 0) of SPI_tuptable. Raises 21000 where there is no such row.
Datum column(std::uint64_t row, int number, bool* is_null);
// The same for a column that is never null: raises XX000 on null.
Datum column(std::uint64_t row, int number);

// Both for a statement that selects one column.
inline Datum only_column(std::uint64_t row, bool* is_null) {
    return column(row, 1, is_null);
}
inline Datum only_column(std::uint64_t row = 0) {
    return column(row, 1);
}

// A value of variable length (numeric, text, jsonb, an array), copied to memory that outlives the connection.
inline Datum copied_value(Datum value) {
    return SPI_datumTransfer(value, false, -1);
}

// The first row of SPI_tuptable as one of type `columns`, in memory that outlives the connection; 21000 without one.
Datum copied_row(TupleDesc columns);

} // namespace helix::pg
