// Owns: which Redis the server is to use: helix.redis_url's, else that of the environment variable REDIS_URL with which
// the server was started. Used within cache/ only.
#pragma once

#include "redis/redis_url.hpp"

namespace helix::cache {

// Whether there is to be a cache.
bool redis_is_configured();

// Both throw Error, which never repeats a password.
redis::Address configured_address();
Secret configured_password();

} // namespace helix::cache
