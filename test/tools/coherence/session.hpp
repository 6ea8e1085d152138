// A connection to the server that tells a lost connection from an error, and comes back after a restart.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace coherence {

extern std::atomic<bool> stopping; // set at the end of the run

// The connection is gone; whether the last statement took effect is unknown.
struct Lost : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The server has refused the statement; nothing of it took effect.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Rows {
  public:
    explicit Rows(PGresult* result) : result_(result, PQclear) {}
    int count() const { return PQntuples(result_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    const char* text(int row, int column) const { return PQgetvalue(result_.get(), row, column); }
    std::int64_t number(int row, int column) const;

  private:
    std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

class Session {
  public:
    Session(std::string conninfo, const char* name);

    // Connects if it is not connected, with small pauses; false when the run ends before that.
    bool ready();
    Rows run(const std::string& sql, const std::vector<std::string>& parameters = {});
    // For what comes in a loop: prepared at its first use in a connection.
    Rows run_prepared(const std::string& name, const std::string& sql, const std::vector<std::string>& parameters);
    void disconnect() { connection_.reset(); }

  private:
    Rows finish(PGresult* result);

    std::string conninfo_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, PQfinish};
    std::vector<std::string> prepared_;
};

} // namespace coherence
