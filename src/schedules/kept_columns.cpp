// Clients send back whole rows of schedules, with what helix has counted in them. The view's columns of these are
// expressions, which PostgreSQL refuses to write. So their assignments leave a statement before it is rewritten. An
// INSTEAD OF trigger would not do: ON CONFLICT does not work with one.
#include "pg/prelude.hpp"

#include "schedules/kept_columns.hpp"

#include "pg/guard.hpp"
#include "pg/relations.hpp"

#include <algorithm>

extern "C" {
#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "parser/analyze.h"
#include "utils/lsyscache.h"
}

namespace helix::schedules {

namespace {

constexpr const char* view_name = "operation_schedules";
constexpr const char* kept_columns[] = {"last_execution_at", "next_execution_at", "execution_count",
                                        "running_execution_id"};
constexpr const char* touched_column = "updated_at"; // the database sets it, whatever is written

post_parse_analyze_hook_type previous_hook = nullptr;

int number_in_set(AttrNumber column) {
    return column - FirstLowInvalidHeapAttributeNumber;
}

bool is_schedules(const RangeTblEntry& target) {
    if (target.rtekind != RTE_RELATION || target.relkind != RELKIND_VIEW) {
        return false;
    }
    const char* name = get_rel_name(target.relid);
    const char* schema = get_namespace_name(get_rel_namespace(target.relid));
    return name != nullptr && strcmp(name, view_name) == 0 && schema != nullptr && strcmp(schema, "helix") == 0 &&
           pg::extension_exists();
}

bool is_kept(const RangeTblEntry& target, AttrNumber column) {
    const char* name = column > 0 ? get_attname(target.relid, column, true) : nullptr;
    return name != nullptr && std::any_of(std::begin(kept_columns), std::end(kept_columns),
                                          [name](const char* kept) { return strcmp(name, kept) == 0; });
}

List* without_kept(List* assignments, const RangeTblEntry& target, Bitmapset** changed) {
    ListCell* cell = nullptr;
    foreach (cell, assignments) {
        const auto* entry = lfirst_node(TargetEntry, cell);
        if (!entry->resjunk && is_kept(target, entry->resno)) {
            *changed = bms_del_member(*changed, number_in_set(entry->resno));
            assignments = foreach_delete_current(assignments, cell);
        }
    }
    return assignments;
}

// A row that nothing else is written into is touched all the same.
List* or_touch(List* assignments, int relation, const RangeTblEntry& target, Bitmapset** changed) {
    if (assignments != NIL) {
        return assignments;
    }
    const AttrNumber column = get_attnum(target.relid, touched_column);
    Oid type = InvalidOid;
    std::int32_t modifier = 0;
    Oid collation = InvalidOid;
    get_atttypetypmodcoll(target.relid, column, &type, &modifier, &collation);
    auto* same = makeVar(relation, column, type, modifier, collation, 0);
    *changed = bms_add_member(*changed, number_in_set(column));
    return list_make1(makeTargetEntry(reinterpret_cast<Expr*>(same), column, pstrdup(touched_column), false));
}

void ignore_in(Query& query) {
    const auto& target = *rt_fetch(query.resultRelation, query.rtable);
    if (!is_schedules(target)) {
        return;
    }
    const auto changed = pg::changed_columns(query);
    if (query.commandType == CMD_INSERT) {
        query.targetList = without_kept(query.targetList, target, changed.inserted);
    } else {
        query.targetList = without_kept(query.targetList, target, changed.updated);
        query.targetList = or_touch(query.targetList, query.resultRelation, target, changed.updated);
    }
    if (query.onConflict != nullptr && query.onConflict->action == ONCONFLICT_UPDATE) {
        List* assignments = without_kept(query.onConflict->onConflictSet, target, changed.updated);
        query.onConflict->onConflictSet = or_touch(assignments, query.resultRelation, target, changed.updated);
    }
}

bool writes(const Query& query) {
    return (query.commandType == CMD_INSERT || query.commandType == CMD_UPDATE) && query.resultRelation > 0;
}

// PostgREST writes in a WITH of the statement.
void ignore_in_statement(Query& query) {
    if (writes(query)) {
        ignore_in(query);
    }
    ListCell* cell = nullptr;
    foreach (cell, query.cteList) {
        auto* inner = reinterpret_cast<Query*>(lfirst_node(CommonTableExpr, cell)->ctequery);
        if (IsA(inner, Query) && writes(*inner)) {
            ignore_in(*inner);
        }
    }
}

void on_analyzed(ParseState* state, Query* query, JumbleState* jumble) {
    if (previous_hook != nullptr) {
        previous_hook(state, query, jumble);
    }
    if (query->commandType != CMD_UTILITY && (query->resultRelation > 0 || query->hasModifyingCTE)) {
        pg::enter_callback([query] { ignore_in_statement(*query); });
    }
}

} // namespace

void initialize_kept_columns() {
    previous_hook = post_parse_analyze_hook;
    post_parse_analyze_hook = on_analyzed;
}

} // namespace helix::schedules
