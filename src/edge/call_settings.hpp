// Owns: what a call sets before it in its transaction, as PostgREST does: the role and the settings request.…. rpc.cpp
// and webhook.cpp use it.
#pragma once

#include "edge/callers.hpp"
#include "edge/request.hpp"
#include "edge/statement.hpp"

namespace helix::edge {

// The request's headers as a JSON object, without those that hold secrets of the caller's. A header that came several
// times is one list. Those of `instead` replace the request's.
std::string headers_as_json(const Request& request, const std::vector<Header>& instead = {});

struct CallSettings {
    std::string_view method;
    std::string path;    // as PostgREST has it: /rpc/<function>
    std::string headers; // JSON
    bool read_only = false;
};

Statement call_settings(const Caller& caller, CallSettings settings);

} // namespace helix::edge
