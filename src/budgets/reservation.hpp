// Owns: reserving what an execution of the queue is likely to cost. Offered to every feature; callers are within an
// OwnerSpi. The reservation has the execution's id.
#pragma once

#include "budgets/locks.hpp"

namespace helix::budgets {

// Reserves the estimate (see estimate_operation_cost) until `expires_at`, in the place of an earlier one. Returns null,
// or why it does not fit. The caller calls lock_limits() before, for all that the transaction reserves.
const char* reserve_estimate(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at);

// The reservation lasts until `expires_at`. Where it has expired meanwhile it is made anew; raises HX001 where it does
// not fit.
void prolong(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at);

// Removes the reservation, if there is one: the attempt is over.
void release(const pg_uuid_t& execution);

// Raises 55000: nobody but the queue releases or settles its reservations.
void refuse_reservation_of_queue(const char* reservation);

} // namespace helix::budgets
