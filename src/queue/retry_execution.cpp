// helix.retry_execution(): what has failed or was skipped is queued once more.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "operations/operations.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "queue/enqueue.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

namespace helix::queue {

namespace {

pg::Statement select_owner(R"(
    SELECT user_id FROM helix_internal.queue WHERE id = $1
    UNION ALL
    SELECT user_id FROM helix_internal.schedule_executions WHERE id = $1)",
                           {UUIDOID});

pg::Statement lock_ended(R"(
    SELECT user_id, operation_id, schedule_id, priority, request_id, payload, run_as, retried_as, concurrency_key,
           CASE WHEN execution_status NOT IN ('failed', 'skipped') THEN 'It is ' || execution_status || '.'
                WHEN batch_id IS NOT NULL THEN 'It is a part of batch ' || batch_id || '.'
                WHEN retried_as IS NOT NULL THEN 'It was retried as execution ' || retried_as || '.' END
      FROM helix_internal.schedule_executions
     WHERE id = $1
       FOR UPDATE)",
                         {UUIDOID});
struct Ended {
    enum : int {
        user_id = 1,
        operation_id,
        schedule_id,
        priority,
        request_id,
        payload,
        run_as,
        retried_as,
        concurrency_key,
        obstacle
    };
};

pg::Statement note_retry("UPDATE helix_internal.schedule_executions SET retried_as = $2 WHERE id = $1",
                         {UUIDOID, UUIDOID});

[[noreturn]] void refuse(const char* obstacle) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the execution cannot be retried"),
                    errdetail("%s", obstacle),
                    errhint("What has failed or was skipped is retried once; of a batch, by helix.retry_batch().")));
    pg_unreachable();
}

Datum optional_column(int number) {
    bool is_null = false;
    const Datum value = pg::column(0, number, &is_null);
    return is_null ? 0 : value;
}

// Locks what has ended, and copies what is queued anew into SPI's memory. `schedule` gets its schedule's id.
NewExecution read_ended(const pg_uuid_t& id, pg_uuid_t& schedule, const callers::Rights& rights) {
    const Datum value = UUIDPGetDatum(&id);
    rights.check_may_use(select_owner, &value, "execution", id);
    if (lock_ended.execute(&value) == 0) {
        if (select_owner.execute(&value) == 0) {
            refuse_unknown("execution", id);
        }
        refuse("It has not ended.");
    }
    if (const Datum obstacle = optional_column(Ended::obstacle)) {
        refuse(TextDatumGetCString(obstacle));
    }
    NewExecution execution{.user_id = *DatumGetUUIDP(pg::column(0, Ended::user_id))};
    execution.operation_id = pg::column(0, Ended::operation_id);
    execution.priority = DatumGetInt16(pg::column(0, Ended::priority));
    execution.request_id = optional_column(Ended::request_id);
    execution.concurrency_key = optional_column(Ended::concurrency_key);
    execution.payload = execution.given_payload = optional_column(Ended::payload);
    // Whoever queued it has decided its payload, so the caller lends it no rights.
    const Datum role = optional_column(Ended::run_as);
    execution.run_as = role == 0 ? nullptr : rights.run_as(TextDatumGetCString(role));
    if (const Datum of = optional_column(Ended::schedule_id)) {
        schedule = *DatumGetUUIDP(of);
        execution.schedule_id = &schedule;
    }
    return execution;
}

// Its schedule may have changed since. The operation and the payload belong together, so they stay.
void apply_present_schedule(NewExecution& execution, const callers::Rights& rights) {
    const Datum operation = execution.operation_id;
    const char* const decided_before = execution.run_as;
    apply_schedule(execution, rights);
    execution.operation_id = operation;
    if (decided_before != nullptr) { // else a run that was skipped before it was queued
        execution.run_as = decided_before;
    }
}

} // namespace

HELIX_FUNCTION(helix_retry_execution) {
    const pg_uuid_t ended = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_execution_id"));
    const auto rights = callers::rights();
    pg_uuid_t schedule{};
    pg::OwnerSpi spi;
    plan_by_index();
    NewExecution execution = read_ended(ended, schedule, rights);
    if (execution.schedule_id != nullptr) {
        apply_present_schedule(execution, rights);
    }
    if (execution.run_as == nullptr) {
        execution.run_as = GetUserNameFromId(rights.role, false);
    }
    operations::check_operation(pg::text_view(execution.operation_id));
    operations::refuse_superuser(pg::text_view(execution.operation_id), execution.run_as);
    const pg_uuid_t id = enqueue(execution);
    const Datum values[] = {UUIDPGetDatum(&ended), UUIDPGetDatum(&id)};
    note_retry.execute(values);
    spi.finish();
    return pg::uuid_datum(id);
}

} // namespace helix::queue
