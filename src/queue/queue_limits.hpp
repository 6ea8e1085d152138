// Owns: what one user may queue, by the settings helix.max_…. Used within queue/ only. All raise 22023 with the
// setting's name in the hint.
#pragma once

#include "callers/caller.hpp"

namespace helix::queue {

// Checks that the caller may give the priority. Service roles may give any.
void check_priority(const callers::Rights& rights, int priority);

// Checks the payload of an execution, or the parameters of operation `position` (from 1) of a batch. A payload of 0 is
// none.
void check_payload(Datum payload, int position = 0);

// Checks that `more` executions of the user may come in. Callers are within an OwnerSpi.
void check_room(const pg_uuid_t& user, int more);

} // namespace helix::queue
