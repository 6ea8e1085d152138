// helix.create_execution_with_lock(): the caller runs an execution of a schedule itself, and no other runs meanwhile.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/sqlstate.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/client_execution.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"
#include "queue/stopped.hpp"

namespace helix::queue {

namespace {

pg::Statement lock_schedule(R"(
    SELECT user_id, operation_id, parameters, run_as, enabled
      FROM helix_internal.operation_schedules
     WHERE id = $1 AND user_id = $2
       FOR NO KEY UPDATE)",
                            {UUIDOID, UUIDOID});
struct Schedule {
    enum : int { user_id = 1, operation_id, parameters, run_as, enabled };
};

pg::Statement select_running("SELECT id FROM helix_internal.queue WHERE schedule_id = $1 AND running LIMIT 1",
                             {UUIDOID});

pg::Statement start(R"(
    UPDATE helix_internal.queue
       SET running = true,
           attempt = 1,
           worker = NULL,
           started_at = pg_catalog.clock_timestamp(),
           lease_until = $2
     WHERE id = $1)",
                    {UUIDOID, TIMESTAMPTZOID});

[[noreturn]] void refuse_running(const pg_uuid_t& schedule, Datum running) {
    ereport(ERROR,
            (errcode(pg::code_of(sqlstate::already_running)), errmsg("the schedule is running already"),
             errdetail("Execution %s of schedule %s is running.", pg::uuid_text(running), pg::uuid_text(schedule)),
             errhint("Wait for it, or end it with helix.cancel_execution().")));
    pg_unreachable();
}

struct Argument {
    enum : int { schedule_id, user_id, triggered_by };
};

} // namespace

void read_client_schedule(NewExecution& execution) {
    const Datum own[] = {UUIDPGetDatum(execution.schedule_id), UUIDPGetDatum(&execution.user_id)};
    if (lock_schedule.execute(own) == 0) {
        refuse_unknown("schedule of this user", *execution.schedule_id);
    }
    if (!DatumGetBool(pg::column(0, Schedule::enabled))) {
        refuse_disabled(*execution.schedule_id);
    }
    execution.operation_id = pg::column(0, Schedule::operation_id);
    if (execution.payload == 0) {
        execution.payload = pg::column(0, Schedule::parameters);
    }
    execution.run_as = NameStr(*DatumGetName(pg::column(0, Schedule::run_as)));
    check_switched_on(execution.user_id, execution.operation_id);
}

pg_uuid_t start_client_execution(NewExecution& execution) {
    read_client_schedule(execution);
    check_not_paused(execution.user_id, execution.operation_id);
    const Datum schedule_id = UUIDPGetDatum(execution.schedule_id);
    if (select_running.execute_latest(&schedule_id) > 0) {
        refuse_running(*execution.schedule_id, pg::only_column());
    }
    execution.max_attempts = 1; // no worker takes over what the caller runs
    execution.waits = true;
    const pg_uuid_t id = enqueue(execution);
    const Datum values[] = {UUIDPGetDatum(&id), TimestampTzGetDatum(GetCurrentTimestamp() + client_lease_us)};
    start.execute(values);
    return id;
}

HELIX_FUNCTION(helix_create_execution_with_lock) {
    const pg_uuid_t schedule = *DatumGetUUIDP(pg::required(fcinfo, Argument::schedule_id, "p_schedule_id"));
    const pg_uuid_t user = *DatumGetUUIDP(pg::required(fcinfo, Argument::user_id, "p_user_id"));
    NewExecution execution{.user_id = user, .schedule_id = &schedule};
    execution.triggered_by = trigger_word(fcinfo, Argument::triggered_by);
    callers::check_acts_for(user);
    pg::OwnerSpi spi;
    plan_by_index();
    const pg_uuid_t id = start_client_execution(execution);
    spi.finish();
    return pg::uuid_datum(id);
}

} // namespace helix::queue
