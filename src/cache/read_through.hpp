// Owns: reading a value through the cache: from Redis where it is there and vouched for, else computed and filled, by
// one reader at a time for each key. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

#include "cache/entry.hpp"

namespace helix::cache {

struct Json { // a jsonb, or SQL null
    Datum value = 0;
    bool is_null = true;
};

// Computes the value; may raise PostgreSQL errors.
using Compute = Json (*)(void* argument);

Json read_through(std::string_view key, int ttl_s, Compute compute, void* argument);

// The value in the cache as a jsonb; null where it is not there, is not vouched for, or is stale by this transaction.
Json look_up(std::string_view key);

// Stores a jsonb under a ticket; whether it did.
bool store(std::string_view key, const Ticket& ticket, Origin origin, Datum value, int ttl_s);

// Whether what this transaction reads now may be stored: all of it is committed, and it is not older than it looks.
bool may_fill();

} // namespace helix::cache
