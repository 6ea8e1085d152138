// Owns: reserving what an execution of the queue is likely to cost. Offered to every feature; callers are within an
// OwnerSpi. The reservation has the execution's id.
#pragma once

#include "budgets/locks.hpp"

namespace helix::budgets {

// Reserves the estimate (see estimate_operation_cost) until `expires_at`, in the place of an earlier one; null, or why
// it does not fit. lock_limits() comes first, for all that a transaction reserves.
const char* reserve_estimate(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at);

// The lease is longer. Where the reservation has expired meanwhile it is made anew; raises HX001 where it does not fit.
void prolong(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at);

// The attempt is over. Nothing happens where there is no reservation.
void release(const pg_uuid_t& execution);

// Raises 55000: nobody else releases or settles it.
void refuse_of_queue(const char* reservation);

} // namespace helix::budgets
