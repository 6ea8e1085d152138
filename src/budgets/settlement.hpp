// Owns: replacing a reservation by what was spent. Offered to every feature.
#pragma once

#include "pg/prelude.hpp"

namespace helix::budgets {

// Deletes the reservation, in the transaction that records the cost. Raises 22023 where it is of another user or
// operation, and, where it must exist, warns that it is gone (expired and removed, settled, released): the money is
// spent all the same.
void settle(const pg_uuid_t& reservation, const pg_uuid_t& user, std::string_view operation, bool must_exist = true);

} // namespace helix::budgets
