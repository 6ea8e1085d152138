// Owns: forgetting old warnings of budgets. Used within budgets/ only.
#pragma once

namespace helix::budgets {

// The worker's task: removes what is older than helix.budget_warning_retention, some rows at a time. True: there are
// more.
bool warning_retention_task();

} // namespace helix::budgets
