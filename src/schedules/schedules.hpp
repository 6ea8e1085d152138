// Owns: the schedules' start-up; helix.cpp calls it.
#pragma once

namespace helix::schedules {

// Adds the worker's tasks, and sees to pg_cron's jobs where the extension is dropped.
void initialize();

} // namespace helix::schedules
