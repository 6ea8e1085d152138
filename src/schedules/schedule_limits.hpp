// Owns: what one user may schedule. Used within schedules/ only. Both raise 22023 with the setting's name in the hint.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// Checks that the user may have another schedule.
void check_count(const pg_uuid_t& user);

// Checks that a valid expression asks for no more runs than users may have. Service roles may have more.
void check_interval(const char* expression, const char* zone);

} // namespace helix::schedules
