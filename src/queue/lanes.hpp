// Owns: the lanes of this database's queue in shared memory: where claims begin to look, and waking those that wait.
// Hints only: the truth is helix_internal.queue. Used within queue/ only.
#pragma once

#include "core/queue/lane.hpp"
#include "pg/prelude.hpp"

namespace helix::queue {

constexpr int lowest_priority = 1;
constexpr int highest_priority = 10;

void initialize_lanes();

// An execution becomes ready at its place when this transaction commits.
void mark_ready(int priority, TimestampTz ready_at);

// It was taken from its place, where it is free again should this transaction abort.
void mark_taken(int priority, TimestampTz ready_at);

// Before the statement that looks for executions, and after it.
Lane::Start lane_start(int priority);
void advance_lane(int priority, const Lane::Start& start, TimestampTz place);

// Something that no commit of this server has announced (a prepared transaction, a crash) is ready at `place`.
void announce(int priority, TimestampTz place);

// Sleeps until something has become ready or the time is up. Begin before the last look. Who takes only some of the
// operations is woken by everything, the others one for one.
void begin_waiting(bool choosy);
void wait_for_ready(long timeout_ms);
void end_waiting();

// Wakes another one where something is due still.
void wake_next_waiter();

} // namespace helix::queue
