// Owns: each backend's copy of helix.operations and helix.model_prices. Features read it; it follows every committed
// change.
#pragma once

#include "core/pricing.hpp"

#include <string_view>

namespace helix::operations {

// Registers for invalidations; called once, by _PG_init.
void initialise();

// Both read the tables first where they have changed, and may raise PostgreSQL errors then.
bool has_operation(std::string_view operation_id);
const PriceList& prices();

} // namespace helix::operations
