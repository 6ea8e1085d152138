// Owns: what becomes of the queue of a restored dump. Offered to schedules, which a dump brings back too.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// A row of the queue or a schedule has come from a dump: all of the queue is paused, or goes on, as helix.after_restore
// says. Raises PostgreSQL errors.
void note_restored();

} // namespace helix::queue
