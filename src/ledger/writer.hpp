// Owns: appending executions to the ledger's current partition. Used by the recording functions only.
#pragma once

#include "ledger/execution.hpp"

namespace helix::ledger {

// Registers for the ends of transactions; called once, at start-up.
void initialize_writer();

struct WriterState;

// Writes executions in batches through the table access method. It is plain data, so that PostgreSQL may longjmp past
// it: the transaction's abort closes everything. Each execution's memory must stay until finish().
class Writer {
  public:
    // Opens the partition of `now`, and makes it where it is missing. `capacity` says how many rows to expect, for the
    // buffer.
    Writer(TimestampTz now, int capacity);

    // Appends one execution and returns its id. Where its request id was seen before, nothing is appended, and the
    // first id is returned.
    std::int64_t append(const Execution& execution);

    // Appends one whose request id has been remembered with `new_id`. It settles no reservation.
    void append_as(std::int64_t new_id, const Execution& execution);

    void finish();

  private:
    void write(std::int64_t new_id, const Execution& execution, const std::optional<budgets::Reserved>& reserved);

    WriterState* state_;
};

} // namespace helix::ledger
