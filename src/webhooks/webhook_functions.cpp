// The functions that senders reach over HTTP.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "webhooks/call.hpp"
#include "webhooks/response.hpp"

#include "core/uuid.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

std::optional<pg_uuid_t> uuid_of(std::string_view id) {
    const auto bytes = parse_uuid(id);
    if (!bytes) {
        return std::nullopt;
    }
    pg_uuid_t uuid;
    memcpy(uuid.data, bytes->data(), UUID_LEN);
    return uuid;
}

bool is_post() {
    const char* method = GetConfigOption("request.method", true, false);
    return method == nullptr || *method == '\0' || strcmp(method, "POST") == 0;
}

} // namespace

HELIX_FUNCTION(helix_webhook_trigger) {
    if (!is_post()) {
        return answer_error(405, "send a POST request");
    }
    if (PG_ARGISNULL(0)) {
        return answer_error(400, "no schedule id");
    }
    const Jsonb* headers = PG_ARGISNULL(3) ? nullptr : PG_GETARG_JSONB_P(3);
    if (headers != nullptr && !JB_ROOT_IS_OBJECT(headers)) {
        return answer_error(400, "p_headers is not an object");
    }
    return take_call({.schedule_id = *PG_GETARG_UUID_P(0),
                      .body = PG_ARGISNULL(1) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(1)),
                      .signature = PG_ARGISNULL(2) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(2)),
                      .headers = headers});
}

// The argument is a bytea or a json: both are a length and bytes.
HELIX_FUNCTION(helix_webhook_receive) {
    if (!is_post()) {
        return answer_error(405, "send a POST request");
    }
    const Jsonb* headers = request_headers();
    const auto schedule_id = uuid_of(header(headers, "x-schedule-id"));
    if (!schedule_id) {
        return answer_error(400, "no schedule id");
    }
    return take_call({.schedule_id = *schedule_id,
                      .body = PG_ARGISNULL(0) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(0)),
                      .signature = {},
                      .headers = headers});
}

} // namespace helix::webhooks
