// Owns: the answer to a whole request, whatever its route. session.cpp asks it.
#pragma once

#include "edge/cors.hpp"
#include "edge/pages.hpp"
#include "edge/refusal.hpp"
#include "edge/route.hpp"
#include "edge/rpc.hpp"
#include "edge/webhook.hpp"

namespace helix::edge {

class Service {
  public:
    Service(Database& database, const Options& options);

    Route route(const Request& request) const { return route_of(request.path, pages_.are_there()); }

    // Never throws what a caller or the database does wrong: that is an answer too.
    asio::awaitable<Response> answer(const Request& request, const Route& route);

    // The answer of a refused request, in the form of its route.
    static Response refused(const Refusal& refusal, const Route& route);

  private:
    asio::awaitable<Response> answer_route(const Request& request, const Route& route);
    asio::awaitable<Response> readiness();

    Database& database_;
    Callers callers_;
    Rpc rpc_;
    Webhook webhook_;
    Pages pages_;
    Cors cors_;
};

} // namespace helix::edge
