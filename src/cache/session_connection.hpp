// Owns: this process's own connection to Redis, for the cache functions, and the circuit breaker that all processes
// share. It leads to where the invalidator is connected. While the invalidator has no connection, no call is tried.
// Used within cache/.
#pragma once

#include "core/error.hpp"
#include "redis/connection.hpp"

#include <optional>
#include <utility>

namespace helix::cache {

class SessionConnection {
  public:
    // Runs f(connection, deadline) and returns its result. Nothing where Redis is away, or does not answer in time
    // (helix.redis_connect_timeout and helix.redis_command_timeout). After a late answer this session rests for a
    // moment. Several late answers in a row, or one other failure, pause all sessions.
    template <typename F>
    auto call(F f) -> std::optional<decltype(f(std::declval<redis::Connection&>(), redis::Deadline{}))> {
        try {
            if (redis::Connection* connection = ready()) {
                auto result = f(*connection, command_deadline());
                worked();
                return result;
            }
        } catch (const redis::Failure& failure) {
            failed(failure);
        } catch (const Error& error) { // the password cannot be read
            failed(redis::Failure(error.message, error.hint));
        } catch (...) {
            connection_.reset(); // answers may be left in it
            throw;
        }
        return std::nullopt;
    }

  private:
    redis::Connection* ready(); // null: no call may be tried now
    static redis::Deadline command_deadline();
    void worked();
    void failed(const redis::Failure& failure);
    void pause(const redis::Failure& failure, std::uint32_t late);

    std::unique_ptr<redis::Connection> connection_;
    std::int64_t started_ = 0;     // TimestampTz of the current call
    std::int64_t rests_until_ = 0; // TimestampTz
    std::uint64_t number_ = 0;     // of the invalidator's connection that this one follows
};

SessionConnection& session();

} // namespace helix::cache
