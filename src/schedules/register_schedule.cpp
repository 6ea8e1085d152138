// The trigger after a schedule has been written: its pg_cron job follows in the same transaction.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "schedules/pg_cron.hpp"

#include <cstring>

extern "C" {
#include "commands/trigger.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
}

namespace helix::schedules {

namespace {

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

// A dump being restored: it brings pg_cron's own table too, so the worker does it later.
bool is_copy() {
    return ActivePortal != nullptr && ActivePortal->commandTag == CMDTAG_COPY;
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
    spi.finish();
}

} // namespace

} // namespace helix::schedules

using namespace helix;

HELIX_FUNCTION(helix_register_schedule) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("register_schedule() is a trigger function")));
    }
    if (!schedules::is_copy()) {
        schedules::follow(*reinterpret_cast<TriggerData*>(fcinfo->context));
    }
    return PointerGetDatum(nullptr);
}
