// Owns: recording an execution for another feature, in the caller's transaction. Offered to every feature.
#pragma once

#include "ledger/execution.hpp"

namespace helix::ledger {

struct Recorded {
    std::int64_t id;
    Datum cost_usd; // numeric: as given, or the price of the tokens
};

// Errors are those of record_operation_execution().
Recorded record(const Request& request);

} // namespace helix::ledger
