// Owns: walking PostgreSQL's trees of queries and expressions. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
}

namespace helix::pg {

// Both call `walker` for each node below the given one until it returns true, and return whether it did.
inline bool walk_expression(Node* node, TreeWalker walker, void* context) {
    return expression_tree_walker(node, server_walker(walker), context);
}
inline bool walk_query(Query* query, TreeWalker walker, void* context) {
    return query_tree_walker(query, server_walker(walker), context, 0);
}

} // namespace helix::pg
