// Owns: taking executions out of the lanes for a claim: which they are, and the statement. Used by queue/claim and
// queue/handler. Callers are within an OwnerSpi and have called plan_by_index(). Raises PostgreSQL errors.
#pragma once

#include "pg/kept_rows.hpp"
#include "queue/lanes.hpp"

namespace helix::queue {

// The columns of what was taken. Those up to `headers` are the columns of claim_executions().
struct Taken {
    enum : int {
        id = 1,
        user_id,
        operation_id,
        schedule_id,
        batch_id,
        payload,
        triggered_by,
        attempt,
        fencing_token,
        run_at,
        lease_until,
        headers,
        turn,
        max_cost_per_month,
        stop_reason, // see queue/stopped.hpp
        reserved,
        concurrency_key,
        count = concurrency_key
    };
};

struct Claimer {
    Datum worker; // text
    Datum lease;  // interval
};

struct WantedOperation {
    Datum id; // text
    OperationLanes* lanes;
};

// The operations that a claim is for, in palloc's memory.
struct WantedOperations {
    const WantedOperation* operations = nullptr;
    const std::uint64_t* keys = nullptr; // null: any operation
    int count = 0;

    bool any() const { return keys == nullptr; }
};

// Of an array of texts; 0 means any.
WantedOperations wanted_operations(Datum array);

// How many executions of an operation a claim takes.
struct Share {
    const WantedOperation* operation;
    Lane::Start start;
    int executions;
};
struct Shares {
    Share* all;
    int count;
};

// Shares out a claim of `most` between the wanted operations, by the turns of what is ready. The operation whose turn
// comes first is the first.
Shares share_out(const WantedOperations& wanted, int priority, int most);

// Take at most so many, in the order of turns.
pg::KeptRows take_any(const Claimer& claimer, int priority, Lane::Place from, int most);
pg::KeptRows take_of(const Claimer& claimer, const Share& share, int priority, int most);

inline Lane::Place turn_of(const pg::KeptRow& row) {
    return DatumGetInt64(row.value(Taken::turn));
}

} // namespace helix::queue
