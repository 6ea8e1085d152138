// Owns: walking PostgreSQL's trees of queries and expressions. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
}

namespace helix::pg {

using TreeWalker = bool (*)(Node* node, void* context);

// Both call `walker` for each node below one until it returns true, and return whether it did.
#if PG_VERSION_NUM >= 160000
inline bool walk_expression(Node* node, TreeWalker walker, void* context) {
    return expression_tree_walker(node, walker, context);
}

inline bool walk_query(Query* query, TreeWalker walker, void* context) {
    return query_tree_walker(query, walker, context, 0);
}
#else
// There the type of a walker has no arguments.
inline auto plain_walker(TreeWalker walker) {
    return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
}

inline bool walk_expression(Node* node, TreeWalker walker, void* context) {
    return expression_tree_walker(node, plain_walker(walker), context);
}

inline bool walk_query(Query* query, TreeWalker walker, void* context) {
    return query_tree_walker(query, plain_walker(walker), context, 0);
}
#endif

} // namespace helix::pg
