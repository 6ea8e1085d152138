// Owns: making way: a worker's connection must not be what keeps a database from being dropped, renamed or copied.
// Used within worker/ only.
#pragma once

namespace helix::worker {

void initialize_drop_database();

} // namespace helix::worker
