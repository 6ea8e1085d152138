// Owns: the budgets' start-up; helix.cpp calls it.
#pragma once

namespace helix::budgets {

// The worker's task: expired reservations, and warnings.
void initialize();

} // namespace helix::budgets
