// A pool of connections. They are made in threads of their own, where resolving names and signing in may block.
#include "edge/database.hpp"

#include "edge/log.hpp"
#include "edge/refusal.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/crypto.h>

namespace helix::edge {

namespace {

constexpr std::chrono::seconds longest_wait{5}; // for a connection
constexpr std::chrono::milliseconds pause{500}; // after an attempt that failed
constexpr std::chrono::seconds grace{5};        // what the server has to end a statement by its own timeout

// Later words count more: the caller's URL overrides the first ones.
asio::awaitable<Connected> connect(const std::string& database, const Secret& password) {
    std::string secret(password.view());
    std::vector<const char*> names{"fallback_application_name", "connect_timeout", "keepalives_idle",
                                   "tcp_user_timeout", "dbname"};
    std::vector<const char*> values{"helix-edge", "5", "30", "30000", database.c_str()};
    if (!secret.empty()) {
        names.push_back("password");
        values.push_back(secret.c_str());
    }
    names.insert(names.end(), {"client_encoding", nullptr});
    values.insert(values.end(), {"UTF8", nullptr});
    Connected connected(PQconnectdbParams(names.data(), values.data(), 1));
    OPENSSL_cleanse(secret.data(), secret.size());
    co_return connected;
}

} // namespace

// A connection in use; it goes back when the lease ends.
class Database::Lease {
  public:
    Lease(Database& owner, std::unique_ptr<Connection> connection)
        : owner_(&owner), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
        try {
            if (connection_ != nullptr) {
                owner_->give_back(std::move(connection_));
            }
        } catch (const std::exception& error) { // there is no memory: the connection is closed
            log_event(error.what());
        }
    }

    Connection& operator*() { return *connection_; }

  private:
    Database* owner_;
    std::unique_ptr<Connection> connection_;
};

Database::Database(const asio::any_io_executor& executor, Deadlines& deadlines, const Options& options, Secret password)
    : executor_(executor), deadlines_(deadlines), options_(options), password_(std::move(password)) {}

Database::~Database() = default;

asio::awaitable<Outcome> Database::run(std::span<const Statement> statements, bool repeatable) {
    if (repeatable) {
        try {
            co_return co_await run(statements, false);
        } catch (const Unavailable&) {
            if (is_gone_) {
                throw;
            }
        }
    }
    Lease connection = co_await lease();
    co_return co_await (*connection).run(statements, options_.call_time + grace);
}

asio::awaitable<bool> Database::is_ready() {
    static const Statement ask{"SELECT 1", {}};
    try {
        const Outcome outcome = co_await run(std::span(&ask, 1), true);
        co_return !outcome.error;
    } catch (const Unavailable&) {
        co_return false;
    }
}

std::unique_ptr<Connection> Database::idle_connection() {
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_usable()) {
            return connection;
        }
        --open_;
    }
    return nullptr;
}

asio::awaitable<Database::Lease> Database::lease() {
    const auto deadline = Clock::now() + longest_wait;
    for (;;) {
        if (auto connection = idle_connection()) {
            co_return Lease(*this, std::move(connection));
        }
        if (is_gone_) {
            throw Unavailable("It cannot be reached.");
        }
        if (open_ + opening_ < options_.database_connections && Clock::now() >= next_attempt_) {
            asio::co_spawn(executor_, open(), asio::detached);
        }
        asio::steady_timer timer(executor_, deadline);
        waiting_.push_back(&timer);
        const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!error && std::erase(waiting_, &timer) == 1) { // nobody woke it
            throw Unavailable("All connections are in use.");
        }
    }
}

void Database::wake_one() {
    if (!waiting_.empty()) {
        asio::steady_timer* timer = waiting_.front();
        waiting_.pop_front();
        timer->cancel();
    }
}

void Database::wake_all() {
    while (!waiting_.empty()) {
        wake_one();
    }
}

void Database::give_back(std::unique_ptr<Connection> connection) {
    const bool usable = connection->is_usable();
    if (usable && connection->has_state()) {
        asio::co_spawn(executor_, tidy(std::move(connection)), asio::detached);
        return;
    }
    if (usable) {
        idle_.push_back(std::move(connection));
    } else {
        --open_;
    }
    wake_one();
}

// Begins where it was let in last, so that a server's log does not fill with refusals.
asio::awaitable<Connected> Database::connect_somewhere() {
    const std::string& first = other_works_ ? options_.other_database : options_.database;
    const std::string& second = other_works_ ? options_.database : options_.other_database;
    Connected connected = co_await asio::co_spawn(connecting_, connect(first, password_), asio::use_awaitable);
    if (PQstatus(connected.get()) == CONNECTION_OK || second.empty()) {
        co_return connected;
    }
    Connected other = co_await asio::co_spawn(connecting_, connect(second, password_), asio::use_awaitable);
    if (PQstatus(other.get()) == CONNECTION_OK) {
        other_works_ = !other_works_;
    }
    co_return other;
}

asio::awaitable<void> Database::open() {
    ++opening_;
    try {
        co_await add(co_await connect_somewhere());
    } catch (const Unavailable& error) {
        report(error.details);
    }
    --opening_;
    if (is_gone_) {
        wake_all();
    } else {
        wake_one();
    }
}

asio::awaitable<void> Database::add(Connected connected) {
    if (PQstatus(connected.get()) != CONNECTION_OK) {
        throw Unavailable(PQerrorMessage(connected.get()));
    }
    auto connection = std::make_unique<Connection>(executor_, deadlines_, std::move(connected));
    co_await set_up(*connection);
    if (is_gone_) {
        log_event("the database is back");
    }
    is_gone_ = false;
    ++open_;
    give_back(std::move(connection));
}

asio::awaitable<void> Database::set_up(Connection& connection) {
    const std::string time = std::to_string(options_.call_time / std::chrono::milliseconds(1));
    const Statement settings{"SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),"
                             " pg_catalog.set_config('statement_timeout', $1, false)",
                             {Parameter::text(time)}};
    const Outcome outcome = co_await connection.run(std::span(&settings, 1), grace);
    if (outcome.error) {
        throw Unavailable(outcome.error->message);
    }
}

// The one who has called it does not wait for it.
asio::awaitable<void> Database::tidy(std::unique_ptr<Connection> connection) {
    try {
        const Outcome outcome = co_await connection->discard_state(grace);
        if (!outcome.error) {
            co_await set_up(*connection);
            give_back(std::move(connection));
            co_return;
        }
    } catch (const Unavailable&) { // the next caller gets another one
    }
    --open_;
    wake_one();
}

// Once for each outage, not for each attempt.
void Database::report(const std::string& failure) {
    next_attempt_ = Clock::now() + pause;
    if (open_ == 0 && !is_gone_) {
        log_event("the database cannot be reached: " + failure);
        if (!options_.other_database.empty()) {
            log_event("if it refuses the sign-in, pg_hba.conf needs a line such as: "
                      "host all helix_edge_local 127.0.0.1/32 scram-sha-256");
        }
        is_gone_ = true;
    }
}

asio::awaitable<void> Database::keep_looking() {
    for (;;) {
        asio::steady_timer timer(executor_, pause);
        co_await timer.async_wait(asio::use_awaitable);
        if (open_ + opening_ == 0) {
            co_await open();
        }
    }
}

} // namespace helix::edge
