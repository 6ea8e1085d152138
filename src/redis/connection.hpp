// Owns: one connection to Redis, with a deadline on everything. hiredis parses and formats. It knows nothing of
// PostgreSQL, and never blocks longer than it is told. Used by cache/.
#pragma once

#include "core/secrets/secret.hpp"
#include "redis/redis_url.hpp"
#include "redis/reply.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

struct redisContext;

namespace helix::redis {

using Milliseconds = std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline in(Milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

// Milliseconds until `time`, rounded up; 0 where it has passed.
inline std::int64_t ms_until(Deadline time) {
    const auto left = std::chrono::ceil<Milliseconds>(time - std::chrono::steady_clock::now()).count();
    return std::max<std::int64_t>(0, left);
}

// The addresses of the host, so that connecting needs no name server. May block as long as the resolver does. Throws
// Failure.
std::vector<Address> resolved(const Address& address);

class Connection {
  public:
    // Connects, authenticates and selects the database. `address` holds a numeric host or a socket. Throws Failure.
    Connection(const Address& address, const Secret& password, Deadline deadline);

    // Adds a command to those that the next exchange() sends.
    void append(const std::vector<std::string_view>& words);

    // Sends the appended commands and returns an answer for each, errors among them. Throws Failure where that fails;
    // the connection is of no use then.
    std::vector<Reply> exchange(Deadline deadline);

    // The two halves of exchange(), for a subscription: there Redis also speaks unasked.
    void send(Deadline deadline);
    Reply receive(Deadline deadline);

    // The next reply that has come by now; never waits. Throws Failure where the connection has ended.
    std::optional<Reply> arrived();

    // One command whose answer must not be an error.
    Reply call(const std::vector<std::string_view>& words, Deadline deadline);

    // Commands appended and not yet sent.
    std::size_t waiting() const { return waiting_; }

  private:
    struct Close {
        void operator()(redisContext* context) const;
    };

    void wait_until_connected(Deadline deadline);
    void authenticate(const std::string& user, const Secret& password, Deadline deadline);
    void wait_for(short events, Deadline deadline);
    std::optional<Reply> complete_reply();
    void read_some();

    std::unique_ptr<redisContext, Close> context_;
    std::size_t waiting_ = 0;
};

} // namespace helix::redis
