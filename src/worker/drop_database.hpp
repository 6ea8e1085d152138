// Owns: making way for statements that want a database for themselves. A worker's connection must not keep a database
// from being dropped, renamed or copied. Used within worker/ only.
#pragma once

namespace helix::worker {

// Observes utility statements; called once, by initialize().
void initialize_drop_database();

} // namespace helix::worker
