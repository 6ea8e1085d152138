// Owns: the ledger's start-up; helix.cpp calls it. What other features need of the ledger is here too.
#pragma once

namespace helix::ledger {

// Registers the worker's tasks: folding, partitions, request ids.
void initialize();

} // namespace helix::ledger
