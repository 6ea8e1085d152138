// Owns: the worker's tasks for schedules: cron.job is what they say, and no run is lost. Used within schedules/ only.
#pragma once

namespace helix::schedules {

bool reconcile_task(); // makes cron.job what the schedules say
bool due_task();       // runs what pg_cron has not run in time, or cannot run

} // namespace helix::schedules
