// Owns: a cached value in Redis, with the tag that proves it. Here is the reader's side of the protocol that test/model
// checks: reading a value, the ticket that a fill needs, the fill. Used within cache/ only.
#pragma once

#include "redis/connection.hpp"

#include <optional>

namespace helix::cache {

// The epoch and the key's tokens, as they were before the database was read. Once any of them has changed, a fill is
// refused.
using Ticket = std::vector<std::string>;

// How a value came to be. A value that cache_set() was given is as old as its caller says; reads through the cache
// compute their own.
enum class Origin : char { computed = 'c', given = 'g' };

// Larger values are not stored: they would hold up the answers to everybody else.
constexpr std::size_t largest_value = std::size_t{1024} * 1024;

// The value under `key` where cache lease and tag vouch for it; a given one only where `given_too`.
std::optional<std::string> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                      redis::Deadline deadline);

struct Turn {
    std::optional<Ticket> ticket; // none while there is no epoch
    bool is_filler = false;       // the caller is the one that should compute the value
};

// A ticket for `key`; tokens that are missing are made. The caller is the filler where no other reader has become that
// within the last `fill_ms`.
Turn take_turn(redis::Connection& connection, std::string_view key, redis::Milliseconds fill_ms,
               redis::Deadline deadline);

// Stores `value` for `ttl_s` and returns true. False where something that the ticket names has changed, or where Redis
// has no memory.
bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline);

} // namespace helix::cache
