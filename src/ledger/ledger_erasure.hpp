// Owns: removing a user from the ledger and its rollups, so that verify_ledger() finds nothing at any moment. Offered
// to erasure. Callers are within an OwnerSpi.
//
// Rows of the ledger take their part of the month's and of all totals with them. Rows of the levels leave theirs in
// the erasure's in_transit columns until the ledger's rows have gone too: each sum once, where reads have it. What
// remains at the end is of months that retention has dropped.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// The user of an erasure, by its id in helix.erasures.
struct Erased {
    std::int64_t erasure;
    pg_uuid_t user_id;
};

// Makes the ledger this database's, as the first recording does. Called outside of an OwnerSpi.
void prepare_erasure();

// Whether the ledger is this database's. It may just be being restored.
bool may_erase();

// Each removes up to 5,000 rows, and returns how many. Does nothing where another holds the watermark.
std::uint64_t erase_days(const Erased& erased);
std::uint64_t erase_quarters(const Erased& erased);
std::uint64_t erase_minutes(const Erased& erased);
std::uint64_t erase_executions(const Erased& erased);

// Until the transaction ends nobody folds, or corrects an execution, so that what is looked at then stays so. False
// where that cannot be had at once.
bool lock_for_end_of_erasure();

// After that, with no rows left: takes what is in transit from the months that retention has dropped.
void settle_dropped(const Erased& erased);

} // namespace helix::ledger
