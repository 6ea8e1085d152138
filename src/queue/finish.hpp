// Owns: how an execution ends: its row moves from the queue to the history, and what waited for it goes on. Used within
// queue/ only; callers of notify_dependents() and finish() are within an OwnerSpi. Raises PostgreSQL errors.
#pragma once

#include "queue/history.hpp"

namespace helix::queue {

// Whether anything has to hear of it by notify_dependents().
bool concerns_others(const Departed& departed);

// Its reservation ends, its schedule goes on with what waits for it, its batch hears how it ended.
void notify_dependents(const Departed& departed, const Ending& ending);

// All of it, for what has cost nothing; false where the claim does not hold (any more).
bool finish(const Claim& claim, const Ending& ending);

// Says why a claim does not hold: P0002 or 55000.
[[noreturn]] void refuse_claim(const Claim& claim);

} // namespace helix::queue
