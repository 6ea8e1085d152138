// Owns: forgetting old changes of webhooks' secrets. Used within webhooks/ only.
#pragma once

namespace helix::webhooks {

// The worker's task: removes what is older than helix.secret_audit_retention, some rows at a time. True: there are
// more.
bool audit_retention_task();

} // namespace helix::webhooks
