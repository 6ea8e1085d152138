// Owns: the lease key: "no commit that became visible before this time less helix.cache_lease is unreported". Its value
// holds the time by PostgreSQL's clock, so a command that Redis executes late cannot lengthen it. Used within cache/.
#pragma once

#include "pg/prelude.hpp"
#include "redis/connection.hpp"

namespace helix::cache {

// Appends the command that writes the lease where everything visible before `complete_until` has been reported; returns
// how long it holds. Refused (REPLID) where Redis's replication id is another one.
TimestampTz append_lease(redis::Connection& connection, const std::string& replication_id, TimestampTz complete_until);

// Whether a lease's text is this server's and still holds.
bool lease_holds(std::string_view text, TimestampTz now);

} // namespace helix::cache
