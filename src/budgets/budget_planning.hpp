// Owns: how the budgets' statements are planned. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

// Begins every statement that reads the ledger through SQL functions, which the planner inlines. Until the plan of a
// saved statement is made, PostgreSQL does not know what such functions read. A partition that is attached meanwhile
// would be missing from that plan for ever. A relation that the statement names itself is watched from the beginning.
// It costs nothing: a WITH query that nothing refers to is not planned.
#define HELIX_WATCH_LEDGER "WITH watched AS (SELECT FROM helix_internal.executions) "

namespace helix::budgets {

// Until the OwnerSpi ends, statements are planned once, look up row by row by index, and are not compiled. They are
// about one user, but a saved plan may have been made while the tables were still empty.
void plan_by_index();

// Until the OwnerSpi ends, nothing is compiled (JIT): for a statement about many users.
void compile_nothing();

} // namespace helix::budgets
