// Owns: what tells a single call from another in its body, though the values are the same: which parameters it names,
// and how numbers are written, of which jsonb keeps only what they are worth. Used by json_executions.cpp.
#pragma once

#include "core/plain_json.hpp"

#include <string_view>

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::ledger {

// Throws Error 22023 where a number other than p_cost_usd is written with an exponent, such as 1e2. To a single call
// that is no whole number, and as a text it is "1e2" rather than "100".
void check_forms_of_call(std::string_view body);

// Throws Error 22023 where a parameter without a default is left out. A single call then is for no function.
void check_required_of_call(const PlainObject& body);
void check_required_of_call(JsonbContainer* body);

} // namespace helix::ledger
