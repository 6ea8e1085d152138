// Owns: what rows of helix_internal.queue say of the lanes. Used within queue/ only. Callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// The first place at `from` or later at which an execution waits; DT_NOEND where there is none. Call plan_by_index()
// first.
TimestampTz first_place(int priority, TimestampTz from);

// Marks executions as ready that the statement that ran last has returned: their priority and ready_at.
void mark_rows_ready(std::uint64_t rows);

// Rows may have come in that nobody has announced: claims look from the very beginning of each lane.
void mark_all_lanes();

} // namespace helix::queue
