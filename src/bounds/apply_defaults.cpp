// The trigger of tables that clients write: null in a column that must have a value stands for the column's default.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

extern "C" {
#include "executor/executor.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
}

namespace helix::bounds {

namespace {

constexpr const char* tables[] = {"helix.budgets", "helix.user_operation_preferences", "helix.ui_theme_preferences",
                                  "helix_internal.operation_schedules"};
constexpr pg::TriggerRule apply_defaults{.function = "apply_defaults",
                                         .timing = pg::Timing::before,
                                         .row_events = pg::on_insert | pg::on_update,
                                         .relations = tables};

// What tells rows apart is never given anew: null in it stays an error of an update.
bool needs_default(const pg::TriggerRow& row, TriggerEvent event, int number) {
    const auto* column = TupleDescAttr(row.columns, number - 1);
    const auto name = std::string_view(NameStr(column->attname));
    const bool kept = TRIGGER_FIRED_BY_UPDATE(event) && (name == "id" || name == "created_at");
    return !kept && column->attnotnull && column->atthasdef && column->attgenerated == '\0' && !column->attisdropped &&
           heap_attisnull(row.tuple, number, row.columns);
}

// Evaluates the default as INSERT does where it leaves out the column.
void set_default(Relation table, pg::TriggerRow& row, int number) {
    const auto* column = TupleDescAttr(row.columns, number - 1);
    EState* state = CreateExecutorState();
    auto* expression = reinterpret_cast<Expr*>(build_column_default(table, number));
    bool is_null = false;
    const Datum value =
        ExecEvalExprSwitchContext(ExecPrepareExpr(expression, state), GetPerTupleExprContext(state), &is_null);
    row.set(NameStr(column->attname), is_null ? 0 : datumCopy(value, column->attbyval, column->attlen), is_null);
    FreeExecutorState(state);
}

} // namespace

// A bulk upsert of PostgREST sends null for each key that one object has and another has not.
HELIX_FUNCTION(helix_apply_defaults) {
    const auto& trigger = pg::checked_trigger(fcinfo, apply_defaults);
    pg::TriggerRow row = pg::new_row(trigger);
    for (int number = 1; number <= row.columns->natts; ++number) {
        if (needs_default(row, trigger.tg_event, number)) {
            set_default(trigger.tg_relation, row, number);
        }
    }
    return PointerGetDatum(row.tuple);
}

} // namespace helix::bounds
