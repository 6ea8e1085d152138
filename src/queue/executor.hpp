// Owns: the processes in which the server itself runs operations that have a handler (helix.operations.handler). Used
// within queue/ only.
#pragma once

namespace helix::queue {

// The worker's task: starts executors while something waits for one.
bool executors_task();

// What such a process does. It leaves when it has had nothing to do for a while.
constexpr const char* executor_errand = "executor";
bool run_executor();

} // namespace helix::queue
