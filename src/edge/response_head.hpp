// Owns: the head of an answer, as it goes over the wire. session.cpp uses it.
#pragma once

#include "edge/request.hpp"

namespace helix::edge {

// Whether an answer with this status may have a body.
bool has_body(int status);

// Status line and headers, up to the empty line. `last`: the connection ends with this answer.
std::string response_head(const Response& response, std::string_view request_id, bool last);

} // namespace helix::edge
