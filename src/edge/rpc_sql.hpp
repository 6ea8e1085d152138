// Owns: the SQL of calls. Its only row has the columns of AnswerColumn. rpc_call.cpp uses it.
#pragma once

#include "edge/function.hpp"
#include "edge/shape.hpp"

namespace helix::edge {

// The arguments of these names are members of the JSON object $1. Without names there is no parameter.
std::string sql_with_json(const Function& function, const std::vector<std::string_view>& names, const Shape& shape);

// The arguments of these names are the texts $1, $2, ….
std::string sql_with_texts(const Function& function, const std::vector<std::string_view>& names, const Shape& shape);

// The only argument is $1, in the binary form of its type.
std::string sql_with_body(const Function& function, const Shape& shape);

// What a call for exactly one row says in its error where there are others: this, then their number.
inline constexpr std::string_view rows_are = "helix_edge.rows_are_";

} // namespace helix::edge
