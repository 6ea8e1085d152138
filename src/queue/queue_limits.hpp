// Owns: what one user may queue, by the settings helix.max_…. Used within queue/ only. All raise 22023 with the
// setting's name in the hint.
#pragma once

#include "callers/caller.hpp"

namespace helix::queue {

// Service roles may give any priority.
void check_priority(const callers::Rights& rights, int priority);

// The payload of an execution, or the parameters of operation `position` of a batch (from 1); 0 is none.
void check_payload(Datum payload, int position = 0);

// Within an OwnerSpi: that `more` executions of the user may come in.
void check_room(const pg_uuid_t& user, int more);

} // namespace helix::queue
