// Owns: telling a row that a dump brings back from one that is new. Any feature's trigger may use it.
#pragma once

#include "pg/trigger_row.hpp"

namespace helix::pg {

// Whether a row that is being inserted comes from a dump: only the owner can say when it was created. It was checked
// where it was made, and refusing it here would lose every other row of its table too.
bool is_restored(const TriggerRow& row);

} // namespace helix::pg
