// Owns: recording many executions of which some may be wrong: right ones are written, the others keep their error. Used
// by record_each.cpp and record_for.cpp. Plain data.
#pragma once

#include "ledger/execution.hpp"

namespace helix::ledger {

// What becomes of one element.
struct Attempt {
    Execution execution;
    std::int64_t id;
    ErrorData* error; // null: nothing wrong is known of it
    bool alone;       // it has to be recorded by itself, so that nobody waits for it
    bool is_first;    // nobody had used its request id when that was looked up
};

// Returns the error where it says something about the element; rethrows any other: the transaction has to be repeated,
// or the server lacks something.
ErrorData* error_of_element(ErrorData* error);

// The execution of a request into `attempt`, in memory of its own.
void resolve_attempt(const Request& request, TimestampTz now, Attempt& attempt);

// Writes those without an error, in their order, in one pass. Only where that fails, it writes each by itself.
// `lock_timeout`, such as "50ms", bounds each wait for a lock. Those who would wait longer are `alone` then; where it
// is null they wait.
void write_right_ones(std::span<Attempt*> attempts, TimestampTz now, const char* lock_timeout);

} // namespace helix::ledger
