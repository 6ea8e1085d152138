// Owns: moving a row from the queue to the history. Used within queue/ only. Asks for no privileges; raises PostgreSQL
// errors.
//
// It uses no SQL: starting the statements took a third of the time of completing an execution.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// How an execution ends. Plain data; 0 stands for null.
struct Ending {
    const char* status; // success, failed, skipped
    Datum result = 0;   // jsonb
    Datum error = 0;    // text
    Datum cost = 0;     // numeric
    std::optional<std::int32_t> latency_ms = std::nullopt;

    bool succeeded() const { return std::string_view(status) == "success"; }
    bool skipped() const { return std::string_view(status) == "skipped"; }
};

// Names an execution and who has claimed it.
struct Claim {
    pg_uuid_t id;
    std::optional<std::int32_t> attempt = std::nullopt; // the fencing token; none: whoever has claimed it
    bool must_run = true;                               // false: a pending one ends too
};

// An execution that has left the queue. `values` and `nulls` are the columns of helix_internal.queue, in the memory of
// the caller.
struct Departed {
    pg_uuid_t id;
    pg_uuid_t user_id;
    Datum operation_id;
    std::optional<pg_uuid_t> schedule;
    std::optional<pg_uuid_t> batch_operation;
    std::int16_t priority;
    TimestampTz ready_at;
    std::optional<std::int64_t> turn;
    bool was_running;
    bool reserved;
    bool limited;
    Datum concurrency_key; // text; 0: none
    const Datum* values;
    const bool* nulls;
};

// Takes the execution out of the queue; none where the claim does not hold (any more). Waits for a transaction that is
// changing the row. Raises 40001 where one has changed it, in REPEATABLE READ or SERIALIZABLE.
std::optional<Departed> leave_queue(const Claim& claim);

// Writes that it has ended now, in this way.
void enter_history(const Departed& departed, const Ending& ending);

} // namespace helix::queue
