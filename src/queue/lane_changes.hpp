// Owns: what this transaction does to the lanes. Commits and aborts publish it, and wake waiters. Used within queue/
// only.
#pragma once

#include "queue/lanes.hpp"

namespace helix::queue {

void initialize_lane_changes();

// When this transaction commits, an execution of the operation has its turn, or is due at a time.
void mark_ready(int priority, Datum operation_id, Lane::Place turn);
void mark_later(int priority, Datum operation_id, TimestampTz ready_at);

// An execution was taken from its place. There it is free again should this transaction abort.
void mark_taken(int priority, Datum operation_id, Lane::Place turn);
void mark_no_longer_later(int priority, TimestampTz ready_at);

// Either of the two, for a row of the queue: `turn` is null where it has none.
void mark_left(int priority, Datum operation_id, std::optional<Lane::Place> turn, TimestampTz ready_at);

// Rows may have come in that nobody has announced: claims look from the very beginning of each lane.
void mark_all_lanes();

// Where a claim begins to look. It comes before the statement that does. Without an operation it is the lane of all.
Lane::Start ready_start(int priority, OperationLanes* operation = nullptr);
Lane::Start later_start(int priority);

} // namespace helix::queue
