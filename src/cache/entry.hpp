// Owns: a cached value in Redis, with the tag that proves it. Here is the reader's side of the protocol that test/model
// checks: reading a value, the ticket that a fill needs, the fill. Used within cache/ only.
#pragma once

#include "redis/connection.hpp"

#include <optional>

namespace helix::cache {

// The epoch and the key's tokens, as they were before the database was read. Once any of them has changed, a fill is
// refused.
using Ticket = std::vector<std::string>;

// How many parts a ticket for `key` has.
std::size_t ticket_size(std::string_view key);

// How a value came to be. A value that cache_set() was given is as old as its caller says; reads through the cache
// compute their own. What was computed may be null: Redis then has a JSON null.
enum class Origin : char { computed = 'c', computed_null = 'n', given = 'g' };

// Larger values are not stored: they would hold up the answers to everybody else.
constexpr std::size_t largest_value = std::size_t{1024} * 1024;

struct Entry {
    std::string text;
    Origin origin;
};

// The value under `key` where cache lease and tag vouch for it; a given one only where `given_too`.
std::optional<Entry> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                redis::Deadline deadline);

// A ticket for `key`; tokens that are missing are made. None while there is no epoch.
std::optional<Ticket> take_ticket(redis::Connection& connection, std::string_view key, redis::Deadline deadline);

// The miss of a key that readers without a token of their own share: the first of the last ten minutes stays. `text`
// is its ticket's (ticket_text.hpp).
void note_miss(redis::Connection& connection, std::string_view key, std::string_view text, redis::Deadline deadline);

// Returns its text and forgets it.
std::optional<std::string> take_noted_miss(redis::Connection& connection, std::string_view key,
                                           redis::Deadline deadline);

// What a reader should do that has missed a key: compute it for all, wait for the one who does, or compute it without
// waiting.
enum class Role { filler, waits, alone };

struct Turn {
    std::optional<Ticket> ticket; // none while there is no epoch
    Role role = Role::alone;
};

// The name of the key's fill lock, as it is now.
std::string fill_lock_of(std::string_view key);

// The same as take_ticket(), and tries to become the key's filler: the fill lock is then `token` for `lock_ms`.
Turn take_turn(redis::Connection& connection, std::string_view key, std::string_view lock, std::string_view token,
               redis::Milliseconds lock_ms, redis::Deadline deadline);

// What follows when a filler gives the lock back: the next reader becomes the filler, or nobody waits for a while.
enum class Release { next_fills, nobody_waits };

// Gives the fill lock back where it is still `token`.
void release_fill_lock(redis::Connection& connection, std::string_view lock, std::string_view token, Release release,
                       redis::Deadline deadline);

// Stores `value` for `ttl_s` and returns true. False where something that the ticket names has changed, or where Redis
// has no memory.
bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline);

} // namespace helix::cache
