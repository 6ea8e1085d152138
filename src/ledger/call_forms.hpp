// Owns: how numbers in the body of a call are written, where that counts: jsonb keeps only what they are worth. Used by
// json_executions.cpp.
#pragma once

#include <string_view>

namespace helix::ledger {

// Throws Error 22023 where a number other than p_cost_usd is written with an exponent, such as 1e2. To a single call
// that is no whole number, and as a text it is "1e2" rather than "100".
void check_forms_of_call(std::string_view body);

} // namespace helix::ledger
