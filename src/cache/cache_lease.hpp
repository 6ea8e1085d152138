// Owns: the cache lease, a key in Redis. It says: every commit that became visible before its time, less
// helix.cache_lease, has been reported. The time is by PostgreSQL's clock, so a command that Redis executes late cannot
// lengthen it. Used within cache/.
#pragma once

#include "pg/prelude.hpp"
#include "redis/connection.hpp"

namespace helix::cache {

// Appends the command that writes the cache lease. All that was visible before `complete_until` must be reported by
// then. Returns how long the lease holds. Redis refuses it (REPLID) where its replication id is another one.
TimestampTz append_cache_lease(redis::Connection& connection, const std::string& replication_id,
                               TimestampTz complete_until);

// Whether a cache lease's text is this server's and still holds.
bool cache_lease_holds(std::string_view text, TimestampTz now);

} // namespace helix::cache
