// Owns: forgetting old changes of preferences. Used within preferences/ only.
#pragma once

namespace helix::preferences {

// The worker's task: removes what is older than helix.preference_log_retention, some rows at a time. True: there are
// more.
bool log_retention_task();

} // namespace helix::preferences
