// Owns: what a request to /rest/v1/rpc/<function> asks for: its arguments, the function that they mean, and the SQL of
// the call. It knows no socket and no database, so it is fuzzed as it is. rpc.cpp uses it.
#pragma once

#include "edge/function.hpp"
#include "edge/request.hpp"
#include "edge/statement.hpp"

namespace helix::edge {

struct RpcCall {
    std::shared_ptr<const Function> function;
    std::string sql;
    std::vector<Parameter> parameters;
    bool read_only = false;
    bool wants_one = false; // application/vnd.pgrst.object+json: exactly one row of a set
    bool counts = false;    // Prefer: count=exact

    Statement statement() const { return {sql, parameters, function->is_foreign}; }
};

// Columns of the call's only row.
struct AnswerColumn {
    enum : int { body, status, headers, rows };
};

// Throws Refusal where nothing of schema helix can be called like this. `candidates` are the functions of the name.
RpcCall read_call(const Request& request, std::string_view name, const Candidates& candidates);

} // namespace helix::edge
