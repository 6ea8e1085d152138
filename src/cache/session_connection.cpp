// Connects a session to Redis when a cache function needs it, and pauses all of them after a failure.
#include "pg/prelude.hpp"

#include "cache/session_connection.hpp"

#include "cache/shared.hpp"
#include "config.hpp"
#include "core/error.hpp"

namespace helix::cache {

namespace {

constexpr std::int64_t pause_us = USECS_PER_SEC; // of the circuit breaker

// Where the invalidator is connected.
std::string invalidator_address() {
    auto& memory = shared();
    char address[sizeof(memory.address)];
    LWLockAcquire(memory.lock, LW_SHARED);
    strlcpy(address, memory.address, sizeof(address));
    LWLockRelease(memory.lock);
    return address;
}

} // namespace

redis::Connection* SessionConnection::ready() {
    auto& memory = shared();
    if (pg_atomic_read_u32(&memory.state) != static_cast<std::uint32_t>(State::up)) {
        connection_.reset();
        return nullptr;
    }
    const auto paused_until = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.paused_until));
    started_ = GetCurrentTimestamp();
    if (paused_until > started_) {
        return nullptr;
    }
    const std::uint64_t number = pg_atomic_read_u64(&memory.connection);
    if (!connection_ || number != number_) {
        number_ = number;
        connection_.reset();
        connection_ = std::make_unique<redis::Connection>(
            redis::parse_url(invalidator_address()), read_secret(config::redis_password_ref),
            redis::in(redis::Milliseconds(config::redis_connect_timeout_ms)));
    }
    return connection_.get();
}

redis::Deadline SessionConnection::command_deadline() {
    return redis::in(redis::Milliseconds(config::redis_command_timeout_ms));
}

void SessionConnection::worked() {
    auto& memory = shared();
    std::uint64_t paused_until = pg_atomic_read_u64(&memory.paused_until);
    const bool is_over = static_cast<TimestampTz>(paused_until) <= started_; // else another call failed meanwhile
    if (paused_until != 0 && is_over && pg_atomic_compare_exchange_u64(&memory.paused_until, &paused_until, 0)) {
        ereport(LOG, (errmsg("helix's cache functions use Redis again")));
    }
}

void SessionConnection::failed(const redis::Failure& failure) {
    connection_.reset();
    const auto until = static_cast<std::uint64_t>(GetCurrentTimestamp() + pause_us);
    if (pg_atomic_exchange_u64(&shared().paused_until, until) == 0) {
        ereport(LOG, (errmsg("helix's cache functions pause: %s", failure.message.c_str()),
                      failure.hint.empty() ? 0 : errhint("%s", failure.hint.c_str())));
    }
}

SessionConnection& session() {
    static SessionConnection own;
    return own;
}

} // namespace helix::cache
