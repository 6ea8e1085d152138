// Owns: waiting for this process's latch. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "pgstat.h"
#include "storage/latch.h"
}

namespace helix::pg {

// Returns when the latch is set, after `ms` at the latest. Ends the process with the postmaster.
inline void wait_for_latch(long ms) {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
}

} // namespace helix::pg
