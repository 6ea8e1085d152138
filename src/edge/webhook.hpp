// Owns: answering /functions/v1/webhook-trigger. router.cpp asks it.
#pragma once

#include "edge/callers.hpp"

namespace helix::edge {

class Webhook {
  public:
    Webhook(Database& database, Callers& callers) : database_(database), callers_(callers) {}

    // Whatever is wrong is answered as {"error": …}. Throws Refusal where the database is not available.
    asio::awaitable<Response> answer(const Request& request);

  private:
    Database& database_;
    Callers& callers_;
};

// The body of a refused call, as senders know it.
Response webhook_error(int status, std::string_view message);

} // namespace helix::edge
