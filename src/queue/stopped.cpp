// Skips what waits when it is stopped, and the trigger that does so when a user switches an operation off.
#include "pg/prelude.hpp"

#include "queue/stopped.hpp"

#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/restored.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/uuid.hpp"
#include "queue/finish.hpp"
#include "queue/queue_planning.hpp"
#include "queue/turns.hpp"

namespace helix::queue {

namespace {

constexpr const char* switched_off = "skipped: the user has switched the operation off";
constexpr const char* tables[] = {"helix.user_operation_preferences"};
constexpr pg::TriggerRule rule{.function = "stop_operation",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

// A row that another transaction has locked is being claimed, cancelled or stopped at this moment. The latest comes
// first: so the end of one releases none of the others before the last.
pg::Statement select_waiting_of_schedule(R"(
    SELECT id
      FROM helix_internal.queue
     WHERE schedule_id = $1 AND NOT running
     ORDER BY run_at DESC, id DESC
       FOR UPDATE SKIP LOCKED)",
                                         {UUIDOID});

// Those of a batch are left to the claim: their end moves the batch on, and that locks it.
pg::Statement select_waiting_of_operation(R"(
    SELECT id
      FROM helix_internal.queue
     WHERE user_id = $1 AND operation_id = $2 AND batch_id IS NULL AND NOT running
     ORDER BY run_at DESC, id DESC
       FOR UPDATE SKIP LOCKED)",
                                          {UUIDOID, TEXTOID});

// All of them: the end of the one that runs would release a single one.
pg::Statement release_waiting(R"(
    UPDATE helix_internal.queue
       SET ready_at = GREATEST(run_at, pg_catalog.clock_timestamp())
     WHERE schedule_id = $1 AND earlier_cost_usd IS NULL AND ready_at = 'infinity' AND NOT running
    RETURNING priority, ready_at, operation_id)",
                              {UUIDOID});

pg::Statement select_switched_off(R"(
    SELECT FROM helix.user_operation_preferences
     WHERE user_id = $1 AND operation_id = $2 AND NOT enabled)",
                                  {UUIDOID, TEXTOID});

// Ends the executions whose ids the statement that ran last has returned.
void skip_selected(std::uint64_t count, const char* reason) {
    const auto waiting = pg::keep_rows(count);
    const Datum error = CStringGetTextDatum(reason);
    for (std::uint64_t row = 0; row < waiting.count; ++row) {
        const Claim claim{*DatumGetUUIDP(waiting[row].only_value()), std::nullopt, false};
        finish(claim, {.status = "skipped", .error = error});
    }
}

void stop_operation(const pg::TriggerRow& row) {
    bool is_null = false;
    const Datum values[] = {row.value("user_id", &is_null), row.value("operation_id", &is_null)};
    pg::OwnerSpi spi;
    plan_by_index();
    skip_selected(select_waiting_of_operation.execute_latest(values), switched_off);
    spi.finish();
}

} // namespace

void skip_waiting_of(const pg_uuid_t& schedule, const char* reason) {
    const Datum id = UUIDPGetDatum(&schedule);
    plan_by_index();
    skip_selected(select_waiting_of_schedule.execute_latest(&id), reason);
}

void release_waiting_of(const pg_uuid_t& schedule) {
    const Datum id = UUIDPGetDatum(&schedule);
    mark_rows_ready(release_waiting.execute(&id));
}

void refuse_disabled(const pg_uuid_t& schedule) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the schedule is disabled"),
                    errdetail("It is %s.", pg::uuid_text(schedule)),
                    errhint("Set enabled = true in helix.operation_schedules.")));
    pg_unreachable();
}

void check_switched_on(const pg_uuid_t& user, Datum operation_id) {
    const Datum values[] = {UUIDPGetDatum(&user), operation_id};
    if (select_switched_off.execute(values) > 0) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the user has switched the operation off"),
                 errdetail("It is \"%s\".", TextDatumGetCString(operation_id)),
                 errhint("Set enabled = true in helix.user_operation_preferences.")));
    }
}

HELIX_FUNCTION(helix_stop_operation) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    const pg::TriggerRow row = pg::new_row(trigger);
    const bool of_dump = TRIGGER_FIRED_BY_INSERT(trigger.tg_event) && pg::is_restored(row);
    const char* enabled = row.text("enabled");
    if (!of_dump && enabled != nullptr && *enabled == 'f') {
        stop_operation(row);
    }
    return PointerGetDatum(nullptr);
}

} // namespace helix::queue
