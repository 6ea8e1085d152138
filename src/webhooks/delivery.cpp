#include "pg/prelude.hpp"

#include "webhooks/delivery.hpp"

#include "core/webhooks/mac.hpp"
#include "pg/spi.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

pg::Statement insert_delivery(
    "INSERT INTO helix_internal.webhook_deliveries (schedule_id, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    {UUIDOID, UUIDOID});

pg::Statement delete_delivery("DELETE FROM helix_internal.webhook_deliveries WHERE schedule_id = $1 AND digest = $2",
                              {UUIDOID, UUIDOID});

} // namespace

Delivery delivery_of(const pg_uuid_t& schedule_id, std::string_view signed_id, std::string_view body) {
    const auto digest = signed_id.empty() ? sha256({"body:", body}) : sha256({"id:", signed_id});
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

} // namespace helix::webhooks
