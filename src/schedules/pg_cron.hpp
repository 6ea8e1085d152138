// Owns: helix's jobs in pg_cron, which belong to the extension's owner. Used within schedules/ only. Callers are within
// an OwnerSpi. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// Whether pg_cron is in this database.
bool has_pg_cron();

// Raises 55000 with a hint where it is not.
void require_pg_cron();

// Creates or changes the job that calls run_job() for `job_name` by `expression`. Raises 42710 where the name is that
// of a job which is not helix's.
void put_job(const char* job_name, const char* expression);

// Removes the job. Returns whether there was one.
bool remove_job(const char* job_name);

// Removes all jobs of this database that are helix's.
void remove_all_jobs();

// Whether pg_cron runs it.
bool job_is_live(const char* job_name);

// The name under which pg_cron knows a job. It begins with helix_.
const char* cron_name(const char* job_name);

} // namespace helix::schedules
