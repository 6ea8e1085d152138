// Owns: the answer to a call, out of what the server returned. It knows no socket and no database. rpc.cpp and
// webhook.cpp use it.
#pragma once

#include "edge/request.hpp"
#include "edge/rpc_call.hpp"

namespace helix::edge {

Response answer_of(const RpcCall& call, const Rows& rows);

// The headers of the setting response.headers: a list of objects. Throws Refusal PGRST111 where it is not.
std::vector<Header> response_headers(std::string_view json);

} // namespace helix::edge
