// The trigger after an operation has been renamed or deleted. What waits, runs or is set under its id follows a rename,
// and keeps it from being deleted. Once the ledger has recorded the operation, its id stays: sums and budgets go by it.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"helix.operations"};
constexpr pg::TriggerRule rule{.function = "follow_operation",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_update | pg::on_delete,
                               .relations = tables};

pg::Statement select_operation("SELECT FROM helix.operations WHERE operation_id = $1", {TEXTOID});
pg::Statement select_recorded("SELECT FROM helix_internal.analytics_entries WHERE operation_id = $1 LIMIT 1",
                              {TEXTOID});
pg::Statement select_use(R"(
    SELECT CASE
        WHEN EXISTS (SELECT FROM helix_internal.queue q WHERE q.operation_id = $1)
            THEN 'executions that wait or run'
        WHEN EXISTS (SELECT FROM helix_internal.batch_operations o WHERE o.operation_id = $1 AND o.ended IS NULL)
                  OR EXISTS (SELECT FROM helix_internal.operation_batches b
                              WHERE b.on_complete = $1 AND b.on_complete_execution_id IS NULL AND b.cancelled_at IS NULL)
            THEN 'batches that have not ended'
        WHEN EXISTS (SELECT FROM helix_internal.budget_reservations r WHERE r.operation_id = $1)
            THEN 'reservations' END)",
                         {TEXTOID});

// Schedules and budgets follow by their foreign keys. A preference that is there under the new id stays as it is.
pg::Statement renames[] = {
    pg::Statement("UPDATE helix_internal.queue SET operation_id = $2 WHERE operation_id = $1", {TEXTOID, TEXTOID}),
    pg::Statement(R"(
    UPDATE helix_internal.batch_operations SET operation_id = $2
     WHERE operation_id = $1 AND ended IS NULL)",
                  {TEXTOID, TEXTOID}),
    pg::Statement("UPDATE helix_internal.operation_batches SET on_complete = $2 WHERE on_complete = $1",
                  {TEXTOID, TEXTOID}),
    pg::Statement("UPDATE helix_internal.queue_pauses SET operation_id = $2 WHERE operation_id = $1",
                  {TEXTOID, TEXTOID}),
    pg::Statement("UPDATE helix_internal.budget_reservations SET operation_id = $2 WHERE operation_id = $1",
                  {TEXTOID, TEXTOID}),
    pg::Statement(R"(
    UPDATE helix.user_operation_preferences p SET operation_id = $2
     WHERE p.operation_id = $1
       AND NOT EXISTS (SELECT FROM helix.user_operation_preferences n
                        WHERE n.user_id = p.user_id AND n.operation_id = $2))",
                  {TEXTOID, TEXTOID}),
};

pg::Statement delete_pauses("DELETE FROM helix_internal.queue_pauses WHERE operation_id = $1", {TEXTOID});

[[noreturn]] void refuse(const char* change, const char* operation, const char* use, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION), errmsg("the operation cannot be %s", change),
                    errdetail("Operation \"%s\" has %s.", operation, use), errhint("%s", hint)));
    pg_unreachable();
}

bool is_recorded(const Datum* operation) {
    return select_recorded.execute_latest(operation) > 0;
}

void check_deleted(const char* operation) {
    const Datum id = CStringGetTextDatum(operation);
    if (select_operation.execute_latest(&id) > 0) {
        return; // a DBA's own row has taken the place of the shipped one
    }
    if (is_recorded(&id)) {
        refuse("deleted", operation, "recorded executions",
               "Keep it: what they have cost is found by its id. Its name may change.");
    }
    bool is_null = false;
    select_use.execute_latest(&id);
    const Datum use = pg::only_column(0, &is_null);
    if (!is_null) {
        refuse("deleted", operation, TextDatumGetCString(use), "Let them end, or cancel or release them, first.");
    }
    delete_pauses.execute_latest(&id);
}

void rename(const TriggerData& trigger, const char* from, const char* to) {
    const Datum ids[] = {CStringGetTextDatum(from), CStringGetTextDatum(to)};
    if (is_recorded(ids)) {
        refuse("renamed", from, "recorded executions",
               "Keep the id: what they have cost is found by it. Change its name, or add another operation.");
    }
    CacheInvalidateRelcache(trigger.tg_relation); // the preferences' own trigger has to know the new id
    for (auto& statement : renames) {
        statement.execute_latest(ids);
    }
}

void follow(const TriggerData& trigger) {
    const char* before = pg::old_row(trigger).text("operation_id");
    pg::OwnerSpi spi;
    if (TRIGGER_FIRED_BY_DELETE(trigger.tg_event)) {
        check_deleted(before);
    } else if (const char* after = pg::new_row(trigger).text("operation_id"); pg::differs(before, after)) {
        rename(trigger, before, after);
    }
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_follow_operation) {
    follow(pg::checked_trigger(fcinfo, rule));
    return PointerGetDatum(nullptr);
}

} // namespace helix::operations
