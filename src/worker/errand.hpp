// Owns: running single tasks in processes of their own (run_elsewhere). Used within worker/ only.
#pragma once

#include "worker/worker.hpp"

namespace helix::worker {

// Sets what the session of a background process needs for tasks.
void configure_session();

// The task of that name; null where there is none.
const Task* find_task(const char* name);

} // namespace helix::worker
