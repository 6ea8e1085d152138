#include "pg/prelude.hpp"

#include "webhooks/webhooks.hpp"

#include "webhooks/audit_retention.hpp"
#include "webhooks/call_rate.hpp"
#include "webhooks/event_retention.hpp"
#include "worker/worker.hpp"

namespace helix::webhooks {

namespace {

int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialize() {
    initialize_rate_limits();
    worker::add_task({"webhook retention", &every_minute_ms, nullptr, event_retention_task});
    worker::add_task({"secret audit retention", &every_minute_ms, nullptr, audit_retention_task});
}

} // namespace helix::webhooks
