// Owns: finding the extension's own objects by name. Any feature may use it. All raise 55000 with a hint where the
// extension is not created in this database.
#pragma once

#include "pg/prelude.hpp"

namespace helix::pg {

// Object ids of helix_internal.<name>.
Oid internal_schema();
Oid internal_relation(const char* name);

// The role that owns the extension's objects.
Oid extension_owner();

// Whether CREATE EXTENSION helix has been run (and is finished) in this database. Never raises.
bool extension_exists();

} // namespace helix::pg
