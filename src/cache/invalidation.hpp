// Owns: how other features say what a transaction makes stale in the cache. It is removed when the transaction commits.
// Offered to every feature. For tables whose rows are cached a trigger does it: helix.invalidate_on_change().
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace helix::cache {

// An execution of `operation` was recorded for `user`, so that their sums change. May throw std::bad_alloc.
void invalidate_recorded(const std::array<std::uint8_t, 16>& user, std::string_view operation);

// Anything may have changed.
void invalidate_everything();

} // namespace helix::cache
