// Owns: finding the extension's own objects by name, and the names of relations. Any feature may use it. What looks for
// the extension's objects raises 55000 with a hint where the extension is not created in this database.
#pragma once

#include "pg/prelude.hpp"

namespace helix::pg {

// Object ids of helix_internal.<name>.
Oid internal_schema();
Oid internal_relation(const char* name);

// schema.name of any relation, quoted as SQL needs it.
const char* qualified_name(Relation relation);

// The role that owns the extension's objects.
Oid extension_owner();

// Whether CREATE EXTENSION helix has been run (and is finished) in this database. Never raises.
bool extension_exists();

} // namespace helix::pg
