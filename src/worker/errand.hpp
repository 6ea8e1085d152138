// Owns: single tasks run in a process of their own (run_elsewhere). Used within worker/ only.
#pragma once

#include "worker/worker.hpp"

namespace helix::worker {

// What a background process sets before its first task.
void configure_session();

// The task of that name; null where there is none.
const Task* find_task(const char* name);

} // namespace helix::worker
