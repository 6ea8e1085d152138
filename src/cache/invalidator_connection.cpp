// The rounds of the invalidator: connects, removes what commits have made stale, and keeps the cache lease.
#include "pg/prelude.hpp"

#include "cache/invalidator_connection.hpp"

#include "cache/cache_lease.hpp"
#include "cache/configured_redis.hpp"
#include "cache/fresh_token.hpp"
#include "cache/invalidator_status.hpp"
#include "config.hpp"
#include "core/cache/cache_key.hpp"
#include "core/error.hpp"

#include <climits>

extern "C" {
#include "access/xlog.h"
}

namespace helix::cache {

namespace {

constexpr redis::Milliseconds patience{1000}; // for one round; nobody waits for the invalidator

// The answers to append_upkeep().
struct Upkeep {
    enum : std::size_t { cache_lease, epoch, count };
};

KeyMatcher owned_keys() {
    KeyMatcher matcher;
    for (const auto& pattern : config::list_of(config::cache_keys)) {
        matcher.add_pattern(pattern);
    }
    return matcher;
}

struct Connected {
    std::unique_ptr<redis::Connection> connection;
    redis::Address address;
};

// A host may have addresses at which Redis does not listen.
Connected connect_to_any(const std::vector<redis::Address>& addresses, redis::Deadline deadline) {
    const auto password = configured_password();
    for (std::size_t i = 0;; ++i) {
        try {
            return {std::make_unique<redis::Connection>(addresses.at(i), password, deadline, config::redis_ca_file),
                    addresses[i]};
        } catch (const redis::Failure&) {
            if (i + 1 >= addresses.size()) {
                throw;
            }
        }
    }
}

} // namespace

InvalidatorConnection::InvalidatorConnection()
    : passive_(RecoveryInProgress()), sweep_(known_), removal_(sweep_, fresh_token),
      backoff_(redis::Milliseconds(100), redis::Milliseconds(2000)) {
    inbox_.take_over();
}

void InvalidatorConnection::configure() {
    sweep_.set_owned(owned_keys());
    known_.set_patterns(config::list_of(config::cache_keys));
    upkeep_at_ = {}; // the cache lease may have become shorter
    const bool elsewhere = url_ != config::redis_url || password_reference_ != config::redis_password_ref ||
                           ca_file_ != config::redis_ca_file;
    url_ = config::redis_url;
    password_reference_ = config::redis_password_ref;
    ca_file_ = config::redis_ca_file;
    if (!elsewhere) {
        return;
    }
    const bool enabled = redis_is_configured();
    if (enabled && pg_atomic_read_u32(&shared().enabled) == 0) {
        pg_atomic_write_u64(&shared().enabled_since, static_cast<std::uint64_t>(GetCurrentTimestamp()));
    }
    // Before the first epoch: a transaction that has seen the cache switched off becomes visible before that epoch.
    pg_atomic_exchange_u32(&shared().enabled, enabled ? 1 : 0);
    connection_.reset();
    announced_ = told_full_ = told_foreign_ = told_unknown_ = false;
    forget_what_is_open();
    backoff_.reset();
    connect_at_ = {};
    told_down_ = false;
    publish_state(enabled ? State::connecting : State::off);
}

// The epoch of the next connection makes all of it stale.
void InvalidatorConnection::forget_what_is_open() {
    removal_.clear();
    sweep_.clear();
    known_.forget();
    found_.clear();
}

void InvalidatorConnection::publish_state(State state) {
    pg_atomic_write_u32(&shared().state, static_cast<std::uint32_t>(state));
}

void InvalidatorConnection::connect() {
    const auto deadline = redis::in(patience);
    const auto named = configured_address();
    auto [connection, address] = connect_to_any(redis::resolved(named), deadline);
    const auto info = connection->call({"INFO", "replication"}, deadline);
    if (!passive_ && redis::info_field(info, "role") == "slave") {
        throw redis::Failure("the Redis server is a replica", "Let helix.redis_url name the primary.");
    }
    replication_id_ = redis::info_field(info, "master_replid");
    connection_ = std::move(connection);
    address_ = address.text();
    named_address_ = named.text();
    removal_.everything(); // the first thing that goes out is a new epoch
    upkeep_at_ = {};
}

// Called after the first round: a Redis may answer and yet refuse to write.
void InvalidatorConnection::announce() {
    announce_connection(address_);
    publish_state(State::up);
    ereport(LOG, (errmsg("helix reached Redis at %s", named_address_.c_str())));
    announced_ = true;
    told_down_ = false;
    backoff_.reset();
}

// The log gets one line for the change of state, not one for each try.
void InvalidatorConnection::disconnect(const redis::Failure& failure) {
    connection_.reset();
    announced_ = told_full_ = told_foreign_ = told_unknown_ = false;
    forget_what_is_open();
    connect_at_ = redis::in(backoff_.next());
    announce_failure(failure.message);
    publish_state(State::down);
    if (!told_down_) {
        ereport(LOG, (errmsg("helix has no Redis: %s", failure.message.c_str()),
                      failure.hint.empty() ? 0 : errhint("%s", failure.hint.c_str())));
        told_down_ = true;
    }
}

// A standby's readers need to know where Redis is. All else is done by its primary, until it is promoted.
void InvalidatorConnection::look_for_promotion() {
    if (passive_ && !RecoveryInProgress()) {
        passive_ = false;
        connection_.reset();
        known_.forget();
        announced_ = false;
        connect_at_ = {};
    }
}

// Opens a second connection, on which Redis tells of the keys.
void InvalidatorConnection::follow_keys() {
    const auto deadline = redis::in(patience);
    std::unique_ptr<redis::Connection> subscriber;
    try {
        subscriber = std::make_unique<redis::Connection>(redis::parse_url(address_), configured_password(), deadline,
                                                         config::redis_ca_file);
    } catch (const redis::Failure& failure) {
        return known_.lose(failure.message);
    }
    known_.follow(*connection_, std::move(subscriber), deadline);
}

// The log gets one line for each change. While the keys are learned for the first time there is nothing to tell.
void InvalidatorConnection::tell_what_is_known() {
    if (!known_.trouble().empty() && !told_unknown_) {
        ereport(LOG, (errmsg("helix has no index of the keys in Redis: %s", known_.trouble().c_str()),
                      errdetail("Keys that only a pattern names are looked for by SCAN meanwhile.")));
        told_unknown_ = true;
    } else if (known_.complete() && told_unknown_) {
        ereport(LOG, (errmsg("helix has an index of the keys in Redis: %zu", known_.index().size())));
        told_unknown_ = false;
    }
}

std::size_t InvalidatorConnection::work() {
    look_for_promotion();
    const std::size_t moved = inbox_.collect(removal_);
    if (!redis_is_configured()) {
        removal_.clear();
        return moved;
    }
    try {
        if (!connection_) {
            if (redis::ms_until(connect_at_) > 0) {
                removal_.clear();
                return moved;
            }
            connect();
            inbox_.collect(removal_); // connecting may have taken its time
        }
        exchange(moved > 0);
    } catch (const redis::Failure& failure) {
        disconnect(failure);
    } catch (const Error& error) {
        disconnect(redis::Failure(error.message + ": " + error.detail, error.hint));
    }
    return moved;
}

// Sends what this round has, and takes the answers.
void InvalidatorConnection::exchange(bool moved) {
    if (passive_) {
        removal_.clear();
    } else if (known_.wants_to_follow()) {
        follow_keys();
    }
    known_.listen();
    pg_atomic_write_u64(&shared().oldest_unsent, static_cast<std::uint64_t>(moved ? inbox_.oldest() : 0));
    const bool sets_epoch = removal_.sets_epoch();
    const Tail tail = append_round();
    const bool sends = connection_->waiting() > 0; // a repetition may be of patterns alone
    if (sends) {
        check(connection_->exchange(redis::in(patience)), tail);
    }
    look_up();
    if (sends) {
        report_round(sets_epoch);
    }
}

// Answers come in the order of the commands: removals, keys that the last round has found, checks of known keys,
// upkeep, the sweep's next step. The known keys may add a command when they are lost, so they come before those that
// are counted from the end.
InvalidatorConnection::Tail InvalidatorConnection::append_round() {
    removal_.append(*connection_, redis::Milliseconds(config::cache_repeat_delay_ms));
    if (sweep_.has_lookups()) {           // the removals have just brought them
        known_.mark(redis::in(patience)); // its answer comes with theirs, so that waiting for it costs no second round
    }
    redis::append_unlink(*connection_, std::exchange(found_, {}));
    Tail tail;
    tail.checks = known_.append_checks(*connection_);
    if (redis::ms_until(upkeep_at_) == 0) {
        const std::size_t before = connection_->waiting();
        append_upkeep();
        tail.upkeep = connection_->waiting() - before;
    }
    if (const auto due = sweep_.due(); due && redis::ms_until(*due) == 0) {
        sweep_.append_step(*connection_);
        tail.step = 1;
    }
    return tail;
}

// What cache_stats() and the log tell of a round that Redis has answered.
void InvalidatorConnection::report_round(bool sets_epoch) {
    auto& memory = shared();
    if (!announced_) {
        announce();
    }
    tell_what_is_known();
    pg_atomic_write_u64(&memory.oldest_unsent, 0);
    count(memory.invalidations, static_cast<std::int64_t>(removal_.sent()));
    count(memory.epochs, sets_epoch ? 1 : 0);
}

// Writes the cache lease, after everything that it vouches for, and asks for what others may have changed.
void InvalidatorConnection::append_upkeep() {
    upkeep_at_ = redis::in(redis::Milliseconds(config::cache_lease_ms / 4));
    if (passive_) {
        connection_->append({"PING"});
        return;
    }
    cache_lease_until_ = append_cache_lease(*connection_, replication_id_, inbox_.complete_until());
    connection_->append({"GET", cache_key::epoch});
}

void InvalidatorConnection::check(const std::vector<redis::Reply>& replies, const Tail& tail) {
    bool full = false;
    for (const auto& reply : replies) {
        if (reply.is_error() && !reply.is_out_of_memory()) {
            throw redis::failure_from(reply);
        }
        full = full || reply.is_out_of_memory();
    }
    report_memory(full, tail.upkeep > 0);
    const auto* upkeep = replies.data() + replies.size() - tail.upkeep - tail.step;
    known_.take_checks({upkeep - tail.checks, tail.checks});
    if (tail.upkeep == Upkeep::count) {
        check_upkeep(upkeep[Upkeep::cache_lease], upkeep[Upkeep::epoch]);
    }
    if (tail.step > 0) {
        found_ = sweep_.take(replies.back());
    }
}

// Only writing the epoch and the cache lease takes memory. So a round without them does not tell that there is some
// again.
void InvalidatorConnection::report_memory(bool full, bool wrote_upkeep) {
    if (full && !told_full_) {
        ereport(LOG, (errmsg("Redis has no memory left: helix goes on removing keys and reads past the cache"),
                      errhint("Raise maxmemory or set maxmemory-policy to allkeys-lru.")));
    }
    told_full_ = full || (told_full_ && !wrote_upkeep);
}

// Looks in the known keys for what this round has brought, after the exact keys are gone. By the mark, Redis has told
// of every key whose setting it had answered when the round began. So every key is known that a client has set from
// what was current before the commit, but for a slow client's. For such a client there is the repetition.
void InvalidatorConnection::look_up() {
    if (!sweep_.has_lookups()) {
        return;
    }
    known_.catch_up(redis::in(patience));
    auto keys = sweep_.look_up();
    found_.insert(found_.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
}

void InvalidatorConnection::check_upkeep(const redis::Reply& cache_lease, const redis::Reply& epoch) {
    const TimestampTz until = cache_lease.is_error() ? 0 : cache_lease_until_;
    pg_atomic_write_u64(&shared().cache_lease_until, static_cast<std::uint64_t>(until));
    if (epoch.text != removal_.epoch()) { // evicted, flushed, another server's, or the database was swapped
        removal_.renew_epoch();
        known_.relearn();
        if (epoch.is_text() && !told_foreign_) {
            ereport(WARNING, (errmsg("another server's helix uses the same Redis database"),
                              errhint("Give each server a database of its own in helix.redis_url.")));
            told_foreign_ = true;
        }
    }
}

long InvalidatorConnection::ms_until_due() const {
    if (!redis_is_configured()) {
        return LONG_MAX; // a reload wakes
    }
    if (!connection_) {
        return redis::ms_until(connect_at_);
    }
    if (!removal_.empty() || !found_.empty() || inbox_.has_more()) {
        return 0;
    }
    auto due = upkeep_at_;
    const auto known = passive_ ? std::nullopt : known_.due();
    for (const auto& time : {sweep_.due(), removal_.repeat_due(), known}) {
        due = std::min(due, time.value_or(due));
    }
    return redis::ms_until(due);
}

bool InvalidatorConnection::has_news() const {
    auto& memory = shared();
    return inbox_.has_undecided() || !memory.ring().empty() || pg_atomic_read_u32(&memory.everything) != 0;
}

} // namespace helix::cache
