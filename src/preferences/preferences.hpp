// Owns: the preferences' start-up; helix.cpp calls it.
#pragma once

namespace helix::preferences {

// Adds the worker's task: retention of the log.
void initialize();

} // namespace helix::preferences
