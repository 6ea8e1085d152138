#include "pg/prelude.hpp"

#include "schedules/schedules.hpp"

#include "schedules/drop_extension.hpp"
#include "schedules/kept_columns.hpp"
#include "schedules/reconcile.hpp"
#include "worker/worker.hpp"

namespace helix::schedules {

namespace {

int every_second_ms = 1000;
int every_ten_seconds_ms = 10'000;

} // namespace

void initialize() {
    initialize_drop_extension();
    initialize_kept_columns();
    worker::add_task({"due schedules", &every_second_ms, nullptr, due_task});
    worker::add_task({"schedules", &every_ten_seconds_ms, nullptr, reconcile_task});
}

} // namespace helix::schedules
