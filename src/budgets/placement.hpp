// Owns: when a cost counts in budgets, where that is not when its row in the ledger says. Offered to the ledger.
//
// The sums that budgets read go by an execution's date, and by its recording where the date is the UTC day of that. A
// cost counts elsewhere: what was reserved when it was reserved, what exceeds that when it was recorded, and what was
// not reserved when the execution occurred. A row of helix_internal.moved_costs says so, where any period could tell
// the two apart: times count by the quarter of an hour, of which every time zone's periods are multiples.
#pragma once

#include "budgets/settlement.hpp"

extern "C" {
#include "utils/date.h"
}

namespace helix::budgets {

// An execution's cost, and what its row in the ledger says of its time. Plain data.
struct Cost {
    const pg_uuid_t& user_id;
    std::string_view operation_id;
    Datum usd; // numeric
    DateADT date;
    TimestampTz occurred_at;
    TimestampTz recorded_at;
};

// Writes what has to be written, in the transaction that records the cost.
void place(const Cost& cost, const std::optional<Reserved>& reserved);

// Sums up what counts alike, so that reads stay short, and forgets what no period needs any more; how many rows it
// removed. Callers are within an OwnerSpi.
std::uint64_t tidy_placements();

} // namespace helix::budgets
