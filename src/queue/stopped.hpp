// Owns: what becomes of executions that wait when somebody stops them: their schedule is disabled or deleted, or their
// user has switched the operation off. Offered to schedules. Callers are within an OwnerSpi. Raises PostgreSQL errors.
//
// A claim asks for the same reasons. So what is queued or retried at the same moment does not run either.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

constexpr const char* schedule_disabled = "skipped: the schedule is disabled";
constexpr const char* schedule_deleted = "skipped: the schedule was deleted";

// Ends what waits of a schedule as skipped. What runs goes on.
void skip_waiting_of(const pg_uuid_t& schedule, const char* reason);

// Releases what waits for another execution of the schedule, since it no longer runs one after the other.
void release_waiting_of(const pg_uuid_t& schedule);

// Raises 55000: the schedule is disabled.
[[noreturn]] void refuse_disabled(const pg_uuid_t& schedule);

// Raises 55000 where the user has switched the operation off.
void check_switched_on(const pg_uuid_t& user, Datum operation_id);

} // namespace helix::queue
