// Owns: whether changes of what a query reads remove its key from the cache, which they do where
// helix.invalidate_on_change() was called with a template that names the key. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace helix::cache {

// Warns of the tables among `relations` (a list of oids) and of their partitions whose changes leave `key` in the
// cache; of each once in a session for the keys that begin with the same word. Silent while the cache is off.
void warn_of_unregistered(const std::string& key, List* relations);

} // namespace helix::cache
