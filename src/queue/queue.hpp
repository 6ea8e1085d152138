// Owns: the queue's start-up; helix.cpp calls it.
#pragma once

namespace helix::queue {

// Shared memory, and the worker's tasks: leases and retention.
void initialize();

} // namespace helix::queue
