// Owns: when a cost counts in budgets, where that is not when its row in the ledger says. Offered to the ledger.
//
// The sums that budgets read go by an execution's date. Where that is the UTC day of its recording, they go by the time
// of the recording. In budgets a cost may count at another time. What was reserved counts when it was reserved. What
// exceeds that counts when it was recorded. What was not reserved counts when the execution occurred. Where a period
// could tell the two times apart, a row of helix_internal.moved_costs says so. Periods begin with a quarter of an hour
// in every time zone. A user's time in a group begins and ends whenever they join and leave it.
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
    Datum usd; // numeric; less than 0 in corrections
    DateADT date;
    TimestampTz occurred_at;
    TimestampTz recorded_at;
};

// Writes the rows of helix_internal.moved_costs that the cost needs, in the transaction that records it.
void write_moved_costs(const Cost& cost, const std::optional<Reserved>& reserved);

// Sums up rows that count alike, so that reads stay short, and forgets those that no period needs any more. Returns how
// many it removed. Callers are within an OwnerSpi.
std::uint64_t tidy_moved_costs();

} // namespace helix::budgets
