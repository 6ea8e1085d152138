// Owns: an index of the keys that Redis holds under the prefixes of helix.cache_keys. Redis itself keeps it current: it
// tells a subscription of every such key that is set, changed, removed or expires, whoever does it. See «broadcasting
// mode» in https://redis.io/docs/latest/develop/reference/client-side-caching/. Once the index is complete it misses no
// key; it may hold some that are gone. Used by the invalidator only.
#pragma once

#include "core/backoff.hpp"
#include "core/cache/key_index.hpp"
#include "redis/connection.hpp"

#include <span>

namespace helix::redis {

class KnownKeys {
  public:
    static constexpr std::size_t most_memory = std::size_t{256} << 20; // beyond, there is no index

    explicit KnownKeys(std::size_t most_bytes = most_memory);

    // The patterns of helix.cache_keys.
    void set_patterns(const std::vector<std::string>& patterns);

    // Whether follow() is to be called.
    bool wants_to_follow() const;
    // Has Redis tell of the keys from now on. `commands` is the connection that removes keys; Redis does not tell of
    // these. It must live until forget(). `subscriber` leads to the same server. Throws Failure where `commands` has
    // failed.
    void follow(Connection& commands, std::unique_ptr<Connection> subscriber, Deadline deadline);
    // Gives the index up for the time being; trouble() says `why`.
    void lose(const std::string& why);
    // Forgets the connections, which are gone, and all keys.
    void forget();
    // Learns all keys anew: some may have come or gone without a message.
    void relearn();

    // Takes the messages that have arrived, without waiting. Redis may hold more.
    void listen();
    // Has Redis mark how far it has told; catch_up() then waits for the mark. To be called as early as possible, so
    // that the mark travels while other commands do.
    void mark(Deadline deadline);
    // Waits for the last mark(), or makes one itself. Then Redis has told of every key whose setting it had answered
    // before the mark.
    void catch_up(Deadline deadline);
    // When the next of listen(), follow() or append_checks() is due.
    std::optional<Deadline> due() const;

    // The keys that were there before follow() come from a pass over all of Redis that begins after it.
    bool wants_pass() const { return stage_ == Stage::following; }
    void pass_begins();
    void learn(std::string_view key);
    void pass_ends();
    bool complete() const { return stage_ == Stage::complete; }

    // Keys that are removed, or found to be gone.
    void remove(std::string_view key) { index_.remove(key); }
    // Asks Redis whether some of the keys are still there; take_checks() reads the answers. In between, listen() must
    // not be called: a key that was set since would be forgotten. Returns the number of commands.
    std::size_t append_checks(Connection& connection);
    void take_checks(std::span<const Reply> answers);

    // Whether every key that begins with `literal` is in the index once it is complete.
    bool covers(std::string_view literal) const;
    const std::vector<std::string>& prefixes() const { return prefixes_; }
    KeyIndex& index() { return index_; }

    // Why there is no index although there should be one; empty where all is well.
    const std::string& trouble() const { return trouble_; }

  private:
    enum class Stage { off, following, learning, complete };

    void add(std::string_view key);
    void take(const Reply& message);
    void apply(const Reply& message);
    void lose(const std::string& why, Milliseconds pause);
    template <typename F>
    void unless_lost(F f);

    std::vector<std::string> prefixes_;
    KeyIndex index_;
    Stage stage_ = Stage::off;
    Connection* commands_ = nullptr;
    std::unique_ptr<Connection> subscriber_;
    Backoff backoff_;
    std::size_t marks_ = 0; // that Redis has not yet answered
    Deadline follow_at_{};
    Deadline listen_at_;
    Deadline check_at_{};
    std::vector<std::string> checked_;
    std::string trouble_;
};

} // namespace helix::redis
