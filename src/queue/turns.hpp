// Owns: the turns of executions: whose execution comes next within a priority, so that each user has their turn. Used
// within queue/ only. Raises PostgreSQL errors.
//
// It is start-time fair queueing: what becomes ready gets the turn after the user's last, or after the current one
// where that is later. So the first of a user who has nothing waiting comes before the second of everybody else. The
// current turn is that of the execution claimed last. An operation whose workers are slower than others' has its own.
//
// The column `turn` has the number of the turn above its arrival, so that no two are equal.
#pragma once

#include "queue/lanes.hpp"

namespace helix::queue {

// The value of the column `turn` for an execution that becomes ready now.
Lane::Place next_turn(const pg_uuid_t& user, int priority, Datum operation_id);

// An execution with that turn was claimed.
void note_claimed(int priority, Datum operation_id, Lane::Place turn);

// Gives executions their turns whose time has come: at most 100, the earliest first. Callers are within an OwnerSpi
// and have called plan_by_index(). Returns how many.
std::uint64_t give_turns(int priority);

// The first place at `from` or later at which an execution is ready, or later; Lane::last and DT_NOEND where none is.
Lane::Place first_ready(int priority, Lane::Place from);
TimestampTz first_later(int priority, TimestampTz from);

// Where the executions of a turn begin.
Lane::Place place_of_turn(std::int64_t number);

// The current turn never lies further back than what is ready. After a restore it may.
void catch_up(int priority, Lane::Place first);

// Marks executions as ready that the statement that ran last has returned: their priority, ready_at and operation_id.
void mark_rows_ready(std::uint64_t rows);

} // namespace helix::queue
