// Owns: the lines on standard error: one for each request, and one for what happens to the program. No line holds a
// token, a body, or an address that somebody made up. Every part of the edge may use it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace helix::edge {

struct LogLine {
    std::string_view method;
    std::string_view route; // a name of ours, never what was sent
    int status;
    double milliseconds;
    std::size_t bytes; // of the answer's body
    std::string_view request_id;
    std::string_view traceparent; // empty: none
};

// Kept back until flush_log(), or until there are many.
void log_request(const LogLine& line);

// Written at once.
void log_event(std::string_view text);

void flush_log();

} // namespace helix::edge
