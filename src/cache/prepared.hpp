// Owns: COMMIT PREPARED of what was prepared while the cache was off, and so collected nothing. Used within cache/
// only.
#pragma once

namespace helix::cache {

// Hooks into utility commands; called once, by initialize().
void initialize_prepared();

} // namespace helix::cache
