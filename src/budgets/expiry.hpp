// Owns: removing reservations that have expired. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

#include <cstdint>

namespace helix::budgets {

// Returns how many it removed. They have not counted since the moment they expired.
std::uint64_t expire_reservations();

} // namespace helix::budgets
