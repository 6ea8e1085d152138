#include "pg/prelude.hpp"

#include "queue/queue.hpp"

#include "queue/claim_lease.hpp"
#include "queue/execution_retention.hpp"
#include "queue/executor.hpp"
#include "queue/lane_changes.hpp"
#include "queue/pauses.hpp"
#include "queue/running_handlers.hpp"
#include "worker/worker.hpp"

namespace helix::queue {

namespace {

int every_second_ms = 1000;
int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialize() {
    initialize_lanes();
    initialize_lane_changes();
    initialize_running_handlers();
    initialize_pauses();
    worker::add_task({"executors", &every_second_ms, nullptr, executors_task});
    worker::add_task({executor_errand, nullptr, nullptr, run_executor, true});
    worker::add_task({"leases", &every_second_ms, nullptr, leases_task});
    worker::add_task({"execution retention", &every_minute_ms, nullptr, execution_retention_task});
}

} // namespace helix::queue
