// Owns: which roles the API has (helix_internal.api_roles), and that the roles of helix-edge may take them on. Used
// within callers/ only. Callers are within an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::callers {

// Makes these the API's roles, for every role of helix-edge too. `anon` may be null.
void remember_api_roles(const char* authenticated, const char* service, const char* anon);

// Lets a role of helix-edge take on the API's roles by SET ROLE, without having their rights itself. Throws Error 22023
// where the role is one of them.
void let_take_on(const char* edge_role);

} // namespace helix::callers
