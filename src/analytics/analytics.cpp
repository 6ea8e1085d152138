#include "pg/prelude.hpp"

#include "analytics/analytics.hpp"

#include "analytics/recommendations.hpp"
#include "worker/worker.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace helix::analytics {

namespace {

int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialize() {
    worker::add_task({"recommendations", &every_minute_ms, nullptr, recommendations_task});
}

} // namespace helix::analytics
