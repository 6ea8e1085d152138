// The trigger before a schedule is written: refuses what does not make sense, and fills in what follows from the rest.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "operations/operations.hpp"
#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/zones.hpp"
#include "schedules/next_run.hpp"
#include "schedules/schedule_limits.hpp"

namespace helix::schedules {

namespace {

using pg::differs;
using Row = pg::TriggerRow;

constexpr const char* tables[] = {"helix_internal.operation_schedules"};
constexpr pg::TriggerRule rule{.function = "check_schedule",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

bool changes_times(const TriggerData& trigger, const Row& row) {
    if (!TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
        return true;
    }
    const Row before = pg::old_row(trigger);
    for (const char* column : {"schedule_type", "cron_expression", "timezone", "enabled"}) {
        if (differs(before.text(column), row.text(column))) {
            return true;
        }
    }
    return before.text("next_scheduled_at") == nullptr;
}

void set_times(Row& row) {
    const char* zone = row.text("timezone");
    const char* expression = row.text("cron_expression");
    const TimestampTz now = GetCurrentTimestamp();
    if (zone == nullptr || expression == nullptr || strcmp(row.text("schedule_type"), "cron") != 0) {
        row.set("next_scheduled_at", 0, true);
        row.set_text("pg_cron_expression", nullptr);
        return;
    }
    const auto next = next_run(expression, zone, now);
    if (!next) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the cron expression never comes true"),
                 errdetail("It is \"%s\".", expression), errhint("Name a date that exists; @reboot is not a time.")));
    }
    if (!callers::acts_for_anyone()) {
        check_interval(expression, zone);
    }
    row.set("next_scheduled_at", TimestampTzGetDatum(*next), false);
    row.set_text("pg_cron_expression", pg_cron_form(expression, zone, now));
}

// A name that this server does not know may stay: it was there before, or comes from a dump.
void check_zone(const TriggerData& trigger, Row& row) {
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    const char* zone = row.text("timezone");
    const bool known = update ? !differs(pg::old_row(trigger).text("timezone"), zone) : pg::is_restored(row);
    if (zone != nullptr && !known) {
        row.set_text("timezone", pg::checked_zone(zone));
    }
}

// Whoever writes a schedule decides what runs. A superuser (a restored dump, helix itself) gives run_as in the row.
void set_run_as(const TriggerData& trigger, Row& row) {
    if (!superuser()) {
        const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
        const auto rights = callers::rights();
        const char* role =
            update ? rights.run_as(pg::old_row(trigger).text("run_as")) : GetUserNameFromId(rights.role, false);
        row.set("run_as", pg::name_datum(role), false);
    }
}

// A handler never runs as a superuser. Here the user who makes the schedule is told so.
void refuse_superuser(const Row& row) {
    const char* operation = row.text("operation_id");
    const char* enabled = row.text("enabled");
    if (operation != nullptr && enabled != nullptr && *enabled == 't') {
        operations::refuse_superuser(operation, row.text("run_as"));
    }
}

// Counts also where a service gives a schedule to another user.
void count_for_user(const TriggerData& trigger, const Row& row) {
    const char* user = row.text("user_id");
    const bool new_to_user =
        !TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) || differs(pg::old_row(trigger).text("user_id"), user);
    if (user != nullptr && new_to_user) {
        bool is_null = false;
        check_count(*DatumGetUUIDP(row.value("user_id", &is_null)));
    }
}

// The database says when a row was made and changed, whatever a client sends; a dump says it itself.
void set_written_at(const TriggerData& trigger, Row& row) {
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    if (!update && pg::is_restored(row)) {
        return;
    }
    const Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
    bool is_null = false;
    const Datum created_at = update ? pg::old_row(trigger).value("created_at", &is_null) : now;
    row.set("created_at", created_at, is_null);
    row.set("updated_at", now, false);
}

HeapTuple checked_row(const TriggerData& trigger) {
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    Row row = pg::new_row(trigger);
    check_zone(trigger, row);
    if (row.text("schedule_type") != nullptr && changes_times(trigger, row)) {
        set_times(row);
    }
    const char* id = row.text("id");
    if (update && differs(pg::old_row(trigger).text("id"), id)) { // the same id is fine: upserts of PostgREST set it
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the id of a schedule cannot change"),
                        errhint("Insert a new schedule.")));
    }
    if (row.text("job_name") == nullptr && id != nullptr) {
        row.set_text("job_name", psprintf("helix_%s", id));
    }
    set_run_as(trigger, row);
    if (update || !pg::is_restored(row)) { // a dump restores as it was
        count_for_user(trigger, row);
        refuse_superuser(row);
    }
    set_written_at(trigger, row);
    return row.tuple;
}

} // namespace

HELIX_FUNCTION(helix_check_schedule) {
    return PointerGetDatum(checked_row(pg::checked_trigger(fcinfo, rule)));
}

} // namespace helix::schedules
