// Owns: reading and checking the arguments of the budgets' functions. Used within budgets/ only. All errors name the
// offending value.
#pragma once

#include "pg/values.hpp"

namespace helix::budgets {

// USD as pg::check_amount() allows; 22003 else. 22004 on null.
Datum amount_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A known operation; 42704 else. 22004 on null.
Datum operation_argument(FunctionCallInfo fcinfo, int number);

// p_metadata, as recording takes it: an object of at most 65,536 bytes, 22023 else. 0 on null.
Datum metadata_argument(FunctionCallInfo fcinfo, int number);

} // namespace helix::budgets
