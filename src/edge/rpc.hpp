// Owns: answering /rest/v1/rpc/<function>. router.cpp asks it.
#pragma once

#include "edge/callers.hpp"
#include "edge/catalog.hpp"
#include "edge/recordings.hpp"
#include "edge/rpc_call.hpp"

namespace helix::edge {

class Rpc {
  public:
    Rpc(Database& database, Callers& callers)
        : database_(database), callers_(callers), catalog_(database), recordings_(database) {}

    // Throws Refusal.
    asio::awaitable<Response> answer(const Request& request, std::string_view function);

  private:
    asio::awaitable<Response> run(const Request& request, const Caller& caller, const RpcCall& call);

    Database& database_;
    Callers& callers_;
    Catalog catalog_;
    Recordings recordings_;
};

} // namespace helix::edge
