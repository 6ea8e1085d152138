#include "pg/prelude.hpp"

#include "ledger/ledger.hpp"

#include "config.hpp"
#include "ledger/fold.hpp"
#include "ledger/partitions.hpp"
#include "ledger/request_ids.hpp"
#include "ledger/summaries.hpp"
#include "ledger/targets.hpp"
#include "worker/worker.hpp"

namespace helix::ledger {

namespace {

int every_second_ms = 1000;
int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialise() {
    initialise_targets();
    worker::add_task(
        {.name = "fold", .interval_ms = &config::fold_interval_ms, .wake_after = &config::fold_rows, .run = fold_task});
    worker::add_task(
        {.name = "summaries", .interval_ms = &every_second_ms, .wake_after = nullptr, .run = summaries_task});
    worker::add_task(
        {.name = "partitions", .interval_ms = &every_minute_ms, .wake_after = nullptr, .run = partitions_task});
    worker::add_task(
        {.name = "retention", .interval_ms = &every_minute_ms, .wake_after = nullptr, .run = retention_task});
    worker::add_task(
        {.name = "request ids", .interval_ms = &every_minute_ms, .wake_after = nullptr, .run = request_ids_task});
}

} // namespace helix::ledger
