// Owns: queueing the runs of a job that are due. Used within schedules/ only; callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// How many executions it has queued; a job that is not due or not there queues none. Each due time is served once,
// whoever comes first: pg_cron or the worker.
int run_job(const char* job_name, TimestampTz now);

} // namespace helix::schedules
