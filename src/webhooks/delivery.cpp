// Remembers what has been delivered, and forgets it with its schedule.
#include "pg/prelude.hpp"

#include "webhooks/delivery.hpp"

#include "core/webhooks/mac.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

constexpr const char* tables[] = {"helix_internal.operation_schedules"};
constexpr pg::TriggerRule rule{
    .function = "forget_deliveries", .timing = pg::Timing::after, .row_events = pg::on_delete, .relations = tables};

pg::Statement insert_delivery(
    "INSERT INTO helix_internal.webhook_deliveries (schedule_id, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    {UUIDOID, UUIDOID});

pg::Statement delete_delivery("DELETE FROM helix_internal.webhook_deliveries WHERE schedule_id = $1 AND digest = $2",
                              {UUIDOID, UUIDOID});

pg::Statement delete_all("DELETE FROM helix_internal.webhook_deliveries WHERE schedule_id = $1", {UUIDOID});

} // namespace

Delivery delivery_of(const pg_uuid_t& schedule_id, const Identity& identity) {
    const auto digest = !identity.id.empty()       ? sha256({"id:", identity.id})
                        : !identity.header.empty() ? sha256({"header:", identity.header, "\nbody:", identity.body})
                                                   : sha256({"body:", identity.body});
    Delivery delivery{schedule_id, {}};
    memcpy(delivery.digest.data, digest.data(), UUID_LEN);
    return delivery;
}

bool remember(const Delivery& delivery) {
    const Datum values[] = {UUIDPGetDatum(&delivery.schedule_id), UUIDPGetDatum(&delivery.digest)};
    return insert_delivery.execute(values) == 1;
}

void forget(const Delivery& delivery) {
    const Datum values[] = {UUIDPGetDatum(&delivery.schedule_id), UUIDPGetDatum(&delivery.digest)};
    delete_delivery.execute(values);
}

// Not a foreign key: that would lock the schedule for each call. What a call adds while its schedule is being deleted
// stays.
HELIX_FUNCTION(helix_forget_deliveries) {
    const auto row = pg::old_row(pg::checked_trigger(fcinfo, rule));
    bool is_null = false;
    const Datum id = row.value("id", &is_null);
    pg::OwnerSpi spi;
    delete_all.execute(&id);
    spi.finish();
    return PointerGetDatum(nullptr);
}

} // namespace helix::webhooks
