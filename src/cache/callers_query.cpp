// Checks the query that a caller gives to helix.cache_get_or_fetch().
#include "pg/prelude.hpp"

#include "cache/callers_query.hpp"

#include "pg/trees.hpp"

extern "C" {
#include "utils/plancache.h"
}

namespace helix::cache {

namespace {

[[noreturn]] void refuse(const char* message, const char* text, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), errdetail("It is \"%s\".", text),
                    errhint("%s", hint)));
}

// Whether the query has FOR UPDATE or the like, at any depth. Then its transaction counts as one that has written, and
// the query may see rows that are newer than its snapshot.
bool has_locks(Node* node, void* nothing) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Query)) {
        auto* query = reinterpret_cast<Query*>(node);
        return query->hasForUpdate || query->rowMarks != NIL || pg::walk_query(query, has_locks, nothing);
    }
    return pg::walk_expression(node, has_locks, nothing);
}

// Whether it is a single SELECT, VALUES or TABLE. Nothing else takes a snapshot of its own: FETCH would give what a
// cursor saw long ago. SELECT INTO has the same tag, and returns no rows.
bool is_one_select(const List* sources) {
    if (list_length(sources) != 1) {
        return false;
    }
    const auto* source = static_cast<const CachedPlanSource*>(linitial(sources));
    return source->commandTag == CMDTAG_SELECT && source->resultDesc != nullptr && list_length(source->query_list) == 1;
}

} // namespace

SPIPlanPtr prepare_callers_query(const char* text) {
    SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
    List* sources = plan == nullptr ? NIL : SPI_plan_get_plan_sources(plan);
    if (!is_one_select(sources)) {
        refuse("p_query must be one SELECT", text, "Write one SELECT, without INTO.");
    }
    auto* query = linitial_node(Query, static_cast<CachedPlanSource*>(linitial(sources))->query_list);
    if (query->hasModifyingCTE) {
        refuse("p_query must not write", text, "Leave INSERT, UPDATE and DELETE out of its WITH.");
    }
    if (has_locks(reinterpret_cast<Node*>(query), nullptr)) {
        refuse("p_query must not lock rows", text, "Leave out FOR UPDATE, FOR SHARE and the like.");
    }
    return plan;
}

List* relations_of(SPIPlanPtr plan) {
    List* sources = SPI_plan_get_plan_sources(plan);
    return list_copy(static_cast<CachedPlanSource*>(linitial(sources))->relationOids);
}

} // namespace helix::cache
