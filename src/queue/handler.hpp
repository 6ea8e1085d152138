// Owns: one execution of an operation that has a handler. It is claimed, the function is called as the role that queued
// it, and the outcome is reported. Used by queue/executor only. Each call is within a transaction. Raises PostgreSQL
// errors.
#pragma once

#include "queue/waiters.hpp"

namespace helix::queue {

// Plain data in the memory context in which it was claimed.
struct ClaimedJob {
    pg_uuid_t id;
    pg_uuid_t user_id;
    std::int64_t token;
    Datum payload; // jsonb; 0: null
    const char* run_as;
    Oid handler;
};

// Null where none is due.
const ClaimedJob* claim_job();

// Keys of the operations with handlers, as begin_waiting() takes them, at the last claim_job(). Before it there is one
// more than anybody can wait for: all arrivals wake.
struct HandledOperations {
    std::uint64_t keys[most_awaited + 1];
    int count = most_awaited + 1;
};
const HandledOperations& handled_operations();

// Calls the handler and completes the execution in the same transaction.
void run_handler(const ClaimedJob& job);

void report_failure(const ClaimedJob& job, const char* error);

} // namespace helix::queue
