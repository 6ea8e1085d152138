// Owns: when users were in which groups of budgets. Used within budgets/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::budgets {

// Whether the user has joined or left a group between the two times. Almost always it costs nothing: the times are the
// same, there are no groups, or the same statement has asked for the same user before.
bool changed_groups(const pg_uuid_t& user, TimestampTz one, TimestampTz other);

} // namespace helix::budgets
