// Owns: the background worker that removes from Redis what commits have made stale, and keeps the cache lease. Used
// within cache/ only.
#pragma once

namespace helix::cache {

// Registers the worker: one per server; on a standby it only keeps the connection. Called once, by initialize().
void register_invalidator();

} // namespace helix::cache
