// Owns: the schedules' start-up; helix.cpp calls it.
#pragma once

namespace helix::schedules {

// Registers the worker's task.
void initialize();

} // namespace helix::schedules
