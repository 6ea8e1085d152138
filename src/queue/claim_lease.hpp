// Owns: how long a worker may hold an execution, and what happens when its lease runs out. Used within queue/ only.
#pragma once

namespace helix::queue {

// The worker's task: an execution whose lease ran out is pending again, or failed where no attempt is left. The task
// also finds what is ready without having been announced.
bool leases_task();

} // namespace helix::queue
