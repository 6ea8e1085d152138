// The dimension that a budget stands on: the trigger that checks its key.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

namespace helix::budgets {

namespace {

constexpr const char* tables[] = {"helix.budgets"};
constexpr pg::TriggerRule rule{.function = "check_dimension",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

pg::Statement select_key("SELECT FROM helix_internal.dimensions d WHERE d.key = $1", {TEXTOID});

bool is_counted(const char* key) {
    const Datum value = CStringGetTextDatum(key);
    pg::OwnerSpi spi;
    const bool found = select_key.execute_latest(&value) > 0;
    spi.finish();
    return found;
}

void refuse_uncounted(const char* key) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the key is not a dimension"), errdetail("It is \"%s\".", key),
             errhint("Name it in helix.dimensions. It is counted from the next fold on.")));
}

} // namespace

// A dump may bring budgets before it brings the keys.
HELIX_FUNCTION(helix_check_dimension) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    const pg::TriggerRow row = pg::new_row(trigger);
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    const char* key = row.text("dimension_key");
    const bool same = update && !pg::differs(pg::old_row(trigger).text("dimension_key"), key);
    const bool restored = !update && pg::is_restored(row);
    if (key != nullptr && !same && !restored && !is_counted(key)) {
        refuse_uncounted(key);
    }
    return PointerGetDatum(row.tuple);
}

} // namespace helix::budgets
