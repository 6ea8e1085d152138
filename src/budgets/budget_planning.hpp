// Owns: how the budgets' statements are planned. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

// Begins every statement that reads the ledger through SQL functions. What functions read that the planner inlines is
// not known to belong to a saved statement until its plan is made; a partition that is attached meanwhile would be
// missing from that plan for ever. A relation that the statement names itself is watched from the beginning. Costs
// nothing: a SELECT that nobody refers to is not planned.
#define HELIX_WATCH_LEDGER "WITH watched AS (SELECT FROM helix_internal.executions) "

namespace helix::budgets {

// Until the OwnerSpi ends, statements are planned once, and so that they look up by index, row by row: they are about
// one user, but a saved plan may have been made for tables that were still empty. Nor are their branches compiled.
void plan_by_index();

// The last alone, for a statement about many users.
void compile_nothing();

} // namespace helix::budgets
