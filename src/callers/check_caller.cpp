// The trigger of tables that clients write: whose row it is, checked before anything is locked for it, and its id.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

extern "C" {
#include "utils/fmgroids.h"
}

namespace helix::callers {

namespace {

using Row = pg::TriggerRow;

constexpr const char* tables[] = {"helix.budgets", "helix.user_operation_preferences", "helix.ui_theme_preferences",
                                  "helix_internal.operation_schedules"};
constexpr pg::TriggerRule check_caller{.function = "check_caller",
                                       .timing = pg::Timing::before,
                                       .row_events = pg::on_insert | pg::on_update,
                                       .relations = tables};

// A row without a user belongs to a group.
void check_owner(const Row& row) {
    bool is_null = false;
    const Datum user = row.value("user_id", &is_null);
    if (is_null) {
        throw Error(sqlstate::insufficient_privilege, "permission denied for a row without a user", {},
                    "Pass your own user_id; service roles write what belongs to groups.");
    }
    check_acts_for(*DatumGetUUIDP(user));
}

// Whether the id is that of a row of the same user: an upsert names the row that it means.
bool has_own_row(const TriggerData& trigger, const Row& row, Datum id) {
    bool is_null = false;
    Oid types[] = {UUIDOID, UUIDOID};
    Datum values[] = {id, row.value("user_id", &is_null)};
    const char* name = pg::qualified_name(trigger.tg_relation);
    pg::OwnerSpi spi;
    SPIPlanPtr plan =
        SPI_prepare(psprintf("SELECT FROM %s WHERE id = $1 AND user_id = $2", name), lengthof(types), types);
    if (plan == nullptr || SPI_execute_plan(plan, values, nullptr, false, 1) < 0) {
        elog(ERROR, "could not look for the row");
    }
    const bool found = SPI_processed > 0;
    spi.finish();
    return found;
}

void set_new_id(const TriggerData& trigger, Row& row) {
    bool is_null = false;
    const Datum id = row.value("id", &is_null);
    if (is_null || !has_own_row(trigger, row, id)) {
        row.set("id", OidFunctionCall0(F_GEN_RANDOM_UUID), false);
    }
}

void keep_id(const TriggerData& trigger, Row& row) {
    bool is_null = false;
    const Datum id = pg::old_row(trigger).value("id", &is_null);
    row.set("id", id, is_null);
}

HeapTuple checked_row(const TriggerData& trigger) {
    Row row = pg::new_row(trigger);
    if (acts_for_anyone()) {
        return row.tuple;
    }
    check_owner(row);
    if (row.has("id")) {
        TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) ? keep_id(trigger, row) : set_new_id(trigger, row);
    }
    return row.tuple;
}

} // namespace

HELIX_FUNCTION(helix_check_caller) {
    return PointerGetDatum(checked_row(pg::checked_trigger(fcinfo, check_caller)));
}

} // namespace helix::callers
