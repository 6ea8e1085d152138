#include "pg/prelude.hpp"

#include "webhooks/delivery.hpp"

#include "core/mac.hpp"
#include "pg/spi.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

pg::Statement insert_delivery(
    "INSERT INTO helix_internal.webhook_deliveries (schedule_id, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    {UUIDOID, UUIDOID});

} // namespace

bool is_first_delivery(const pg_uuid_t& schedule_id, std::string_view signed_id, std::string_view body) {
    const auto digest = signed_id.empty() ? sha256({"body:", body}) : sha256({"id:", signed_id});
    pg_uuid_t half;
    memcpy(half.data, digest.data(), UUID_LEN);
    const Datum values[] = {UUIDPGetDatum(&schedule_id), UUIDPGetDatum(&half)};
    return insert_delivery.execute(values) == 1;
}

} // namespace helix::webhooks
