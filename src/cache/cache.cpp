#include "cache/cache.hpp"

#include "cache/commit.hpp"
#include "cache/invalidator.hpp"
#include "cache/prepared.hpp"
#include "cache/shared.hpp"

namespace helix::cache {

void initialise() {
    initialise_shared_memory();
    initialise_commit();
    initialise_prepared();
    register_invalidator();
}

} // namespace helix::cache
