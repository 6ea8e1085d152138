// The trigger after a schedule has been written: its pg_cron job follows in the same transaction.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "schedules/pg_cron.hpp"

#include <cstring>

extern "C" {
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
}

namespace helix::schedules {

namespace {

constexpr const char* tables[] = {"helix_internal.operation_schedules"};
constexpr pg::TriggerRule rule{.function = "register_schedule",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = tables};

// An execution that waits for another of its schedule is let go by that one's end while the schedule says so. The lanes
// find it at their next look.
pg::Statement let_go("UPDATE helix_internal.queue SET ready_at = GREATEST(run_at, pg_catalog.clock_timestamp()) "
                     "WHERE schedule_id = $1 AND ready_at = 'infinity' AND NOT running",
                     {UUIDOID});

// The job that a row asks for; no expression where it asks for none.
struct Job {
    const char* name;
    const char* expression;
};

Job job_of(const TriggerData& trigger, HeapTuple row) {
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    const auto text = [&](const char* column) { return SPI_getvalue(row, columns, SPI_fnumber(columns, column)); };
    const bool wanted = strcmp(text("schedule_type"), "cron") == 0 && strcmp(text("enabled"), "t") == 0;
    return {text("job_name"), wanted ? text("pg_cron_expression") : nullptr};
}

bool goes_one_by_one(const TriggerData& trigger, HeapTuple row) {
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    const auto is = [&](const char* column, const char* word) {
        return strcmp(SPI_getvalue(row, columns, SPI_fnumber(columns, column)), word) == 0;
    };
    return is("overlap", "queue") || is("missed_runs", "all");
}

void let_waiting_go(const TriggerData& trigger) {
    const bool stays = !TRIGGER_FIRED_BY_DELETE(trigger.tg_event);
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event) || !goes_one_by_one(trigger, trigger.tg_trigtuple) ||
        (stays && goes_one_by_one(trigger, trigger.tg_newtuple))) {
        return;
    }
    bool is_null = false;
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    const Datum id = SPI_getbinval(trigger.tg_trigtuple, columns, SPI_fnumber(columns, "id"), &is_null);
    let_go.execute(&id);
}

// A dump being restored, by COPY or by INSERT: it brings pg_cron's own table too, so the worker does it later.
bool is_of_dump(const TriggerData& trigger) {
    const bool copy = ActivePortal != nullptr && ActivePortal->commandTag == CMDTAG_COPY;
    return copy || (TRIGGER_FIRED_BY_INSERT(trigger.tg_event) && pg::is_restored(pg::new_row(trigger)));
}

void follow(const TriggerData& trigger) {
    const Job first = job_of(trigger, trigger.tg_trigtuple);
    Job wanted = first;
    if (TRIGGER_FIRED_BY_DELETE(trigger.tg_event)) {
        wanted.expression = nullptr;
    } else if (TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
        wanted = job_of(trigger, trigger.tg_newtuple);
    }
    pg::OwnerSpi spi;
    if (wanted.expression != nullptr) {
        require_pg_cron();
        put_job(wanted.name, wanted.expression);
    }
    if (has_pg_cron() && (wanted.expression == nullptr || strcmp(wanted.name, first.name) != 0)) {
        remove_job(first.name);
    }
    let_waiting_go(trigger);
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_register_schedule) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (!is_of_dump(trigger)) {
        follow(trigger);
    }
    return PointerGetDatum(nullptr);
}

} // namespace helix::schedules
