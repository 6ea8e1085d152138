// Owns: a cached value in Redis with the tag that proves it: reading it, the ticket that a fill needs, the fill. The
// reader's side of the protocol that test/model checks. Used within cache/ only.
#pragma once

#include "redis/connection.hpp"

#include <optional>

namespace helix::cache {

// What was current before the database was read, the epoch and the key's tokens: a fill is refused once any of it has
// changed.
using Ticket = std::vector<std::string>;

// How a value came to be. What cache_set() was given is as old as its caller says; reads through the cache compute
// their own.
enum class Origin : char { computed = 'c', given = 'g' };

// Larger values are not stored: one would hold up everybody else's answers.
constexpr std::size_t largest_value = 1024 * 1024;

// The value under `key` where lease and tag vouch for it; a given one only where `given_too`.
std::optional<std::string> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                      redis::Deadline deadline);

// A ticket for `key`; tokens that are missing are made. `filler` says whether the caller is the one who should compute
// the value: nobody else has become that for it in the last `fill_ms`. No ticket while there is no epoch.
struct Turn {
    std::optional<Ticket> ticket;
    bool filler = false;
};
Turn take_turn(redis::Connection& connection, std::string_view key, redis::Milliseconds fill_ms,
               redis::Deadline deadline);

// Stores `value` for `ttl_s` unless something that the ticket names has changed; whether it did.
bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline);

} // namespace helix::cache
