// Owns: what functions schema helix has, read from the server and read again when it may have changed. rpc.cpp asks it.
#pragma once

#include "edge/database.hpp"
#include "edge/function.hpp"

#include <map>

namespace helix::edge {

class Catalog {
  public:
    explicit Catalog(Database& database) : database_(database) {}

    // The functions of this name; none where there is no such function.
    asio::awaitable<Candidates> functions(std::string_view name);

    // A call found it out of date: the next one reads it again, once a second at most.
    void doubt();

  private:
    asio::awaitable<void> read();

    Database& database_;
    std::map<std::string, Candidates, std::less<>> functions_;
    Clock::time_point read_at_;
    bool known_ = false;
    bool doubted_ = false;
};

} // namespace helix::edge
