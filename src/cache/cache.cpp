#include "cache/cache.hpp"

#include "cache/commit.hpp"
#include "cache/invalidator.hpp"
#include "cache/prepared.hpp"
#include "cache/shared.hpp"

namespace helix::cache {

void initialize() {
    initialize_shared_memory();
    initialize_commit();
    initialize_prepared();
    register_invalidator();
}

} // namespace helix::cache
