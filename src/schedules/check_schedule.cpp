// The trigger before a schedule is written: what does not make sense is refused, what follows from the rest is filled
// in.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "schedules/next_run.hpp"

#include <cstring>

extern "C" {
#include "commands/trigger.h"
#include "executor/spi.h"
}

namespace helix::schedules {

namespace {

// A row on its way in; plain data.
struct Row {
    TupleDesc columns;
    HeapTuple tuple;

    int number(const char* column) const { return SPI_fnumber(columns, column); }
    const char* text(const char* column) const { return SPI_getvalue(tuple, columns, number(column)); }

    void set(const char* column, Datum value, bool is_null) {
        int at = number(column);
        tuple = heap_modify_tuple_by_cols(tuple, columns, 1, &at, &value, &is_null);
    }
    void set_text(const char* column, const char* value) {
        set(column, value == nullptr ? 0 : CStringGetTextDatum(value), value == nullptr);
    }
};

bool differs(const char* one, const char* other) {
    return one == nullptr || other == nullptr ? one != other : strcmp(one, other) != 0;
}

bool changes_times(const TriggerData& trigger, const Row& row) {
    if (!TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
        return true;
    }
    const Row before{row.columns, trigger.tg_trigtuple};
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
        if (zone != nullptr) {
            next_run("* * * * *", zone, now); // refuses an unknown zone
        }
        return;
    }
    const auto next = next_run(expression, zone, now);
    if (!next) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the cron expression never comes true"),
                        errdetail("It is \"%s\".", expression),
                        errhint("Name a date that exists and ranges that go up (sun-sat); @reboot is not a time.")));
    }
    row.set("next_scheduled_at", TimestampTzGetDatum(*next), false);
    row.set_text("pg_cron_expression", pg_cron_form(expression, zone, now));
}

HeapTuple checked(const TriggerData& trigger) {
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    Row row{RelationGetDescr(trigger.tg_relation), update ? trigger.tg_newtuple : trigger.tg_trigtuple};
    if (row.text("schedule_type") != nullptr && changes_times(trigger, row)) {
        set_times(row);
    }
    const char* id = row.text("id");
    if (update && differs(Row{row.columns, trigger.tg_trigtuple}.text("id"), id)) { // upserts of PostgREST set it
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the id of a schedule cannot change"),
                        errhint("Insert a new schedule.")));
    }
    if (row.text("job_name") == nullptr && id != nullptr) {
        row.set_text("job_name", psprintf("helix_%s", id));
    }
    if (update) {
        row.set("updated_at", TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), false);
    }
    return row.tuple;
}

} // namespace

} // namespace helix::schedules

using namespace helix;

HELIX_FUNCTION(helix_check_schedule) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR,
                (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED), errmsg("check_schedule() is a trigger function")));
    }
    return PointerGetDatum(schedules::checked(*reinterpret_cast<TriggerData*>(fcinfo->context)));
}
