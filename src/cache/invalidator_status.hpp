// Owns: what the invalidator tells the rest of the server about its connection. Used within cache/ only.
#pragma once

#include <string>

namespace helix::cache {

// A connection stands at `address` (a url that needs no name server); the cache functions follow to it.
void announce_connection(const std::string& address);

void announce_failure(const std::string& message);

} // namespace helix::cache
