// Owns: a ticket as a text that travels with a client, from cache_get_with_token() to cache_set(). Used within cache/
// only.
#pragma once

#include "cache/entry.hpp"

namespace helix::cache {

// Never empty: where there is no ticket, it is a text that fills nothing.
std::string ticket_text(const std::optional<Ticket>& ticket);

// Nothing where it fills nothing. Throws Error 22023 where it is no ticket for `key`.
std::optional<Ticket> ticket_from_text(std::string_view text, std::string_view key);

} // namespace helix::cache
