// Owns: one connection to the database, which never blocks the program. database.cpp keeps the connections.
#pragma once

#include "edge/deadlines.hpp"
#include "edge/statement.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <span>
#include <unordered_map>

namespace helix::edge {

namespace asio = boost::asio;

struct FinishConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connected = std::unique_ptr<PGconn, FinishConnection>;

struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class Connection : public Watched {
  public:
    // Takes over a connection that libpq has made.
    Connection(const asio::any_io_executor& executor, Deadlines& deadlines, Connected connected);

    // Runs the statements in one transaction, which has committed where the outcome holds no error. It ends after
    // `time` at the latest. Throws Unavailable where the connection is lost: nobody knows then whether it committed.
    asio::awaitable<Outcome> run(std::span<const Statement> statements, Clock::duration time);

    // Whether the server is still there, as far as it has told.
    bool is_usable();

    // Whether statements may have left something behind that the next caller must not see.
    bool has_state() const { return has_state_; }

    // Forgets all that the session has, prepared statements and settings too.
    asio::awaitable<Outcome> discard_state(Clock::duration time);

    void expire() override;

  private:
    enum class Step { prepare, execute };
    struct Sent {
        Step step;
        std::string_view sql;
    };

    void send(const Statement& statement);
    void prepare(std::string_view sql);
    asio::awaitable<Outcome> finish(Clock::duration time);
    asio::awaitable<void> flush();
    asio::awaitable<PGresult*> receive();
    asio::awaitable<Outcome> receive_all();
    void take(PGresult* result, const Sent& sent, Outcome& outcome);
    [[noreturn]] void fail();

    Connected connection_;
    asio::posix::stream_descriptor descriptor_;
    std::unordered_map<std::string, std::string, HashOfText, std::equal_to<>> prepared_; // names by texts
    std::vector<Sent> sent_;
    unsigned names_ = 0;
    bool busy_ = false;
    bool lost_ = false;
    bool has_state_ = false;
};

} // namespace helix::edge
