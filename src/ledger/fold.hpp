// Owns: folding the ledger into the rollups. Used within ledger/ only.
#pragma once

#include "ledger/watermark.hpp"

namespace helix::ledger {

// Adds to the rollups what is in `until` but not yet in `from`, and sets the watermark to `next`. Returns the number of
// executions; corrections are none. Needs SPI and the watermark's lock; `until` must have been taken before.
std::int64_t fold_between(const Watermark& from, const Horizon& until, const Horizon& next);

// Folds all that has become visible since `watermark`, and returns the number of executions. Needs SPI and the
// watermark's lock.
std::int64_t fold(const Watermark& watermark);

// The worker's. Always false: one fold takes all there is.
bool fold_task();

} // namespace helix::ledger
