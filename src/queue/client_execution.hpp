// Owns: starting executions that their client runs. No worker ever claims one. It runs without a worker's name, and
// holds the schedule until it ends or its lease runs out. Used within queue/ only. Callers are within an OwnerSpi and
// have checked the rights. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

#include "queue/enqueue.hpp"

namespace helix::queue {

constexpr std::int64_t client_lease_us = USECS_PER_HOUR;

// Of an execution of a schedule, the caller names its user, the schedule and the trigger. This locks the schedule, and
// fills in what it says of its executions, in SPI's memory. Refuses a schedule of another user (P0002), and one that
// may not run (55000).
void read_client_schedule(NewExecution& execution);

// Starts it, where none of the schedule is running (HX002). Returns its id.
pg_uuid_t start_client_execution(NewExecution& execution);

} // namespace helix::queue
