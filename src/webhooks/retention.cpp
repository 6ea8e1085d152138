#include "pg/prelude.hpp"

#include "webhooks/retention.hpp"

#include "config.hpp"
#include "pg/spi.hpp"

namespace helix::webhooks {

namespace {

constexpr std::uint64_t at_a_time = 5000;

pg::Statement
    forget_events("DELETE FROM helix_internal.webhook_events e USING (SELECT id FROM helix_internal.webhook_events "
                  "WHERE created_at < $1 LIMIT 5000) old WHERE e.id = old.id",
                  {TIMESTAMPTZOID});

} // namespace

bool event_retention_task() {
    if (config::webhook_event_retention_s == 0) {
        return false;
    }
    const Datum limit = TimestampTzGetDatum(
        GetCurrentTimestamp() - static_cast<std::int64_t>(config::webhook_event_retention_s) * USECS_PER_SEC);
    pg::OwnerSpi spi;
    const bool more = forget_events.execute(&limit) == at_a_time;
    spi.finish();
    return more;
}

} // namespace helix::webhooks
