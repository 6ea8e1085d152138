// Owns: PostgREST's statuses and bodies for errors. What answers calls uses it.
#pragma once

#include "edge/refusal.hpp"
#include "edge/request.hpp"
#include "edge/statement.hpp"

namespace helix::edge {

// The status of a server's error, as PostgREST has it. `signed_in`: the caller sent a token.
int status_of(const ServerError& error, bool signed_in);

Response answer_of(const ServerError& error, bool signed_in);
Response answer_of(const Refusal& refusal);

} // namespace helix::edge
