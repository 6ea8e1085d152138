// Owns: the queue's start-up; helix.cpp calls it.
#pragma once

namespace helix::queue {

// Asks for shared memory and adds the worker's tasks: executors, leases, retention.
void initialize();

} // namespace helix::queue
