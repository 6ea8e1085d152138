#include "pg/prelude.hpp"

#include "webhooks/event.hpp"

#include "pg/table_writer.hpp"
#include "pg/text.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::webhooks {

namespace {

constexpr int kept_signature = 20; // characters

std::string_view first_characters(std::string_view value) {
    const int bytes = pg_mbcharcliplen(value.data(), static_cast<int>(value.size()), kept_signature);
    return value.substr(0, static_cast<std::size_t>(bytes));
}

} // namespace

void write_event(const Event& event) {
    const auto add = [](pg::Values& values, std::string_view bytes) {
        values.add(bytes.empty() ? 0 : pg::text_datum(bytes), bytes.empty());
    };
    // The columns of helix_internal.webhook_events, in their order.
    pg::Values row;
    row.add_uuid(&event.id).add_uuid(&event.user_id).add_uuid(event.schedule_id).add_text(event.type);
    add(row, first_characters(event.signature));
    row.add_text(event.error);
    add(row, event.keep_body ? event.body : std::string_view());
    row.add(Int32GetDatum(static_cast<std::int32_t>(event.body.size())));
    add(row, event.timestamp);
    add(row, event.message_id);
    add(row, event.mac.substr(0, kept_mac_size));
    row.add(BoolGetDatum(event.duplicate)).add_uuid(event.execution_id).add_uuid(event.replay_of);
    if (event.replayed_by == nullptr) {
        row.add_null();
    } else {
        row.add(DirectFunctionCall1(namein, CStringGetDatum(event.replayed_by)));
    }
    row.add(TimestampTzGetDatum(GetCurrentTimestamp()));
    row.add(BoolGetDatum(event.challenge)).add(event.headers, event.headers == 0);
    pg::insert_into("webhook_events", row);
}

} // namespace helix::webhooks
