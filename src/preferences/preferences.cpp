#include "pg/prelude.hpp"

#include "preferences/preferences.hpp"

#include "preferences/log_retention.hpp"
#include "worker/worker.hpp"

namespace helix::preferences {

namespace {

int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialize() {
    worker::add_task({"preference log retention", &every_minute_ms, nullptr, log_retention_task});
}

} // namespace helix::preferences
