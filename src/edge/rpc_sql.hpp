// Owns: the SQL of calls. Its only row has the columns of AnswerColumn. RpcCall::sql() uses it.
#pragma once

#include "edge/function.hpp"
#include "edge/shape.hpp"

namespace helix::edge {

using Arguments = std::vector<const FunctionParameter*>;

// The arguments are members of the JSON object $1. Without arguments there is no parameter.
std::string sql_with_json(const Function& function, const Arguments& arguments, const Shape& shape);

// The arguments are the texts $1, $2, ….
std::string sql_with_texts(const Function& function, const Arguments& arguments, const Shape& shape);

// The only argument is $1, in the binary form of its type.
std::string sql_with_body(const Function& function, const Shape& shape);

// What a call for exactly one row says in its error where there are others: this, then their number.
inline constexpr std::string_view rows_are = "helix_edge.rows_are_";

} // namespace helix::edge
