// Owns: the cache as a part of the server. Called by helix.cpp; other features use cache/invalidation.hpp.
#pragma once

namespace helix::cache {

// Shared memory, transaction callbacks, the invalidator. Called once, by _PG_init.
void initialize();

} // namespace helix::cache
