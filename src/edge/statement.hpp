// Owns: a statement with its parameters on the way to the server, and what came back. Whoever asks the database uses
// it.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix::edge {

struct Parameter {
    // A text is sent as it is; it must hold no NUL. Bytes are sent as the binary form of the parameter's type.
    static Parameter text(std::string value) { return {std::move(value), false, false}; }
    static Parameter bytes(std::string value) { return {std::move(value), true, false}; }
    static Parameter null() { return {{}, false, true}; }

    std::string value;
    bool binary = false;
    bool is_null = false;
};

struct Statement {
    std::string_view sql; // also its identity: the server prepares it once for each connection
    std::vector<Parameter> parameters;
    bool may_leave_state = false; // settings, locks or temporary tables that outlast its transaction
};

struct ServerError {
    std::string sqlstate;
    std::string message;
    std::string details;
    std::string hint;
};

class Rows {
  public:
    explicit Rows(PGresult* result) : result_(result) {}

    int count() const { return PQntuples(result_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    std::string_view text(int row, int column) const {
        return {PQgetvalue(result_.get(), row, column),
                static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
    }
    bool truth(int row, int column) const { return text(row, column) == "t"; }

  private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

// What a transaction of one or more statements came to: rows of each, or the error that undid them all.
struct Outcome {
    std::vector<Rows> rows;
    std::optional<ServerError> error;
};

} // namespace helix::edge
