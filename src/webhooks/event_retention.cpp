#include "pg/prelude.hpp"

#include "webhooks/event_retention.hpp"

#include "config.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/times.hpp"

namespace helix::webhooks {

namespace {

constexpr std::uint64_t at_a_time = 5000;

// Ids begin with the time, so that the primary key serves for the age too.
pg::Statement
    forget_events("DELETE FROM helix_internal.webhook_events e USING (SELECT id FROM helix_internal.webhook_events "
                  "WHERE id < $1 ORDER BY id LIMIT 5000) old WHERE e.id = old.id",
                  {UUIDOID});

} // namespace

bool event_retention_task() {
    if (config::webhook_event_retention_s == 0) {
        return false;
    }
    const pg_uuid_t limit = pg::first_id_at(pg::seconds_ago(config::webhook_event_retention_s));
    const Datum value = UUIDPGetDatum(&limit);
    pg::OwnerSpi spi;
    const bool more = forget_events.execute(&value) == at_a_time;
    spi.finish();
    return more;
}

} // namespace helix::webhooks
