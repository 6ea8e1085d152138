// helix.replay_webhook_event: a received event is verified again and queued once more.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "webhooks/endpoint.hpp"
#include "webhooks/event.hpp"
#include "webhooks/secret_check.hpp"

namespace helix::webhooks {

namespace {

pg::Statement select_event(R"(
    SELECT schedule_id, user_id, COALESCE(signature, ''), body, COALESCE(signed_timestamp, ''),
           COALESCE(signed_id, ''), mac, COALESCE(replay_of, id),
           event_type = 'webhook_received' AND body IS NOT NULL, headers
      FROM helix_internal.webhook_events
     WHERE id = $1)",
                           {UUIDOID});
struct Column { // of select_event
    enum : int {
        schedule_id = 1,
        user_id,
        signature,
        body,
        signed_timestamp,
        signed_id,
        mac,
        first_event,
        replayable,
        headers
    };
};

// Plain data in SPI's memory.
struct Received {
    pg_uuid_t schedule_id;
    std::string_view signature;
    WebhookMessage message;
    std::string_view mac;
    pg_uuid_t first_event;
    Datum headers; // jsonb; 0: none
};

void refuse(const pg_uuid_t& event_id, const char* message, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s", message),
                    errdetail("The event is %s.", pg::uuid_text(event_id)), errhint("%s", hint)));
}

Received find_event(const pg_uuid_t& id, const callers::Rights& rights) {
    const Datum key = UUIDPGetDatum(&id);
    if (select_event.execute(&key) == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("unknown webhook event"),
                        errdetail("It is %s.", pg::uuid_text(id)),
                        errhint("helix.webhook_events lists the events that are kept.")));
    }
    rights.check_may_use(*DatumGetUUIDP(pg::column(0, Column::user_id)), "webhook event", id);
    if (!DatumGetBool(pg::column(0, Column::replayable))) {
        refuse(id, "the event was not verified", "Only events of type webhook_received can be replayed.");
    }
    const auto view = [](int number) { return pg::text_view(pg::column(0, number)); };
    Received received{};
    received.schedule_id = *DatumGetUUIDP(pg::column(0, Column::schedule_id));
    received.signature = view(Column::signature);
    received.message = {.body = view(Column::body),
                        .signature = {},
                        .timestamp = view(Column::signed_timestamp),
                        .id = view(Column::signed_id)};
    received.mac = view(Column::mac);
    bool is_null = false;
    received.headers = pg::column(0, Column::headers, &is_null);
    received.first_event = *DatumGetUUIDP(pg::column(0, Column::first_event));
    return received;
}

pg_uuid_t replay(const pg_uuid_t& event_id, const callers::Rights& rights, const char* role) {
    const Received received = find_event(event_id, rights);
    const Endpoint endpoint = find_endpoint(received.schedule_id);
    if (!endpoint.known || !endpoint.is_webhook || !endpoint.enabled) {
        refuse(event_id, "the event's schedule is gone, disabled or no webhook",
               "Enable the schedule in helix.operation_schedules.");
    }
    rights.check_may_use(endpoint.user_id, "webhook event", event_id);
    WebhookMessage message = received.message;
    message.url = endpoint.url;
    if (!signed_as(endpoint.scheme, message, endpoint.secret_refs, received.mac)) {
        refuse(event_id, "the event does not verify any more",
               "Its secret has been rotated or revoked since, or its scheme has changed.");
    }
    const pg_uuid_t execution_id = enqueue(endpoint, message.body, received.headers);
    Event event{};
    event.id = pg::fresh_id();
    event.user_id = endpoint.user_id;
    event.schedule_id = &endpoint.schedule_id;
    event.type = "webhook_received";
    event.signature = received.signature;
    event.body = message.body;
    event.keep_body = true;
    event.timestamp = message.timestamp;
    event.message_id = message.id;
    event.mac = received.mac;
    event.execution_id = &execution_id;
    event.headers = received.headers;
    event.replay_of = &received.first_event;
    event.replayed_by = role;
    write_event(event);
    return event.id;
}

} // namespace

HELIX_FUNCTION(helix_replay_webhook_event) {
    const pg_uuid_t event_id = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_event_id"));
    const auto rights = callers::rights();
    const char* role = GetUserNameFromId(GetUserId(), false);
    auto* result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    pg::OwnerSpi spi;
    *result = replay(event_id, rights, role);
    spi.finish();
    PG_RETURN_UUID_P(result);
}

} // namespace helix::webhooks
