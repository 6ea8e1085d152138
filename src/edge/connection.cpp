// libpq in pipeline mode under Asio. The statements between two syncs are one implicit transaction of the server's: it
// commits at the sync, and any error undoes it as a whole.
#include "edge/connection.hpp"

#include "edge/refusal.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

namespace helix::edge {

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_prepared = 500; // each takes memory of the server's

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

ServerError error_of(const PGresult* result) {
    return {field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY),
            field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT)};
}

struct Arrays {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;

    explicit Arrays(const std::vector<Parameter>& parameters) {
        for (const Parameter& parameter : parameters) {
            values.push_back(parameter.is_null ? nullptr : parameter.value.c_str());
            lengths.push_back(static_cast<int>(parameter.value.size()));
            formats.push_back(parameter.binary ? 1 : 0);
        }
    }
};

} // namespace

// The descriptor is a duplicate, so that libpq may close its own at any time.
Connection::Connection(const asio::any_io_executor& executor, Deadlines& deadlines, Connected connected)
    : Watched(deadlines), connection_(std::move(connected)), descriptor_(executor, dup(PQsocket(connection_.get()))) {
    PQsetnonblocking(connection_.get(), 1);
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    PQenterPipelineMode(connection_.get());
}

// Twice: a server that ends says goodbye first, and only then the connection ends.
bool Connection::is_usable() {
    return !lost_ && !busy_ && PQconsumeInput(connection_.get()) == 1 && PQconsumeInput(connection_.get()) == 1 &&
           PQstatus(connection_.get()) == CONNECTION_OK;
}

void Connection::expire() {
    descriptor_.cancel();
    lost_ = true;
}

void Connection::fail() {
    lost_ = true;
    throw Unavailable("The connection to the database was lost.");
}

asio::awaitable<Outcome> Connection::run(std::span<const Statement> statements, Clock::duration time) {
    busy_ = true;
    sent_.clear();
    for (const Statement& statement : statements) {
        has_state_ = has_state_ || statement.may_leave_state;
        send(statement);
    }
    co_return co_await finish(time);
}

asio::awaitable<Outcome> Connection::discard_state(Clock::duration time) {
    busy_ = true;
    sent_ = {{Step::execute, {}}};
    prepared_.clear();
    if (PQsendQueryParams(connection_.get(), "DISCARD ALL", 0, nullptr, nullptr, nullptr, nullptr, 0) != 1) {
        fail();
    }
    Outcome outcome = co_await finish(time);
    has_state_ = outcome.error.has_value();
    co_return outcome;
}

asio::awaitable<Outcome> Connection::finish(Clock::duration time) {
    if (PQpipelineSync(connection_.get()) != 1) {
        fail();
    }
    wait_no_longer_than(time);
    co_await flush();
    Outcome outcome = co_await receive_all();
    wait_freely();
    busy_ = false;
    co_return outcome;
}

void Connection::prepare(std::string_view sql) {
    std::string name = "edge_" + std::to_string(++names_);
    if (PQsendPrepare(connection_.get(), name.c_str(), std::string(sql).c_str(), 0, nullptr) != 1) {
        fail();
    }
    sent_.push_back({Step::prepare, sql});
    prepared_.emplace(sql, std::move(name));
}

void Connection::send(const Statement& statement) {
    const Arrays arrays(statement.parameters);
    const int count = static_cast<int>(statement.parameters.size());
    auto known = prepared_.find(statement.sql);
    if (known == prepared_.end() && prepared_.size() < most_prepared) {
        prepare(statement.sql);
        known = prepared_.find(statement.sql);
    }
    const int sent = known != prepared_.end()
                         ? PQsendQueryPrepared(connection_.get(), known->second.c_str(), count, arrays.values.data(),
                                               arrays.lengths.data(), arrays.formats.data(), 0)
                         : PQsendQueryParams(connection_.get(), std::string(statement.sql).c_str(), count, nullptr,
                                             arrays.values.data(), arrays.lengths.data(), arrays.formats.data(), 0);
    if (sent != 1) {
        fail();
    }
    sent_.push_back({Step::execute, statement.sql});
}

asio::awaitable<void> Connection::flush() {
    for (;;) {
        const int left = PQflush(connection_.get());
        if (left == 0) {
            co_return;
        }
        // The server may want to be read before it reads on.
        if (left < 0 || PQconsumeInput(connection_.get()) != 1) {
            fail();
        }
        co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_write, quietly);
        if (lost_) {
            fail();
        }
    }
}

asio::awaitable<PGresult*> Connection::receive() {
    while (PQisBusy(connection_.get()) != 0) {
        co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, quietly);
        if (lost_ || PQconsumeInput(connection_.get()) != 1) {
            fail();
        }
    }
    co_return PQgetResult(connection_.get());
}

asio::awaitable<Outcome> Connection::receive_all() {
    Outcome outcome;
    for (std::size_t place = 0;;) {
        PGresult* result = co_await receive();
        if (result == nullptr) { // the end of one statement
            if (PQstatus(connection_.get()) != CONNECTION_OK) {
                fail();
            }
            ++place;
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            co_return outcome;
        }
        take(result, place < sent_.size() ? sent_[place] : Sent{Step::execute, {}}, outcome);
    }
}

void Connection::take(PGresult* result, const Sent& sent, Outcome& outcome) {
    const ExecStatusType status = PQresultStatus(result);
    Rows rows(result);
    const bool failed = status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
    if (failed && sent.step == Step::prepare) {
        prepared_.erase(std::string(sent.sql));
    }
    if (failed) {
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            fail();
        }
        if (status != PGRES_PIPELINE_ABORTED && !outcome.error) {
            outcome.error = error_of(result);
        }
    } else if (sent.step == Step::execute) {
        outcome.rows.push_back(std::move(rows));
    }
}

} // namespace helix::edge
