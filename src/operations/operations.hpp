// Owns: each backend's copy of helix.operations and helix.model_prices. Features read it; it follows every committed
// change.
#pragma once

#include "core/ledger/pricing.hpp"

#include <string_view>

namespace helix::operations {

// Registers for invalidations; called once, by _PG_init.
void initialize();

// They read the tables first where they have changed, and may raise PostgreSQL errors then.
bool has_operation(std::string_view operation_id);
bool has_handler(std::string_view operation_id);
const PriceList& prices();

// Raises 42501 where the operation has a handler and `role` is a superuser: handlers never run as one.
void refuse_superuser(std::string_view operation_id, const char* role);

} // namespace helix::operations
