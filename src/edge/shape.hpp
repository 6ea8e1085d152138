// Owns: how a caller wants rows: which columns, in which order, how many. It knows no socket and no database.
// rpc_call.cpp reads it, rpc_sql.cpp writes it.
#pragma once

#include "edge/query.hpp"

namespace helix::edge {

struct Shape {
    std::string columns; // SQL, each qualified by row_name; empty: all
    std::string order;   // SQL; empty: as they come
    std::string limit;   // a whole number; empty: all
    std::string offset;  // likewise
    bool one = false;    // exactly one row, or an error

    bool is_plain() const { return columns.empty() && order.empty() && limit.empty() && offset.empty(); }
};

// What a row of the result is called in SQL.
inline constexpr std::string_view row_name = "edge_row";

// Takes a field of the address where it is one of select, order, limit and offset. Throws Refusal PGRST100 where its
// value is none that is understood here.
bool take_shape(const QueryField& field, Shape& shape);

// A name with its quotes.
std::string quoted_name(std::string_view name);

} // namespace helix::edge
