// Owns: what helix reads out of a user's figures. Only helix.cpp uses it.
#pragma once

namespace helix::analytics {

// Registers the worker's task; called once, by _PG_init.
void initialize();

} // namespace helix::analytics
