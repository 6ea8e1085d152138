// Owns: what a request to /rest/v1/rpc/<function> asks for: its arguments, the function that they mean, and the SQL of
// the call. It knows no socket and no database, so it is fuzzed as it is. rpc.cpp uses it.
#pragma once

#include "edge/function.hpp"
#include "edge/request.hpp"
#include "edge/rpc_sql.hpp"
#include "edge/statement.hpp"

namespace helix::edge {

struct RpcCall {
    enum class Form { json, texts, body }; // of the arguments

    std::shared_ptr<const Function> function;
    Form form = Form::json;
    Arguments arguments{}; // those of the function that are given; none for a body
    std::vector<Parameter> parameters{};
    Shape shape{};
    bool read_only = false;
    bool wants_one = false; // application/vnd.pgrst.object+json: exactly one row of a set
    bool counts = false;    // Prefer: count=exact

    std::string sql() const;

    // `text` is sql(), which has to stay.
    Statement statement(std::string_view text) const { return {text, parameters, function->is_foreign}; }
};

// Columns of the call's only row.
struct AnswerColumn {
    enum : int { body, status, headers, rows };
};

// Whether it is a JSON body by POST and nothing in its header or its address asks for another answer than the usual.
bool is_plain_call(const Request& request);

// Throws Refusal where nothing of schema helix can be called like this. `candidates` are the functions of the name.
RpcCall read_call(const Request& request, std::string_view name, const Candidates& candidates);

} // namespace helix::edge
