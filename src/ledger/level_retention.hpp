// Owns: how long minutes and quarters of an hour are kept. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// Each of these needs SPI, and finds the watermark itself.

// Folds write to the next slot of minutes where `now` is helix.usage_minutes_retention after the last change.
void turn_minutes(TimestampTz now);

// Empties the slot that nobody needs any more. False where it is empty, or still needed or locked by somebody.
bool empty_old_minutes();

// Deletes some of the quarters that ended more than helix.usage_quarters_retention before `now`. True where there may
// be more.
bool forget_quarters(TimestampTz now);

// The worker's. Each returns whether more is left to do.
bool minutes_task();
bool quarters_task();

} // namespace helix::ledger
