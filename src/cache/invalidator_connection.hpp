// Owns: the invalidator's connection to Redis, from the first try to the loss of it. Over it go epochs, removals of
// keys and the cache lease. The log and cache_stats() tell how it is. Used by the invalidator only.
#pragma once

#include "cache/inbox.hpp"
#include "core/backoff.hpp"
#include "redis/key_removal.hpp"

namespace helix::cache {

class InvalidatorConnection {
  public:
    InvalidatorConnection();

    // Reads the settings; connects anew where they lead elsewhere.
    void configure();

    // One round: takes what was committed and, where Redis is there, removes the keys. Returns how many commits there
    // were.
    std::size_t work();

    // What the last round has taken out of the ring, each commit once.
    const Inbox::Taken& taken() const { return inbox_.taken(); }

    // Time until the next round is due even if nothing is committed.
    long ms_until_due() const;
    // Whether there is something to take, or a commit that may end at any moment.
    bool has_news() const;
    bool is_connected() const { return connection_ != nullptr; }

  private:
    // How many of a round's last commands are for what, in this order.
    struct Tail {
        std::size_t checks = 0; // of known keys
        std::size_t upkeep = 0;
        std::size_t step = 0; // of the sweep
    };

    void look_for_promotion();
    void connect();
    void forget_what_is_open();
    void announce();
    void disconnect(const redis::Failure& failure);
    void follow_keys();
    void tell_what_is_known();
    void exchange(bool moved);
    Tail append_round();
    void append_upkeep();
    void check(const std::vector<redis::Reply>& replies, const Tail& tail);
    void report_memory(bool full, bool wrote_upkeep);
    void report_round(bool sets_epoch);
    void look_up();
    void check_upkeep(const redis::Reply& cache_lease, const redis::Reply& epoch);
    void publish_state(State state);

    bool passive_; // on a standby: it only keeps the connection
    Inbox inbox_;
    redis::KnownKeys known_;
    redis::Sweep sweep_;
    redis::KeyRemoval removal_;
    std::string url_;
    std::string password_reference_;
    std::string ca_file_;
    std::unique_ptr<redis::Connection> connection_;
    std::vector<std::string> found_; // by the sweep in the last round
    std::string replication_id_;
    Backoff backoff_;
    redis::Deadline connect_at_{};
    redis::Deadline upkeep_at_{};
    std::string address_;       // of the connection, as a url
    std::string named_address_; // the same with the host's name
    TimestampTz cache_lease_until_ = 0;
    bool announced_ = false;
    bool told_down_ = false;
    bool told_full_ = false;
    bool told_foreign_ = false;
    bool told_unknown_ = false;
};

} // namespace helix::cache
