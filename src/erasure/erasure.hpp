// Owns: the start-up of erasures; helix.cpp calls it.
#pragma once

namespace helix::erasure {

// Registers the worker's task.
void initialize();

} // namespace helix::erasure
