// Owns: the registration of the launcher with the postmaster. Used within worker/ only.
#pragma once

namespace helix::worker {

// Called while the module is preloaded.
void register_launcher();

} // namespace helix::worker
