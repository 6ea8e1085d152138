// Owns: how the queue's statements are planned. Used within queue/ only. Callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// Until the OwnerSpi ends, new plans read by index and in the index's order, and are kept. A queue is empty most of the
// time, so most plans are made for an empty table. Such a plan would read all of a full table too.
void plan_by_index();

} // namespace helix::queue
