// Owns: the checked bounds of what the reading functions read. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// The argument `number`: how many days a trend has. 22004 on null, 22023 outside 1 to 36,500.
int trend_days(FunctionCallInfo fcinfo, int number);

} // namespace helix::ledger
