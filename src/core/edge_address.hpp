// Owns: where a helix-edge that the server starts may listen. Anyone may use it.
#pragma once

#include <string_view>

namespace helix {

// Throws Error 22023 unless `address` is 127.x.y.z:port, [::1]:port, localhost:port or unix:///path. In public
// helix-edge runs under a user of its own, so no other address is taken. An empty one passes: nothing listens.
void check_edge_address(std::string_view address);

} // namespace helix
