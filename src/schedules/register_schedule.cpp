// The trigger after a schedule has been written: its pg_cron job follows in the same transaction.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "queue/restored_queue.hpp"
#include "queue/stopped.hpp"
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

// The job that a row asks for; no expression where it asks for none.
struct Job {
    const char* name;
    const char* expression;
};

bool is_enabled(const pg::TriggerRow& row) {
    return strcmp(row.text("enabled"), "t") == 0;
}

Job job_of(const pg::TriggerRow& row) {
    const bool wanted = strcmp(row.text("schedule_type"), "cron") == 0 && is_enabled(row);
    return {row.text("job_name"), wanted ? row.text("pg_cron_expression") : nullptr};
}

bool runs_one_by_one(const pg::TriggerRow& row) {
    return strcmp(row.text("overlap"), "queue") == 0 || strcmp(row.text("missed_runs"), "all") == 0;
}

// What waits of a schedule ends where the schedule is disabled or goes. It is released where the schedule no longer
// runs one execution after the other.
void stop_or_release(const TriggerData& trigger) {
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        return;
    }
    const pg::TriggerRow before = pg::old_row(trigger);
    bool is_null = false;
    const Datum id = before.value("id", &is_null);
    if (TRIGGER_FIRED_BY_DELETE(trigger.tg_event)) {
        queue::skip_waiting_of(*DatumGetUUIDP(id), queue::schedule_deleted);
        return;
    }
    const pg::TriggerRow after = pg::new_row(trigger);
    if (is_enabled(before) && !is_enabled(after)) {
        queue::skip_waiting_of(*DatumGetUUIDP(id), queue::schedule_disabled);
    } else if (runs_one_by_one(before) && !runs_one_by_one(after)) {
        queue::release_waiting_of(*DatumGetUUIDP(id));
    }
}

// A dump is being restored, by COPY or by INSERT. It brings pg_cron's own table too, so the worker registers the job
// later.
bool is_of_dump(const TriggerData& trigger) {
    const bool copy = ActivePortal != nullptr && ActivePortal->commandTag == CMDTAG_COPY;
    return copy || (TRIGGER_FIRED_BY_INSERT(trigger.tg_event) && pg::is_restored(pg::new_row(trigger)));
}

void follow(const TriggerData& trigger) {
    const Job first = job_of(pg::old_row(trigger)); // of an insert, the new row
    Job wanted = first;
    if (TRIGGER_FIRED_BY_DELETE(trigger.tg_event)) {
        wanted.expression = nullptr;
    } else if (TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
        wanted = job_of(pg::new_row(trigger));
    }
    pg::OwnerSpi spi;
    if (wanted.expression != nullptr) {
        require_pg_cron();
        put_job(wanted.name, wanted.expression);
    }
    if (has_pg_cron() && (wanted.expression == nullptr || strcmp(wanted.name, first.name) != 0)) {
        remove_job(first.name);
    }
    stop_or_release(trigger);
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_register_schedule) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (!is_of_dump(trigger)) {
        follow(trigger);
    } else if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event) && pg::is_restored(pg::new_row(trigger))) {
        queue::note_restored();
    }
    return PointerGetDatum(nullptr);
}

} // namespace helix::schedules
