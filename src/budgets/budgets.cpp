#include "pg/prelude.hpp"

#include "budgets/budgets.hpp"

#include "budgets/expiry.hpp"
#include "budgets/placement.hpp"
#include "budgets/warning_retention.hpp"
#include "budgets/warnings.hpp"
#include "pg/spi.hpp"
#include "worker/worker.hpp"

namespace helix::budgets {

namespace {

int every_five_seconds_ms = 5000;
int every_minute_ms = SECS_PER_MINUTE * 1000;

bool budgets_task() {
    pg::OwnerSpi spi;
    expire_reservations();
    warn_of_budgets();
    tidy_moved_costs();
    spi.finish();
    return false;
}

} // namespace

void initialize() {
    worker::add_task({"budgets", &every_five_seconds_ms, nullptr, budgets_task});
    worker::add_task({"budget warning retention", &every_minute_ms, nullptr, warning_retention_task});
}

} // namespace helix::budgets
