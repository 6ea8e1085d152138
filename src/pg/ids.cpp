#include "pg/ids.hpp"

#include "core/uuid.hpp"
#include "pg/times.hpp"

#include <cstring>

namespace helix::pg {

namespace {

constexpr std::int64_t postgres_epoch_ms = postgres_epoch_s * 1000;

// Drawn for many ids at once: the generator takes longer to begin than to give 16 bytes.
UuidBytes random_bytes() {
    static std::array<UuidBytes, 64> drawn;
    static std::size_t left = 0;
    if (left == 0) {
        if (!pg_strong_random(drawn.data(), sizeof(drawn))) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
        }
        left = drawn.size();
    }
    return drawn[--left];
}

pg_uuid_t id_of(UuidBytes bytes, TimestampTz time) {
    mark_uuid_v7(bytes, static_cast<std::uint64_t>(time / 1000 + postgres_epoch_ms));
    pg_uuid_t id;
    memcpy(id.data, bytes.data(), UUID_LEN);
    return id;
}

} // namespace

pg_uuid_t fresh_id() {
    return id_of(random_bytes(), GetCurrentTimestamp());
}

pg_uuid_t first_id_at(TimestampTz time) {
    constexpr TimestampTz first_time = -postgres_epoch_ms * 1000; // ids know no earlier one
    return id_of({}, std::max(time, first_time));
}

} // namespace helix::pg
