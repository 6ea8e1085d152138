#include "pg/prelude.hpp"

#include "schedules/schedules.hpp"

#include "schedules/cron_run_retention.hpp"
#include "schedules/drop_extension.hpp"
#include "schedules/kept_columns.hpp"
#include "schedules/reconcile.hpp"
#include "worker/worker.hpp"

namespace helix::schedules {

namespace {

int every_second_ms = 1000;
int every_ten_seconds_ms = 10'000;
int every_hour_ms = SECS_PER_HOUR * 1000; // the runs have no index by their age

} // namespace

void initialize() {
    initialize_drop_extension();
    initialize_kept_columns();
    worker::add_task({"due schedules", &every_second_ms, nullptr, due_task});
    worker::add_task({"schedules", &every_ten_seconds_ms, nullptr, reconcile_task});
    worker::add_task({"cron run retention", &every_hour_ms, nullptr, cron_run_retention_task});
}

} // namespace helix::schedules
