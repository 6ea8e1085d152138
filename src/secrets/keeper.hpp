// Owns: the background worker that asks 1Password for all sessions and wipes what has ended. Used within secrets/ only.
#pragma once

namespace helix::secrets {

// Registers the worker: one per server, on a standby too. Called once, by initialize().
void register_keeper();

} // namespace helix::secrets
