// Owns: the pieces of work of erasures. Used within erasure/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::erasure {

// Removes up to 5,000 rows of one kind of a user whose erasure was asked for, or finishes the erasure where nothing is
// left. Takes up to 100 erasures, one after the other, until one has something to remove. Returns how many rows it has
// removed; 0 where all wait for others or have finished. Callers are within an OwnerSpi.
std::uint64_t erase_some();

} // namespace helix::erasure
