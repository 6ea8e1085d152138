// Owns: values written as nearly all are, read without a whole parser. Used by json_executions.cpp.
#pragma once

#include "pg/prelude.hpp"

#include "core/plain_json.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/jsonb.h"
}

namespace helix::ledger {

// What jsonb has of the member. A string's bytes are those of the member, a number is in the current memory context.
JsonbValue plain_value(const PlainMember& member);

// "2026-10-05", as nearly all are written; none of anything else. It costs a tenth of date_in().
std::optional<DateADT> plain_date(std::string_view text);

} // namespace helix::ledger
