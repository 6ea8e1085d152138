// Owns: talking to pg_cron: its jobs of ours, as the extension's owner. Callers are within an OwnerSpi. Used within
// schedules/ only. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// Raises 55000 with a hint where pg_cron is not in this database.
void require_pg_cron();
bool has_pg_cron();

// Creates or changes the job that wakes `job_name` by `expression`. Raises 42710 where somebody else's job has the
// name.
void put_job(const char* job_name, const char* expression);

// Removes the job; whether there was one.
bool remove_job(const char* job_name);

// Removes all jobs of this database that are helix's.
void remove_all_jobs();

// Whether pg_cron would run it.
bool job_is_live(const char* job_name);

// The name under which pg_cron knows a job: begins with helix_.
const char* cron_name(const char* job_name);

} // namespace helix::schedules
