// Owns: how an execution ends: its row moves from the queue to the history, and what waited for it goes on. Used within
// queue/ only. Callers of notify_dependents() and finish() are within an OwnerSpi. Raises PostgreSQL errors.
#pragma once

#include "queue/history.hpp"

namespace helix::queue {

// Whether notify_dependents() has anything to do.
bool concerns_others(const Departed& departed);

// Ends its reservation, releases what waits for it in its schedule or at a limit, and tells its batch how it ended.
void notify_dependents(const Departed& departed, const Ending& ending);

// All of it, for an execution without a cost. False where the claim does not hold (any more).
bool finish(const Claim& claim, const Ending& ending);

// The error of what is cancelled; `reason` may be null.
const char* cancelled_error(const char* reason);

// Says why a claim does not hold: P0002 or 55000.
[[noreturn]] void refuse_claim(const Claim& claim);

} // namespace helix::queue
