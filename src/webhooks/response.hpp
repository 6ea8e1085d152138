// Owns: the answer to a webhook's call, as PostgREST sends it. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// Whatever has been done for a refusal, it comes so long after the call: the time tells nothing about ids and secrets.
void wait_to_refuse(TimestampTz called_at);

// Each sets response.status and returns the body, a json. {"error": message}:
Datum answer_error(int status, const char* message);
// 429 with Retry-After in response.headers.
Datum answer_too_many(int retry_after_s);
// 202 {"accepted": true, …}; `execution_id` is null where the call is a duplicate.
Datum answer_accepted(const pg_uuid_t& schedule_id, const pg_uuid_t& event_id, const pg_uuid_t* execution_id);

// A reply to a challenge. JSON as it is; text as a number where it is one, else as JSON's string, which the proxy takes
// out of its quotes. X-Webhook-Reply in response.headers says which of the two it is.
Datum answer_json(int status, const char* json);
Datum answer_text(int status, const char* text);

} // namespace helix::webhooks
