// DROP EXTENSION helix removes its jobs from pg_cron, which would otherwise call what is gone.
#include "pg/prelude.hpp"

#include "schedules/drop_extension.hpp"

#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/statement_hook.hpp"
#include "schedules/pg_cron.hpp"

#include <cstring>

extern "C" {
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
}

namespace helix::schedules {

namespace {

bool drops_helix(const Node& statement) {
    if (!IsA(&statement, DropStmt)) {
        return false;
    }
    const auto& drop = reinterpret_cast<const DropStmt&>(statement);
    bool found = false;
    ListCell* cell = nullptr;
    foreach (cell, drop.removeType == OBJECT_EXTENSION ? drop.objects : NIL) {
        found = found || strcmp(strVal(lfirst(cell)), "helix") == 0;
    }
    return found;
}

// A role that may not drop helix is told so by the statement itself.
void before_statement(const Node& statement, ProcessUtilityContext) {
    if (!drops_helix(statement) || !pg::extension_exists() || !has_pg_cron() ||
        !has_privs_of_role(GetUserId(), pg::extension_owner())) {
        return;
    }
    pg::OwnerSpi spi;
    remove_all_jobs();
    spi.finish();
}

} // namespace

void initialize_drop_extension() {
    pg::observe_statements(before_statement);
}

} // namespace helix::schedules
