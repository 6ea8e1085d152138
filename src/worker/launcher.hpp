// Owns: the registration of the launcher with the postmaster. Used within worker/ only.
#pragma once

namespace helix::worker {

void register_launcher();

} // namespace helix::worker
