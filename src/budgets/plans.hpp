// Owns: how the budgets' statements are planned. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

namespace helix::budgets {

// Until the OwnerSpi ends, statements are planned once, and so that they look up by index, row by row: they are about
// one user, but a saved plan may have been made for tables that were still empty. Nor are their branches compiled.
void plan_by_index();

// The last alone, for a statement about many users.
void compile_nothing();

} // namespace helix::budgets
