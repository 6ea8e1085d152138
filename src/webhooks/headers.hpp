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

// What a scheme's kept_headers lists; a count of -1 where it is no list of at most 16 names in lower case.
constexpr int most_kept_headers = 16;
struct KeptNames {
    int count;
    std::string_view names[most_kept_headers];
};
KeptNames read_kept_names(Datum names);

// An object, as jsonb, of those of the sender's headers that `names` lists; 0 where there are none. Longer values than
// 1,000 characters are left out.
Datum kept_headers(const Jsonb* headers, Datum names);

// request.headers as PostgREST sets it; null where it is not set or not an object.
const Jsonb* request_headers();

} // namespace helix::webhooks
