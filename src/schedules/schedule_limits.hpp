// Owns: what one user may schedule. Used within schedules/ only. Both raise 22023 with the setting's name in the hint.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// That another schedule of the user fits in.
void check_count(const pg_uuid_t& user);

// That an expression which is valid asks for no more runs than users may have. For callers without a service role.
void check_interval(const char* expression, const char* zone);

} // namespace helix::schedules
