// Setting limits: helix.set_cost_budget, and the triggers of the tables that hold limits.
#include "pg/prelude.hpp"

#include "budgets/budget_arguments.hpp"
#include "budgets/budget_planning.hpp"
#include "budgets/locks.hpp"
#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/uuid.hpp"

namespace helix::budgets {

namespace {

pg::Statement set_monthly(R"(
    INSERT INTO helix.budgets AS b (user_id, period, limit_usd)
    VALUES ($1, 'month', $2)
        ON CONFLICT ON CONSTRAINT budgets_one_per_period DO UPDATE
       SET limit_usd = excluded.limit_usd, hard = true, enabled = true)",
                          {UUIDOID, NUMERICOID});
pg::Statement remove_monthly(R"(
    DELETE FROM helix.budgets WHERE user_id = $1 AND operation_id IS NULL AND dimension_key IS NULL AND period = 'month')",
                             {UUIDOID});

// A row where $1 is $2 or an ancestor of it.
pg::Statement select_ancestor(R"(
    WITH RECURSIVE up AS (
        SELECT $2 AS id
        UNION
        SELECT g.parent_id FROM up JOIN helix.budget_groups g ON g.id = up.id
         WHERE g.parent_id IS NOT NULL)
    SELECT FROM up WHERE up.id = $1)",
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

// Null where the column is.
const pg_uuid_t* uuid_of(const pg::TriggerRow& row, const char* column) {
    bool is_null = false;
    const Datum value = row.value(column, &is_null);
    return is_null ? nullptr : DatumGetUUIDP(value);
}

// The scopes in the columns that the trigger's arguments name.
void lock_scopes(const TriggerData& trigger, const pg::TriggerRow& row) {
    for (int i = 0; i < trigger.tg_trigger->tgnargs; ++i) {
        if (const auto* id = uuid_of(row, trigger.tg_trigger->tgargs[i])) {
            lock_scope(*id);
        }
    }
}

void check_no_circle(const pg_uuid_t* group, const pg_uuid_t* parent) {
    const Datum values[] = {UUIDPGetDatum(group), UUIDPGetDatum(parent)};
    pg::OwnerSpi spi;
    plan_by_index();
    if (select_ancestor.execute_latest(values) > 0) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a group cannot be a part of itself"),
                 errdetail("Group %s is an ancestor of %s or the same.", pg::uuid_text(*group), pg::uuid_text(*parent)),
                 errhint("Choose a parent that is not within the group.")));
    }
    spi.finish();
}

// Of set_cost_budget() and update_cost_budget().
struct Argument {
    enum : int { user_id, amount };
};

} // namespace

HELIX_FUNCTION(helix_define_limits) {
    const auto& trigger = pg::checked_trigger(fcinfo, define_limits);
    const auto before = pg::old_row(trigger); // the new row where it is inserted
    const auto after = pg::new_row(trigger);
    lock_scopes(trigger, before);
    if (after.tuple != before.tuple) {
        lock_scopes(trigger, after);
    }
    return PointerGetDatum(after.tuple);
}

HELIX_FUNCTION(helix_check_budget_group) {
    const auto& trigger = pg::checked_trigger(fcinfo, check_budget_group);
    const auto row = pg::new_row(trigger);
    const auto* group = uuid_of(row, "id");
    const auto* parent = uuid_of(row, "parent_id");
    const bool is_in_no_group = parent == nullptr && TRIGGER_FIRED_BY_INSERT(trigger.tg_event);
    if (group != nullptr && !is_in_no_group) {
        lock_tree();
        if (parent != nullptr) {
            check_no_circle(group, parent);
        }
    }
    return PointerGetDatum(row.tuple);
}

HELIX_FUNCTION(helix_set_cost_budget) {
    const Datum user = pg::required(fcinfo, Argument::user_id, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const bool removes = PG_ARGISNULL(Argument::amount);
    const Datum values[] = {user, removes ? 0 : amount_argument(fcinfo, Argument::amount, "p_amount")};
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

// Older clients count their spending with it. Here recording counts it, and a sum of one call must not become a limit.
HELIX_FUNCTION(helix_update_cost_budget) {
    const Datum user = pg::required(fcinfo, Argument::user_id, "p_user_id");
    pg::required(fcinfo, Argument::amount, "p_amount", "helix.set_cost_budget() with null removes the month's limit.");
    amount_argument(fcinfo, Argument::amount, "p_amount");
    callers::check_acts_for(*DatumGetUUIDP(user));
    ereport(NOTICE, (errmsg("update_cost_budget changes nothing: what is recorded is counted as spending already"),
                     errhint("helix.set_cost_budget() sets the month's limit.")));
    PG_RETURN_VOID();
}

} // namespace helix::budgets
