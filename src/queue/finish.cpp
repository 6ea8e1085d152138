// Ends executions: what waited for one goes on, and a claim that does not hold is refused.
#include "pg/prelude.hpp"

#include "queue/finish.hpp"

#include "budgets/reservation.hpp"
#include "pg/error_text.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "queue/batch_progress.hpp"
#include "queue/lane_changes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/running_limits.hpp"
#include "queue/turns.hpp"

namespace helix::queue {

namespace {

// The schedules that may queue an execution behind this one at this moment. While one does, its row is locked.
pg::Statement lock_one_at_a_time(R"(
    SELECT FROM helix_internal.operation_schedules
     WHERE id = $1 AND (overlap = 'queue' OR (schedule_type = 'cron' AND missed_runs <> 'none'))
       FOR NO KEY UPDATE)",
                                 {UUIDOID});

// What waits has not run yet, so it has cost nothing. The index wants that said.
pg::Statement select_waiting(R"(
    SELECT FROM helix_internal.queue
     WHERE schedule_id = $1 AND earlier_cost_usd IS NULL AND ready_at = 'infinity' AND NOT running
     LIMIT 1)",
                             {UUIDOID});

pg::Statement release_next(R"(
    UPDATE helix_internal.queue q
       SET ready_at = GREATEST(q.run_at, pg_catalog.clock_timestamp())
     WHERE q.id = (SELECT w.id
                     FROM helix_internal.queue w
                    WHERE w.schedule_id = $1 AND w.earlier_cost_usd IS NULL AND w.ready_at = 'infinity'
                      AND NOT w.running
                    ORDER BY w.earlier_cost_usd, w.run_at, w.id
                    LIMIT 1)
       AND NOT EXISTS (SELECT FROM helix_internal.queue o
                        WHERE o.schedule_id = $1 AND (o.ready_at < 'infinity' OR o.running))
    RETURNING q.priority, q.ready_at, q.operation_id)",
                           {UUIDOID});

pg::Statement select_state(R"(
    SELECT q.running, q.attempt, NULL::text
      FROM helix_internal.queue q
     WHERE q.id = $1
    UNION ALL
    SELECT false, e.attempt, e.execution_status
      FROM helix_internal.schedule_executions e
     WHERE e.id = $1)",
                           {UUIDOID});
struct State {
    enum : int { running = 1, attempt, status };
};

// The schedule goes on with what waits for this execution, also where it has been changed or deleted meanwhile. An old
// snapshot does not show what has been queued since, so these statements take the latest.
void release_next_of(const pg_uuid_t& schedule) {
    const Datum id = UUIDPGetDatum(&schedule);
    lock_one_at_a_time.execute(&id);
    if (select_waiting.execute_latest(&id) > 0) {
        mark_rows_ready(release_next.execute_latest(&id));
    }
}

// Also where a claim skips it: it was released for that room.
bool makes_room(const Departed& departed) {
    return departed.was_running && (departed.limited || departed.concurrency_key != 0);
}

} // namespace

bool concerns_others(const Departed& departed) {
    return makes_room(departed) || departed.reserved || departed.schedule || departed.batch_operation;
}

void notify_dependents(const Departed& departed, const Ending& ending) {
    if (departed.reserved) {
        budgets::release(departed.id);
    }
    if (makes_room(departed)) {
        release_held_of({departed.user_id, departed.concurrency_key});
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
        mark_left(departed->priority, departed->operation_id, departed->turn, departed->ready_at);
    }
    enter_history(*departed, ending);
    notify_dependents(*departed, ending);
    return true;
}

const char* cancelled_error(const char* reason) {
    return reason == nullptr ? "cancelled" : pg::stored_error(psprintf("cancelled: %s", reason));
}

void refuse_claim(const Claim& claim) {
    const pg::OwnerSpi spi;
    const Datum id = UUIDPGetDatum(&claim.id);
    if (select_state.execute(&id) == 0) {
        refuse_unknown("execution", claim.id);
    }
    bool unfinished = false;
    const Datum status = pg::column(0, State::status, &unfinished);
    const bool running = DatumGetBool(pg::column(0, State::running));
    const char* const what =
        unfinished ? (running ? "claimed by another worker" : "pending") : TextDatumGetCString(status);
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the execution is not yours to change"),
                    errdetail("Execution %s is %s, its latest fencing token is %d.", pg::uuid_text(claim.id), what,
                              DatumGetInt32(pg::column(0, State::attempt))),
                    errhint("Its lease ran out or it was cancelled: drop the work and claim anew.")));
    pg_unreachable();
}

} // namespace helix::queue
