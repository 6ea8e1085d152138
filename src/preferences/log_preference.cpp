// The trigger after a change of a preference: its row in the log, which nobody else can write.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/values.hpp"

namespace helix::preferences {

namespace {

constexpr const char* tables[] = {"helix.user_operation_preferences", "helix.ui_theme_preferences"};
constexpr pg::TriggerRule rule{.function = "log_preference",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = tables,
                               .least_arguments = 1};

// What clients set: who it belongs to and when is in columns of the log.
pg::Statement insert_log(
    "INSERT INTO helix.preference_audit_log (user_id, preference_type, change_details, changed_by) VALUES ($1, $2, "
    "pg_catalog.jsonb_build_object('action', $3, "
    "'old', pg_catalog.to_jsonb($4) - '{id,user_id,created_at,updated_at}'::text[], "
    "'new', pg_catalog.to_jsonb($5) - '{id,user_id,created_at,updated_at}'::text[]), $6)",
    {UUIDOID, TEXTOID, TEXTOID, RECORDOID, RECORDOID, NAMEOID});

const char* action(const TriggerData& trigger) {
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        return "insert";
    }
    return TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) ? "update" : "delete";
}

Datum composite(const pg::TriggerRow& row) {
    return heap_copy_tuple_as_datum(row.tuple, row.columns);
}

void log_change(const TriggerData& trigger) {
    const bool is_new = TRIGGER_FIRED_BY_INSERT(trigger.tg_event);
    const bool is_deleted = TRIGGER_FIRED_BY_DELETE(trigger.tg_event);
    const auto row = pg::new_row(trigger);
    bool is_null = false;
    // The role behind an OwnerSpi too: helix's functions write as the owner.
    const char* role = GetUserNameFromId(GetOuterUserId(), false);
    pg::Values values;
    values.add(row.value("user_id", &is_null)).add_text(trigger.tg_trigger->tgargs[0]).add_text(action(trigger));
    values.add(is_new ? 0 : composite(pg::old_row(trigger)), is_new);
    values.add(is_deleted ? 0 : composite(row), is_deleted);
    values.add(DirectFunctionCall1(namein, CStringGetDatum(role)));
    pg::OwnerSpi spi;
    insert_log.execute(values.values(), values.letters());
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_log_preference) {
    log_change(pg::checked_trigger(fcinfo, rule));
    return PointerGetDatum(nullptr);
}

} // namespace helix::preferences
