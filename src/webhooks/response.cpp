// Writes the answers to webhooks' calls: status, headers and body.
#include "pg/prelude.hpp"

#include "webhooks/response.hpp"

#include "core/characters.hpp"
#include "pg/uuid.hpp"

#include <algorithm>

extern "C" {
#include "utils/json.h"
}

namespace helix::webhooks {

namespace {

constexpr std::int64_t refusal_us = 2000;

// For the rest of the transaction, as SET LOCAL does.
void set_local(const char* name, const char* value) {
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

void set_status(int status) {
    set_local("response.status", psprintf("%d", status));
}

} // namespace

void wait_to_refuse(TimestampTz called_at) {
    const std::int64_t left = called_at + refusal_us - GetCurrentTimestamp();
    if (left > 0 && left <= refusal_us) {
        pg_usleep(static_cast<long>(left));
    }
}

Datum answer_error(int status, const char* message) {
    set_status(status);
    StringInfoData body;
    initStringInfo(&body);
    appendStringInfoString(&body, "{\"error\": ");
    escape_json(&body, message);
    appendStringInfoChar(&body, '}');
    return CStringGetTextDatum(body.data);
}

Datum answer_too_many(int retry_after_s) {
    set_local("response.headers", psprintf("[{\"Retry-After\": \"%d\"}]", retry_after_s));
    return answer_error(429, "too many calls");
}

Datum answer_accepted(const pg_uuid_t& schedule_id, const pg_uuid_t& event_id, const pg_uuid_t* execution_id) {
    set_status(202);
    const char* fate =
        execution_id == nullptr
            ? "\"duplicate\": true, \"message\": \"delivered before, not queued again\""
            : psprintf("\"execution_id\": \"%s\", \"message\": \"queued\"", pg::uuid_text(*execution_id));
    return CStringGetTextDatum(psprintf("{\"accepted\": true, \"schedule_id\": \"%s\", \"event_id\": \"%s\", %s}",
                                        pg::uuid_text(schedule_id), pg::uuid_text(event_id), fate));
}

Datum answer_json(int status, const char* json) {
    set_status(status);
    set_local("response.headers", R"([{"X-Webhook-Reply": "json"}])");
    return CStringGetTextDatum(json);
}

Datum answer_text(int status, const char* text) {
    set_status(status);
    set_local("response.headers", R"([{"Content-Type": "text/plain"}, {"X-Webhook-Reply": "text"}])");
    const std::string_view view = text;
    const bool is_number =
        !view.empty() && view.size() < 20 && view.front() != '0' && std::all_of(view.begin(), view.end(), is_digit);
    if (is_number) {
        return CStringGetTextDatum(text);
    }
    StringInfoData body;
    initStringInfo(&body);
    escape_json(&body, text);
    return CStringGetTextDatum(body.data);
}

} // namespace helix::webhooks
