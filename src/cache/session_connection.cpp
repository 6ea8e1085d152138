// Connects a session to Redis when a cache function needs it, and pauses all of them after a failure.
#include "pg/prelude.hpp"

#include "cache/session_connection.hpp"

#include "cache/configured_redis.hpp"
#include "cache/shared.hpp"
#include "config.hpp"
#include "core/error.hpp"

namespace helix::cache {

namespace {

constexpr std::int64_t pause_us = USECS_PER_SEC; // of the circuit breaker
constexpr std::int64_t rest_us = 100'000;        // a function that asks several times waits for one late answer only
constexpr std::uint32_t most_late = 3;           // answers in a row: on a busy machine one or two mean nothing

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
    if (paused_until > started_ || rests_until_ > started_) {
        return nullptr;
    }
    const std::uint64_t number = pg_atomic_read_u64(&memory.connection);
    if (!connection_ || number != number_) {
        number_ = number;
        connection_.reset();
        connection_ = std::make_unique<redis::Connection>(
            redis::parse_url(invalidator_address()), configured_password(),
            redis::in(redis::Milliseconds(config::redis_connect_timeout_ms)), config::redis_ca_file);
    }
    return connection_.get();
}

redis::Deadline SessionConnection::command_deadline() {
    return redis::in(redis::Milliseconds(config::redis_command_timeout_ms));
}

void SessionConnection::worked() {
    auto& memory = shared();
    if (pg_atomic_read_u32(&memory.late_answers) != 0) {
        pg_atomic_write_u32(&memory.late_answers, 0);
    }
    std::uint64_t paused_until = pg_atomic_read_u64(&memory.paused_until);
    const bool is_over = static_cast<TimestampTz>(paused_until) <= started_; // else another call failed meanwhile
    if (paused_until != 0 && is_over && pg_atomic_compare_exchange_u64(&memory.paused_until, &paused_until, 0)) {
        ereport(LOG, (errmsg("helix's cache functions use Redis again")));
    }
}

void SessionConnection::failed(const redis::Failure& failure) {
    connection_.reset();
    auto& memory = shared();
    std::uint32_t late = 0;
    if (failure.is_late) {
        rests_until_ = GetCurrentTimestamp() + rest_us;
        late = pg_atomic_add_fetch_u32(&memory.late_answers, 1);
        if (late < most_late && pg_atomic_read_u64(&memory.paused_until) == 0) {
            return;
        }
    }
    pause(failure, late);
}

// After a pause the first failure pauses again; the log has told of it.
void SessionConnection::pause(const redis::Failure& failure, std::uint32_t late) {
    const TimestampTz now = GetCurrentTimestamp();
    const auto until = static_cast<std::uint64_t>(now + pause_us);
    if (pg_atomic_exchange_u64(&shared().paused_until, until) != 0) {
        return;
    }
    if (late > 0) {
        ereport(LOG, (errmsg("helix's cache functions pause: %u answers of Redis in a row were late", late),
                      errdetail("The last one had not come after %lld ms.",
                                static_cast<long long>((now - started_) / 1000))));
    } else {
        ereport(LOG, (errmsg("helix's cache functions pause: %s", failure.message.c_str()),
                      failure.hint.empty() ? 0 : errhint("%s", failure.hint.c_str())));
    }
}

SessionConnection& session() {
    static SessionConnection own;
    return own;
}

} // namespace helix::cache
