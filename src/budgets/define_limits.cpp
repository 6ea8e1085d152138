// Who sets limits: helix.update_cost_budget, and the triggers of the tables that hold them.
#include "pg/prelude.hpp"

#include "budgets/budget_arguments.hpp"
#include "budgets/budget_planning.hpp"
#include "budgets/locks.hpp"
#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/uuid.hpp"

namespace helix::budgets {

namespace {

pg::Statement set_monthly("INSERT INTO helix.budgets AS b (user_id, period, limit_usd) VALUES ($1, 'month', $2) "
                          "ON CONFLICT ON CONSTRAINT budgets_one_per_period "
                          "DO UPDATE SET limit_usd = excluded.limit_usd, hard = true, enabled = true",
                          {UUIDOID, NUMERICOID});
pg::Statement remove_monthly("DELETE FROM helix.budgets WHERE user_id = $1 AND operation_id IS NULL "
                             "AND period = 'month'",
                             {UUIDOID});
pg::Statement select_ancestor("WITH RECURSIVE up AS (SELECT $2 AS id UNION SELECT g.parent_id FROM up "
                              "JOIN helix.budget_groups g ON g.id = up.id WHERE g.parent_id IS NOT NULL) "
                              "SELECT FROM up WHERE up.id = $1",
                              {UUIDOID, UUIDOID});

constexpr const char* limit_tables[] = {"helix.budgets", "helix.budget_group_members",
                                        "helix.user_operation_preferences"};
constexpr pg::TriggerRule define_limits{.function = "define_limits",
                                        .timing = pg::Timing::before,
                                        .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                                        .relations = limit_tables,
                                        .arguments = pg::TriggerArguments::uuid_columns,
                                        .least_arguments = 1};
constexpr const char* group_tables[] = {"helix.budget_groups"};
constexpr pg::TriggerRule check_budget_group{.function = "check_budget_group",
                                             .timing = pg::Timing::before,
                                             .row_events = pg::on_insert | pg::on_update,
                                             .relations = group_tables};

// The row that a BEFORE trigger hands on.
HeapTuple new_row(const TriggerData& trigger) {
    return TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) ? trigger.tg_newtuple : trigger.tg_trigtuple;
}

const pg_uuid_t* uuid_of(const TriggerData& trigger, HeapTuple row, const char* column) {
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    bool is_null = false;
    const Datum value = SPI_getbinval(row, columns, SPI_fnumber(columns, column), &is_null);
    return is_null ? nullptr : DatumGetUUIDP(value);
}

void lock_scopes(const TriggerData& trigger, HeapTuple row) {
    for (int i = 0; i < trigger.tg_trigger->tgnargs; ++i) {
        if (const auto* id = uuid_of(trigger, row, trigger.tg_trigger->tgargs[i])) {
            lock_scope(*id);
        }
    }
}

} // namespace

HELIX_FUNCTION(helix_define_limits) {
    const auto& trigger = pg::checked_trigger(fcinfo, define_limits);
    lock_scopes(trigger, trigger.tg_trigtuple);
    HeapTuple row = new_row(trigger);
    if (row != trigger.tg_trigtuple) {
        lock_scopes(trigger, row);
    }
    return PointerGetDatum(row);
}

HELIX_FUNCTION(helix_check_budget_group) {
    const auto& trigger = pg::checked_trigger(fcinfo, check_budget_group);
    HeapTuple row = new_row(trigger);
    const auto* id = uuid_of(trigger, row, "id");
    const auto* parent = uuid_of(trigger, row, "parent_id");
    if (id == nullptr || (parent == nullptr && !TRIGGER_FIRED_BY_UPDATE(trigger.tg_event))) {
        return PointerGetDatum(row);
    }
    lock_tree();
    if (parent != nullptr) {
        const Datum values[] = {UUIDPGetDatum(id), UUIDPGetDatum(parent)};
        pg::OwnerSpi spi;
        plan_by_index();
        if (select_ancestor.execute_latest(values) > 0) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a group cannot be a part of itself"),
                            errdetail("Group %s is an ancestor of %s or the same.", pg::uuid_text(values[0]),
                                      pg::uuid_text(values[1])),
                            errhint("Choose a parent that is not within the group.")));
        }
        spi.finish();
    }
    return PointerGetDatum(row);
}

HELIX_FUNCTION(helix_update_cost_budget) {
    const Datum user = pg::required(fcinfo, 0, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const bool removes = PG_ARGISNULL(1);
    const Datum values[] = {user, removes ? 0 : amount_argument(fcinfo, 1, "p_amount")};
    pg::OwnerSpi spi;
    plan_by_index();
    if (removes) {
        remove_monthly.execute(values);
    } else {
        set_monthly.execute(values);
    }
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::budgets
