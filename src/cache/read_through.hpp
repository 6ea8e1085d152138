// Owns: reading a value through the cache. It comes from Redis, where something vouches for it there. Else it is
// computed and filled in, by one reader at a time for each key. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

#include "cache/entry.hpp"

namespace helix::cache {

struct Json { // a jsonb, or SQL null
    Datum value = 0;
    bool is_null = true;
};

// What an SQL function returns for it.
inline Datum result_of(FunctionCallInfo fcinfo, const Json& json) {
    fcinfo->isnull = json.is_null;
    return json.value;
}

// Computes the value; may raise PostgreSQL errors.
using Compute = Json (*)(void* argument);

Json read_through(std::string_view key, int ttl_s, Compute compute, void* argument);

// The value in the cache as a jsonb. Null where there is none, where nothing vouches for it, or where this transaction
// has made it stale.
Json look_up(std::string_view key);

// A ticket for a value that is about to be read. None where Redis is away.
std::optional<Ticket> new_ticket(std::string_view key);

// Stores a value and returns true. False where something that the ticket names has changed, where the value is too
// large, and where Redis is away or has no memory.
bool store(std::string_view key, const Ticket& ticket, Origin origin, const Json& json, int ttl_s);

// Whether what this transaction reads now may be stored. It may not on a standby, once the transaction has written, and
// where one snapshot serves all of it.
bool may_fill();

} // namespace helix::cache
