// Owns: the ledger's start-up; helix.cpp calls it.
#pragma once

namespace helix::ledger {

// Registers the worker's tasks: folding, summaries, partitions, retention, request ids.
void initialize();

} // namespace helix::ledger
