// Owns: reading arguments of type interval. Any feature may use it.
#pragma once

#include "pg/values.hpp"

namespace helix::pg {

// The length in us, a month being 30 days. 22023 where it is not from `low` to `high`, or has a part that is less than
// 0: that could be far more by the calendar. 22004 on null.
std::int64_t interval_argument(FunctionCallInfo fcinfo, int number, const char* name, std::int64_t low,
                               std::int64_t high);

} // namespace helix::pg
