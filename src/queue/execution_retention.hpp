// Owns: forgetting finished executions, their request ids, and ended batches. Used within queue/ only.
#pragma once

namespace helix::queue {

// The worker's task: removes what is older than helix.execution_retention, some rows at a time. True: there are more.
bool execution_retention_task();

} // namespace helix::queue
