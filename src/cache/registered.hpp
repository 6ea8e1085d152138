// Owns: whether changes of the tables that a query reads remove its key from the cache. They do where
// helix.invalidate_on_change() was called with a template that names the key. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace helix::cache {

// Warns of tables whose changes leave `key` in the cache. `relations` is a list of oids; partitions count too. For keys
// that begin with the same word, each table is named once in a session. Silent while the cache is off.
void warn_of_unregistered(const std::string& key, List* relations);

} // namespace helix::cache
