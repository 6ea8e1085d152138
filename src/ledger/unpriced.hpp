// Owns: pricing what was recorded before its model had a price. Used within ledger/ only.
#pragma once

namespace helix::ledger {

// The worker's: prices what can be priced by now. It looks only when prices or aliases have changed. True where more is
// left.
bool unpriced_task();

} // namespace helix::ledger
