// Owns: how long a worker may hold an execution, and what happens when it does not come back. Used within queue/ only.
#pragma once

namespace helix::queue {

// The worker's task: executions whose lease ran out are pending again, or failed where no attempt is left. The worker
// also finds what is ready without having been announced.
bool leases_task();

} // namespace helix::queue
