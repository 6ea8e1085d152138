// Owns: the whole program while it runs: its one thread, what the parts share, and how it ends. main.cpp runs it.
#pragma once

#include "core/secrets/secret.hpp"
#include "edge/options.hpp"

namespace helix::edge {

// Runs until a signal ends it, or until the launcher at `launcher` (-1: none) is gone. Throws std::exception where it
// cannot listen.
void run_server(const Options& options, Secret password, int launcher);

} // namespace helix::edge
