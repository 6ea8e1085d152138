// Owns: closing: sums of minutes that are over go to their quarters of an hour, and those of quarters to their days.
// Used within ledger/ only.
#pragma once

#include "ledger/watermark.hpp"

namespace helix::ledger {

// Closes what was over helix.close_delay before `now`. Returns how far minutes are closed. Needs SPI and the
// watermark's lock.
TimestampTz close_spans(const Watermark& watermark, TimestampTz now);

// The worker's. Always false: one pass closes all there is.
bool close_task();

} // namespace helix::ledger
