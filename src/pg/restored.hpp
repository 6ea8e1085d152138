// Owns: telling rows that a dump brings back from new ones. Any feature's trigger may use it.
#pragma once

#include "pg/trigger_row.hpp"

namespace helix::pg {

// Whether a row that is being inserted comes from a dump: only the owner can say when a row was created. Such a row was
// checked where it was made. To refuse it here would lose every other row of its table too.
bool is_restored(const TriggerRow& row);

} // namespace helix::pg
