// Owns: when a cost counts in budgets, where that is not when it occurred. Offered to the ledger.
//
// The sums that budgets read go by occurred_at. In budgets a cost may count at another time. What was reserved counts
// when it was reserved. What exceeds that counts when it was recorded. Where a period could tell the two times apart, a
// row of helix_internal.moved_costs says so. Periods begin with a quarter of an hour in every time zone. A user's time
// in a group begins and ends whenever they join and leave it.
#pragma once

#include "budgets/settlement.hpp"

namespace helix::budgets {

// An execution's cost, and its times in the ledger. Plain data.
struct Cost {
    const pg_uuid_t& user_id;
    std::string_view operation_id;
    Datum usd; // numeric; less than 0 in corrections
    TimestampTz occurred_at;
    TimestampTz recorded_at;
    std::optional<Datum> metadata; // jsonb
};

// Writes the rows of helix_internal.moved_costs that the cost needs, in the transaction that records it.
void write_moved_costs(const Cost& cost, const std::optional<Reserved>& reserved);

// Whether budgets of groups may still need rows of the ledger that occurred before `until`. Callers are within an
// OwnerSpi.
bool need_rows_before(TimestampTz until);

// Sums up rows that count alike, so that reads stay short, and forgets those that no period needs any more. Returns how
// many it removed. Callers are within an OwnerSpi.
std::uint64_t tidy_moved_costs();

} // namespace helix::budgets
