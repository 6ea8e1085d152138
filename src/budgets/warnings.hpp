// Owns: noticing that a budget has come near its limit, whoever has spent. Used within budgets/ only; callers are
// within an OwnerSpi.
#pragma once

#include <cstdint>

namespace helix::budgets {

// Looks at the budgets of the users that have recorded since the last look of this process, or hold reservations.
// Returns how many warnings it wrote.
std::uint64_t warn_of_budgets();

} // namespace helix::budgets
