// Owns: recordings that arrive at the same moment. They go to the server as one call in one transaction, and each is
// answered for itself. rpc.cpp hands them over.
#pragma once

#include "edge/callers.hpp"
#include "edge/rpc_call.hpp"

#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace helix::edge {

class Recordings {
  public:
    explicit Recordings(Database& database) : database_(database) {}

    // Whether a call may go together with others. Its body may be anything: the server says which it takes.
    static bool takes(const Caller& caller, const Request& request, std::string_view function);

    // The answer; nothing where the call has to be made by itself. Throws Unavailable.
    asio::awaitable<std::optional<Response>> answer(std::shared_ptr<const Caller> caller, const Request& request);

    static constexpr std::size_t most_together = 500;

  private:
    struct Waiting {
        std::shared_ptr<const Caller> caller;
        std::string_view body;
        asio::steady_timer answered;
        std::optional<Response> response;
        bool is_lost = false; // with the connection: nobody knows whether it is recorded
    };

    asio::awaitable<void> send();
    asio::awaitable<void> record(std::span<Waiting* const> together);

    Database& database_;
    std::vector<Waiting*> waiting_;
    int sending_ = 0;
    Clock::time_point refused_until_; // by a server that has no such function, or does not grant it
};

} // namespace helix::edge
