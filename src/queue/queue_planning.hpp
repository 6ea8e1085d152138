// Owns: how the queue's statements are planned. Used within queue/ only; callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// Until the OwnerSpi ends, what is planned reads by index and in the index's order, and keeps its plan. A queue is
// empty most of the time, so most plans are made for an empty table, and a saved one that reads all of it would go on
// doing so when it is full.
void plan_by_index();

} // namespace helix::queue
