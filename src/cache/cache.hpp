// Owns: the cache as a part of the server. Called by helix.cpp; other features use cache/invalidation.hpp.
#pragma once

namespace helix::cache {

// Asks for shared memory, and registers the transaction callbacks and the invalidator. Called once, by _PG_init.
void initialize();

} // namespace helix::cache
