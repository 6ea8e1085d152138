// Owns: the keys that cache_get() has missed, each with a ticket of that moment. What cache_set() gets without a token
// is as old as that. This session knows its own misses. Redis keeps the first of all sessions, since a pool may give a
// client another session. Used within cache/ only.
#pragma once

#include "cache/entry.hpp"

namespace helix::cache {

// Without a ticket, nothing that was read then may be stored.
void remember_miss(const std::string& key, const std::optional<Ticket>& ticket);

// The ticket for a value that comes without a token, and forgets the miss. A value that nobody has missed counts as
// read now. Nothing where the value may not be stored.
std::optional<Ticket> ticket_of_miss(const std::string& key);

} // namespace helix::cache
