// Owns: that the server's helix-edge runs while helix.edge_listen is set: its start, its end, and its next start. Used
// within worker/ only, by the launcher.
#pragma once

namespace helix::worker {

// Called once, before signals come.
void begin_edge_watch();

// Does what is due, and returns the ms until more is; the end of a child sets the latch.
long watch_edge();

} // namespace helix::worker
