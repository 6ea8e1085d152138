// Owns: reading arguments of type interval. Any feature may use it.
#pragma once

#include "pg/values.hpp"

namespace helix::pg {

// The interval's length in us, with 30 days to a month. 22023 where it is not from `low` to `high`. The same where it
// has a negative part, for by the calendar it could be far longer. 22004 on null.
std::int64_t interval_argument(FunctionCallInfo fcinfo, int number, const char* name, std::int64_t low,
                               std::int64_t high);

} // namespace helix::pg
