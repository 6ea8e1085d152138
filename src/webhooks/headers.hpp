// Owns: looking at a sender's headers, as an object of JSON. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::webhooks {

// The value of the header `name` (in lower case), whatever case the sender's is in; empty where `headers` or `name` is
// null, there is no such header, or it is no string. Lives as long as `headers`.
std::string_view header(const Jsonb* headers, const char* name);

// request.headers as PostgREST sets it; null where it is not set or not an object.
const Jsonb* request_headers();

} // namespace helix::webhooks
