// Owns: the budgets' start-up; helix.cpp calls it.
#pragma once

namespace helix::budgets {

// Registers the worker's task: expired reservations, warnings, and moved costs.
void initialize();

} // namespace helix::budgets
