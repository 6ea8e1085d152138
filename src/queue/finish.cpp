#include "pg/prelude.hpp"

#include "queue/finish.hpp"

#include "budgets/reservation.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "queue/batch_progress.hpp"
#include "queue/lanes.hpp"
#include "queue/queue_arguments.hpp"

namespace helix::queue {

namespace {

// The schedules that may queue an execution behind this one at this moment; their rows are locked while they do.
pg::Statement lock_one_at_a_time("SELECT FROM helix_internal.operation_schedules WHERE id = $1 AND (overlap = 'queue' "
                                 "OR (schedule_type = 'cron' AND missed_runs <> 'none')) FOR NO KEY UPDATE",
                                 {UUIDOID});
pg::Statement select_waiting("SELECT FROM helix_internal.queue WHERE schedule_id = $1 AND ready_at = 'infinity' "
                             "AND NOT running LIMIT 1",
                             {UUIDOID});
pg::Statement release_next(
    "UPDATE helix_internal.queue q SET ready_at = GREATEST(q.run_at, pg_catalog.clock_timestamp()) "
    "WHERE q.id = (SELECT w.id FROM helix_internal.queue w WHERE w.schedule_id = $1 AND w.ready_at = 'infinity' "
    "AND NOT w.running ORDER BY w.run_at, w.id LIMIT 1) AND NOT EXISTS (SELECT FROM helix_internal.queue o "
    "WHERE o.schedule_id = $1 AND (o.ready_at < 'infinity' OR o.running)) RETURNING q.priority, q.ready_at",
    {UUIDOID});
pg::Statement select_state(
    "SELECT q.running, q.attempt, NULL::text FROM helix_internal.queue q WHERE q.id = $1 UNION ALL "
    "SELECT false, e.attempt, e.execution_status FROM helix_internal.schedule_executions e WHERE e.id = $1",
    {UUIDOID});

// The schedule goes on with what waits for this execution, also where it has been changed or deleted meanwhile. An old
// snapshot does not see what has been queued since.
void release_next_of(const pg_uuid_t& schedule) {
    const Datum id = UUIDPGetDatum(&schedule);
    lock_one_at_a_time.execute(&id);
    if (select_waiting.execute_latest(&id) > 0 && release_next.execute_latest(&id) > 0) {
        mark_ready(DatumGetInt16(pg::column(0, 1)), DatumGetTimestampTz(pg::column(0, 2)));
    }
}

} // namespace

bool concerns_others(const Departed& departed) {
    return departed.reserved || departed.schedule || departed.batch_operation;
}

void notify_dependents(const Departed& departed, const Ending& ending) {
    if (departed.reserved) {
        budgets::release(departed.id);
    }
    if (departed.schedule) {
        release_next_of(*departed.schedule);
    }
    if (departed.batch_operation) {
        note_batch_operation(*departed.batch_operation, ending);
    }
}

bool finish(const Claim& claim, const Ending& ending) {
    const auto departed = leave_queue(claim);
    if (!departed) {
        return false;
    }
    if (!departed->was_running) {
        mark_taken(departed->priority, departed->ready_at);
    }
    enter_history(*departed, ending);
    notify_dependents(*departed, ending);
    return true;
}

void refuse_claim(const Claim& claim) {
    const pg::OwnerSpi spi;
    const Datum id = UUIDPGetDatum(&claim.id);
    if (select_state.execute(&id) == 0) {
        refuse_unknown("execution", claim.id);
    }
    bool unfinished = false;
    const Datum status = pg::column(0, 3, &unfinished);
    const char* const what = unfinished ? (DatumGetBool(pg::column(0, 1)) ? "claimed by another worker" : "pending")
                                        : TextDatumGetCString(status);
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the execution is not yours to change"),
                    errdetail("Execution %s is %s, its latest fencing token is %d.", pg::uuid_text(claim.id), what,
                              DatumGetInt32(pg::column(0, 2))),
                    errhint("Its lease ran out or it was cancelled: drop the work and claim anew.")));
    pg_unreachable();
}

} // namespace helix::queue
