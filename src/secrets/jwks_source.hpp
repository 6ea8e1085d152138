// Owns: fetching the public keys that tokens are verified by, a JSON Web Key Set, over HTTPS. Knows nothing of
// PostgreSQL. Used within secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"

#include <chrono>
#include <string>

namespace helix::secrets {

// The key set at `url` within `time`, with nothing in it but what verifying needs. Throws Failure. Call it in a process
// that ends after it.
Secret ask_jwks(const std::string& url, std::chrono::milliseconds time);

} // namespace helix::secrets
