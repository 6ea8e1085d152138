// Owns: COMMIT PREPARED of transactions that were prepared while the cache was off. They know nothing of what they have
// made stale. Used within cache/ only.
#pragma once

namespace helix::cache {

// Observes utility statements; called once, by initialize().
void initialize_prepared();

} // namespace helix::cache
