// Owns: what the current transaction has made stale so far. Used within cache/ only; other features use
// cache/invalidation.hpp.
#pragma once

#include "core/cache/invalidations.hpp"

namespace helix::cache {

// While Redis is off it only remembers that there was something, as "everything".
class Pending {
  public:
    static constexpr std::size_t most_bytes = std::size_t{64} * 1024;

    void add_key(std::string_view key);
    void add_pattern(std::string_view pattern);
    void add_sums(const UuidBytes& user, std::string_view operation);
    void add_user(const UuidBytes& user);
    void add_everything() { set_.add_everything(); }

    bool covers(std::string_view key) const { return !set_.empty() && set_.covers(key); }
    const Invalidations& set() const { return set_; }
    void clear() noexcept { set_.clear(); }

  private:
    bool collects(); // false: Redis is off, and the set has become "everything"

    Invalidations set_{most_bytes};
};

Pending& pending();

} // namespace helix::cache
