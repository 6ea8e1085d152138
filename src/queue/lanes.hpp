// Owns: the lanes of this database's queue in shared memory. They say where claims begin to look, whose turn it is, and
// which commits wake the claims that wait. They are hints: the truth is helix_internal.queue. Used within queue/ only.
//
// Each priority has a lane of what is ready, in the order of turns, and one of what is ready later, in the order of
// time. An operation has lanes of what is ready of its own.
#pragma once

#include "core/queue/lane.hpp"
#include "pg/prelude.hpp"

namespace helix::queue {

constexpr int lowest_priority = 1;
constexpr int highest_priority = 10;
constexpr int lane_count = highest_priority - lowest_priority + 1;

void initialize_lanes();

// What shared memory knows of an operation. Null where it knows nothing: nobody has queued or claimed one since the
// start of the server, or too many operations are known already.
struct OperationLanes;
OperationLanes* lanes_of_operation(Datum operation_id);
std::uint64_t key_of_operation(Datum operation_id);

// The same, and from now on it is known. Null where too many are.
OperationLanes* known_lanes_of_operation(std::uint64_t key);

// The first place in each lane; Lane::last where there is none.
struct LanePlaces {
    Lane::Place first[lane_count];

    void clear() { std::fill(std::begin(first), std::end(first), Lane::last); }
    void note(int priority, Lane::Place place) {
        first[priority - lowest_priority] = std::min(first[priority - lowest_priority], place);
    }
};

// What becomes visible at the end of a transaction. For queue/lane_changes only.
struct OperationArrivals {
    OperationLanes* lanes;
    const LanePlaces* ready;
};
struct LaneArrivals {
    const LanePlaces* ready;
    const LanePlaces* later;
    const OperationArrivals* operations;
    int operation_count;
    bool any_operation; // more than those
};
void know_database(); // before
void arrive_at_lanes(const LaneArrivals& arrivals) noexcept;
Lane::Start announced_ready_start(int priority, OperationLanes* operation);
Lane::Start announced_later_start(int priority);

// After the statement that has looked for executions from a start on: how far it has seen everything. Without an
// operation it is the lane of all.
void advance_ready(int priority, OperationLanes* operation, const Lane::Start& start, Lane::Place place);
void advance_later(int priority, const Lane::Start& start, TimestampTz place);

// Something is there that no commit of this server has announced: a prepared transaction, a crash.
void announce_ready(int priority, Lane::Place turn);
void announce_later(int priority, TimestampTz ready_at);
void forget_operations();

// How far the turns of a priority are: the number of the last that was claimed. -1: nobody has looked since the start.
std::int64_t current_turn(int priority, const OperationLanes* operation = nullptr);
void raise_current_turn(int priority, OperationLanes* operation, std::int64_t turn);

// A number of its own for each execution, in the order of arrival.
std::uint64_t next_arrival();

// Wakes another waiter where something is still due. `operations`: keys of those that the caller may claim; none: any.
void wake_next_waiter(const std::uint64_t* operations, int count);

} // namespace helix::queue
