// Owns: what the invalidator tells the rest of the server about its connection. Used within cache/ only.
#pragma once

#include <string>

namespace helix::cache {

// There is a connection to `address`, a url that needs no name server. The cache functions connect to it as well.
void announce_connection(const std::string& address);

void announce_failure(const std::string& message);

} // namespace helix::cache
