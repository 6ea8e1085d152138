// Owns: removing the keys that only a pattern, a user or "everything" names: one SCAN pass over Redis for all of them
// together, step by step, so that exact keys never wait for it. Used by the invalidator only.
#pragma once

#include "core/key_matcher.hpp"
#include "redis/connection.hpp"

#include <optional>
#include <utility>

namespace helix::cache {

class Sweep {
  public:
    // `owned` are the patterns of helix.cache_keys: what "everything" means.
    void set_owned(KeyMatcher owned) { owned_ = std::move(owned); }

    // Wanted from the next pass on: one that runs already may be past the key.
    void add_pattern(std::string_view pattern);
    void add_user(std::string_view user) { next_.matcher.add_user(user); }
    void add_owned_by(std::string_view user) { next_.owned.add_user(user); }
    void add_everything() { next_.everything = true; }
    void clear();

    // When the next step is due; none where there is nothing to do. Passes pause, so that Redis spends at most a
    // twentieth of its time on them.
    std::optional<redis::Deadline> due() const;

    // Appends the step's command; its answer belongs to take(), which returns the keys to be removed.
    void append_step(redis::Connection& connection);
    std::vector<std::string> take(const redis::Reply& reply);

  private:
    struct Pass {
        KeyMatcher matcher;
        KeyMatcher owned; // of helix's own keys alone
        bool everything = false;
        bool empty() const { return !everything && matcher.empty() && owned.empty(); }
    };

    void match(const std::string& key, std::vector<std::string>& found) const;

    KeyMatcher owned_;
    Pass current_;
    Pass next_;
    std::string cursor_; // empty: no pass runs
    redis::Deadline started_;
    redis::Deadline not_before_{};
};

} // namespace helix::cache
