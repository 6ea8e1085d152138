// Owns: the way of a row from the queue to the history, without SQL: to start the statements took a third of the time
// of completing an execution. Used within queue/ only. Asks for no privileges; raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// How it ends. Plain data; 0 stands for null.
struct Ending {
    const char* status; // success, failed, skipped
    Datum result = 0;   // jsonb
    Datum error = 0;    // text
    Datum cost = 0;     // numeric
    std::optional<std::int32_t> latency_ms = std::nullopt;
};

// Which execution, and as whose.
struct Claim {
    pg_uuid_t id;
    std::optional<std::int32_t> attempt = std::nullopt; // the fencing token; none: whoever has it
    bool must_run = true;                               // else a pending one ends too
};

// What has left the queue. The columns are those of helix_internal.queue, in the memory of the caller.
struct Departed {
    pg_uuid_t id;
    pg_uuid_t user_id;
    Datum operation_id;
    std::optional<pg_uuid_t> schedule;
    std::optional<pg_uuid_t> batch_operation;
    std::int16_t priority;
    TimestampTz ready_at;
    bool was_running;
    bool reserved;
    const Datum* values;
    const bool* nulls;
};

// Takes it out of the queue; none where the claim does not hold (any more). Waits for who changes the row at this
// moment; 40001 where somebody has, in REPEATABLE READ or SERIALIZABLE.
std::optional<Departed> leave_queue(const Claim& claim);

// Ended now, in this way.
void enter_history(const Departed& departed, const Ending& ending);

} // namespace helix::queue
