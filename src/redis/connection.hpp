// Owns: one connection to Redis, with a deadline on everything. hiredis parses the answers. It knows nothing of
// PostgreSQL, and never blocks longer than it is told. Used by cache/.
#pragma once

#include "core/secrets/secret.hpp"
#include "redis/deadline.hpp"
#include "redis/redis_url.hpp"
#include "redis/reply.hpp"
#include "redis/stream.hpp"

#include <memory>
#include <optional>
#include <string_view>

struct redisReader;

namespace helix::redis {

// The addresses of the host, so that connecting needs no name server. With TLS they keep its name. May block as long as
// the resolver does. Throws Failure.
std::vector<Address> resolved(const Address& address);

class Connection {
  public:
    // Connects, authenticates and selects the database. `address` holds a numeric host or a socket. `ca_file` is for
    // TLS (stream.hpp). Throws Failure.
    Connection(const Address& address, const Secret& password, Deadline deadline, const std::string& ca_file = {});

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
    struct FreeReader {
        void operator()(redisReader* reader) const;
    };

    void authenticate(const std::string& user, const Secret& password, Deadline deadline);
    std::optional<Reply> complete_reply();
    void feed(std::string_view bytes);

    Stream stream_;
    std::unique_ptr<redisReader, FreeReader> reader_;
    std::string commands_; // appended and not yet sent
    std::size_t waiting_ = 0;
};

} // namespace helix::redis
