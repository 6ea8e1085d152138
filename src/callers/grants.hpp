// Owns: giving and taking the privileges on helix's objects. Used within callers/ only. Callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::callers {

// Takes what the roles and PUBLIC have on helix's objects. Null names are passed over.
void revoke_all(std::initializer_list<const char*> roles);

// Gives the role what helix_internal.api_grants lists for the audience.
void grant(const char* audience, const char* role);

// An argument of type name that is an existing role. Raises 22004 and 42704. Needs no SPI.
const char* role_argument(FunctionCallInfo fcinfo, int number, const char* parameter);

} // namespace helix::callers
