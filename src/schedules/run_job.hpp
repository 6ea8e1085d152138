// Owns: queueing the runs of a job that are due. Used within schedules/ only. Callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// Returns how many executions it has queued: none where the job is not due or not there. Each due time is served once,
// by pg_cron or by the worker, whichever comes first.
int run_job(const char* job_name, TimestampTz now);

} // namespace helix::schedules
