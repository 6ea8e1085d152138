// Owns: looking at utility statements before the server runs them. Any feature, while the module is preloaded.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "tcop/utility.h"
}

namespace helix::pg {

// Called before every utility statement, in the order of registration; may raise.
using StatementObserver = void (*)(const Node& statement, ProcessUtilityContext context);

void observe_statements(StatementObserver observer);

} // namespace helix::pg
