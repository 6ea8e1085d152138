// A connection to the server: see session.hpp.
#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace coherence {

namespace {

constexpr auto reconnect_pause = std::chrono::milliseconds(100);

std::vector<const char*> pointers(const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const std::string& parameter : parameters) {
        values.push_back(parameter.c_str());
    }
    return values;
}

bool succeeded(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

} // namespace

std::int64_t Rows::number(int row, int column) const {
    return std::strtoll(text(row, column), nullptr, 10);
}

Session::Session(std::string conninfo, const char* name)
    : conninfo_(std::move(conninfo) + " connect_timeout=5 application_name=" + name) {}

bool Session::ready() {
    while (!stopping) {
        if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) {
            return true;
        }
        connection_.reset(PQconnectdb(conninfo_.c_str()));
        prepared_.clear();
        if (PQstatus(connection_.get()) == CONNECTION_OK) {
            PQsetNoticeProcessor(
                connection_.get(), [](void*, const char*) {}, nullptr);
            return true;
        }
        std::this_thread::sleep_for(reconnect_pause);
    }
    return false;
}

Rows Session::run(const std::string& sql, const std::vector<std::string>& parameters) {
    if (parameters.empty()) {
        return finish(PQexec(connection_.get(), sql.c_str())); // may hold several statements
    }
    return finish(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                               pointers(parameters).data(), nullptr, nullptr, 0));
}

Rows Session::run_prepared(const std::string& name, const std::string& sql,
                           const std::vector<std::string>& parameters) {
    if (std::find(prepared_.begin(), prepared_.end(), name) == prepared_.end()) {
        finish(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
        prepared_.push_back(name);
    }
    return finish(PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(parameters.size()),
                                 pointers(parameters).data(), nullptr, nullptr, 0));
}

// A server that shuts down or crashes says so before it closes: class 57P is a lost connection, too.
Rows Session::finish(PGresult* result) {
    Rows rows(result);
    if (succeeded(result)) {
        return rows;
    }
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string message =
        std::string(sqlstate != nullptr ? sqlstate : "") + ' ' + PQerrorMessage(connection_.get());
    if (PQstatus(connection_.get()) != CONNECTION_OK || sqlstate == nullptr || std::strncmp(sqlstate, "57P", 3) == 0) {
        disconnect();
        throw Lost(message);
    }
    throw Refused(message);
}

} // namespace coherence
