// The functions that senders reach over HTTP.
#include "pg/prelude.hpp"

#include "core/uuid.hpp"
#include "pg/base64.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "webhooks/call.hpp"
#include "webhooks/response.hpp"

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

// Of webhook_trigger().
struct Argument {
    enum : int { schedule_id, payload, signature, headers, body_base64 };
};

// A text, bytea or json: each is a length and bytes. Null is empty.
std::string_view bytes_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(number));
}

// The proxy says what the sender's method and query were. So the function itself is always called by POST.
Datum take(const pg_uuid_t& schedule_id, std::string_view body, std::string_view signature, const Jsonb* headers) {
    return take_call({.schedule_id = schedule_id,
                      .body = body,
                      .signature = signature,
                      .headers = headers,
                      .method = header(headers, "x-webhook-method"),
                      .query = header(headers, "x-webhook-query")});
}

} // namespace

HELIX_FUNCTION(helix_webhook_trigger) {
    if (!is_post()) {
        return answer_error(405, "send a POST request");
    }
    if (PG_ARGISNULL(Argument::schedule_id)) {
        return answer_error(400, "no schedule id");
    }
    const Jsonb* headers = PG_ARGISNULL(Argument::headers) ? nullptr : PG_GETARG_JSONB_P(Argument::headers);
    if (headers != nullptr && !JB_ROOT_IS_OBJECT(headers)) {
        return answer_error(400, "p_headers is not an object");
    }
    auto body = std::optional(bytes_argument(fcinfo, Argument::payload));
    if (!PG_ARGISNULL(Argument::body_base64)) {
        if (!body->empty()) {
            return answer_error(400, "p_payload and p_body_base64 are both given");
        }
        body = pg::bytes_of_base64(bytes_argument(fcinfo, Argument::body_base64));
    }
    if (!body) {
        return answer_error(400, "p_body_base64 is not base64");
    }
    return take(*PG_GETARG_UUID_P(Argument::schedule_id), *body, bytes_argument(fcinfo, Argument::signature), headers);
}

HELIX_FUNCTION(helix_webhook_receive) {
    if (!is_post()) {
        return answer_error(405, "send a POST request");
    }
    const Jsonb* headers = request_headers();
    const auto schedule_id = uuid_of(header(headers, "x-schedule-id"));
    if (!schedule_id) {
        return answer_error(400, "no schedule id");
    }
    return take(*schedule_id, bytes_argument(fcinfo, 0), {}, headers);
}

} // namespace helix::webhooks
