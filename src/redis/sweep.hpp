// Owns: finding the keys that only a pattern, a user or "everything" names. Known keys are found at once. For what they
// leave open there is one SCAN pass over Redis, for all of it together. It goes step by step, so that exact keys never
// wait for it. Used by the invalidator only.
#pragma once

#include "core/cache/key_matcher.hpp"
#include "redis/connection.hpp"
#include "redis/known_keys.hpp"

#include <optional>
#include <utility>

namespace helix::redis {

class Sweep {
  public:
    Sweep() = default; // knows no keys
    explicit Sweep(KnownKeys& known) : known_(&known) {}

    // `owned` matches the patterns of helix.cache_keys: the keys that "everything" means.
    void set_owned(KeyMatcher owned) { owned_ = std::move(owned); }

    // All of them wait for the next pass: one that runs may be past a key already.
    void add_pattern(std::string_view pattern);
    void add_user(std::string_view user); // the keys with this user's id that helix owns
    void add_everything() { next_.everything = true; }
    void clear();

    // Whether look_up() has something to look for.
    bool has_lookups() const { return !lookups_.empty(); }
    // Returns the known keys that are to be removed, with their tags. What they leave open waits for the next pass.
    std::vector<std::string> look_up();

    // A key that is being removed.
    void forget(std::string_view key);

    // When the next step is due; none where there is nothing to do. Between passes there is a pause, so that Redis
    // spends at most a twentieth of its time on them.
    std::optional<Deadline> due() const;

    // Appends the step's command; its answer belongs to take(), which returns the keys to be removed.
    void append_step(Connection& connection);
    std::vector<std::string> take(const Reply& reply);

  private:
    struct Pass {
        KeyMatcher matcher;
        KeyMatcher users;
        bool everything = false;
        bool empty() const { return !everything && matcher.empty() && users.empty(); }
    };

    struct Lookup {
        enum class Kind { prefix, pattern, user } kind; // most patterns are a prefix and a star
        std::string name;
    };

    bool knows_keys() const { return known_ != nullptr && known_->complete(); }
    template <typename F>
    bool take_known(const std::string& prefix, F matches, std::size_t& looks, std::vector<std::string>& found);
    void take_known_of_user(std::string_view user, std::size_t& looks, std::vector<std::string>& found);
    void sweep_for_pattern(std::string_view pattern);
    void match(const std::string& key, std::vector<std::string>& found) const;
    void end_pass();

    KeyMatcher owned_;
    KnownKeys* known_ = nullptr;
    std::vector<Lookup> lookups_;
    Pass current_;
    Pass next_;
    std::string cursor_; // empty: no pass runs
    Deadline started_;
    Deadline not_before_{};
};

} // namespace helix::redis
