// Owns: the lanes of this database's queue in shared memory, one for each priority. They say where claims begin to
// look, and wake the claims that wait. They are hints: the truth is helix_internal.queue. Used within queue/ only.
#pragma once

#include "core/queue/lane.hpp"
#include "pg/prelude.hpp"

namespace helix::queue {

constexpr int lowest_priority = 1;
constexpr int highest_priority = 10;

void initialize_lanes();

// An execution becomes ready at its place when this transaction commits.
void mark_ready(int priority, TimestampTz ready_at);

// An execution was taken from its place. There it is free again should this transaction abort.
void mark_taken(int priority, TimestampTz ready_at);

// lane_start() comes before the statement that looks for executions, advance_lane() after it.
Lane::Start lane_start(int priority);
void advance_lane(int priority, const Lane::Start& start, TimestampTz place);

// Something is ready at `place` that no commit of this server has announced: a prepared transaction, a crash.
void announce(int priority, TimestampTz place);

// A worker that claims only some operations is woken by every arrival. Of the others, a commit with one arrival wakes
// one, and a commit with more wakes all.
enum class WaitFor { any_operation, some_operations };

// Call begin_waiting(), then look once more, then wait_for_ready(), which sleeps until something becomes ready or the
// time is up.
void begin_waiting(WaitFor what);
void wait_for_ready(long timeout_ms);
void end_waiting();

// Wakes another waiter where something is still due.
void wake_next_waiter();

} // namespace helix::queue
