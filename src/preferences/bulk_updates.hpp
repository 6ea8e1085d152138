// Owns: the updates of bulk_update_operation_preferences on their way into the table. Used within preferences/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::preferences {

// Turns the array of objects into one object of fields for each operation, palloc'd. Throws Error that names the
// element: 22023 where it is none, has an unknown field or one of another type, or names an operation twice; and
// whatever the checks of the values throw.
Datum read_updates(Datum array);

} // namespace helix::preferences
