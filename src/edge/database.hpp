// Owns: the connections to the database, and finding it again when it was gone. Whoever asks the database uses it.
#pragma once

#include "core/secrets/secret.hpp"
#include "edge/connection.hpp"
#include "edge/options.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>

namespace helix::edge {

class Database {
  public:
    Database(const asio::any_io_executor& executor, Deadlines& deadlines, const Options& options, Secret password);
    ~Database();

    // Runs the statements in one transaction. Throws Unavailable where there is no connection to be had, or where it is
    // lost meanwhile. With `repeatable`, a transaction that was lost is run once more.
    asio::awaitable<Outcome> run(std::span<const Statement> statements, bool repeatable = false);

    // Whether a connection works now.
    asio::awaitable<bool> is_ready();

    // Looks for the database as long as it is gone; never ends.
    asio::awaitable<void> keep_looking();

  private:
    class Lease;

    asio::awaitable<Lease> lease();
    std::unique_ptr<Connection> idle_connection();
    asio::awaitable<void> open();
    asio::awaitable<Connected> connect_somewhere();
    asio::awaitable<void> add(Connected connected);
    asio::awaitable<void> set_up(Connection& connection);
    asio::awaitable<void> tidy(std::unique_ptr<Connection> connection);
    void give_back(std::unique_ptr<Connection> connection);
    void report(const std::string& failure);
    void wake_one();
    void wake_all();

    asio::any_io_executor executor_;
    Deadlines& deadlines_;
    const Options& options_;
    Secret password_;
    asio::thread_pool connecting_{2};
    std::vector<std::unique_ptr<Connection>> idle_;
    std::deque<asio::steady_timer*> waiting_;
    std::size_t open_ = 0;    // idle or in use
    std::size_t opening_ = 0; // on the way
    Clock::time_point next_attempt_;
    bool other_works_ = false; // of the options' two databases, the other one has let it in last
    bool is_gone_ = false;     // the last attempt failed, and nothing is open
};

} // namespace helix::edge
