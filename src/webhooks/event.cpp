#include "pg/prelude.hpp"

#include "webhooks/event.hpp"

#include "pg/spi.hpp"
#include "pg/values.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::webhooks {

namespace {

constexpr int kept_signature = 20; // characters

pg::Statement insert_event(
    "INSERT INTO helix_internal.webhook_events (id, user_id, schedule_id, event_type, signature_error, signature, "
    "body, body_size, signed_timestamp, signed_id, mac, duplicate, execution_id, replay_of, replayed_by) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, INT4OID, TEXTOID, TEXTOID, BYTEAOID, BOOLOID,
     UUIDOID, UUIDOID, NAMEOID});

// A text or a bytea: both are a length and bytes.
Datum bytes_datum(std::string_view bytes) {
    return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
}

std::string_view first_characters(std::string_view value) {
    const int bytes = pg_mbcharcliplen(value.data(), static_cast<int>(value.size()), kept_signature);
    return value.substr(0, static_cast<std::size_t>(bytes));
}

} // namespace

void write_event(const Event& event) {
    const auto add = [](pg::Values& values, std::string_view bytes) {
        values.add(bytes.empty() ? 0 : bytes_datum(bytes), bytes.empty());
    };
    pg::Values values;
    values.add_uuid(&event.id)
        .add_uuid(&event.user_id)
        .add_uuid(event.schedule_id)
        .add_text(event.type)
        .add_text(event.error);
    add(values, first_characters(event.signature));
    add(values, event.keep_body ? event.body : std::string_view());
    values.add(Int32GetDatum(static_cast<std::int32_t>(event.body.size())));
    add(values, event.timestamp);
    add(values, event.message_id);
    add(values, event.mac.substr(0, kept_mac_size));
    values.add(BoolGetDatum(event.duplicate)).add_uuid(event.execution_id).add_uuid(event.replay_of);
    if (event.replayed_by == nullptr) {
        values.add_null();
    } else {
        values.add(DirectFunctionCall1(namein, CStringGetDatum(event.replayed_by)));
    }
    insert_event.execute(values.values(), values.letters());
}

} // namespace helix::webhooks
