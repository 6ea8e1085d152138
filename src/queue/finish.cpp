#include "pg/prelude.hpp"

#include "queue/finish.hpp"

#include "budgets/reservation.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "queue/arguments.hpp"
#include "queue/batch_progress.hpp"
#include "queue/lanes.hpp"

namespace helix::queue {

namespace {

pg::Statement move(
    "WITH gone AS (DELETE FROM helix_internal.queue q WHERE q.id = $1 AND ($2 IS NULL OR q.attempt = $2) "
    "AND (q.running OR NOT $3) RETURNING q.*) "
    "INSERT INTO helix_internal.schedule_executions (id, user_id, operation_id, schedule_id, batch_id, "
    "batch_operation_id, execution_status, triggered_by, priority, attempt, worker, run_at, scheduled_for, request_id, "
    "payload, result, error_message, cost_actual, latency_ms, created_at, started_at) "
    "SELECT g.id, g.user_id, g.operation_id, g.schedule_id, g.batch_id, g.batch_operation_id, $4, g.triggered_by, "
    "g.priority, g.attempt, g.worker, g.run_at, g.scheduled_for, g.request_id, g.payload, $5, $6, $7, $8, "
    "g.created_at, g.started_at FROM gone g "
    "RETURNING user_id, operation_id, schedule_id, batch_operation_id, priority, "
    "(SELECT g.ready_at FROM gone g WHERE NOT g.running), (SELECT g.reserved FROM gone g)",
    {UUIDOID, INT4OID, BOOLOID, TEXTOID, JSONBOID, TEXTOID, NUMERICOID, INT4OID});
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
        note_ready(DatumGetInt16(pg::column(0, 1)), DatumGetTimestampTz(pg::column(0, 2)));
    }
}

} // namespace

std::optional<Finished> move_to_history(const Claim& claim, const Ending& ending) {
    pg::Values values;
    values.add_uuid(&claim.id).add(Int32GetDatum(claim.attempt.value_or(0)), !claim.attempt);
    values.add(BoolGetDatum(claim.must_run)).add_text(ending.status);
    values.add(ending.result, ending.result == 0).add(ending.error, ending.error == 0);
    values.add(ending.cost, ending.cost == 0);
    values.add(Int32GetDatum(ending.latency_ms.value_or(0)), !ending.latency_ms);
    if (move.execute(values.values(), values.letters()) == 0) {
        return std::nullopt;
    }
    bool no_schedule = false;
    bool no_batch = false;
    Finished finished{*DatumGetUUIDP(pg::column(0, 1)), pg::column(0, 2)};
    const Datum schedule = pg::column(0, 3, &no_schedule);
    const Datum operation = pg::column(0, 4, &no_batch);
    if (!no_batch) {
        finished.batch_operation = *DatumGetUUIDP(operation);
    }
    bool was_running = false;
    const Datum place = pg::column(0, 6, &was_running);
    const bool reserved = DatumGetBool(pg::column(0, 7));
    if (!was_running) {
        note_taken(DatumGetInt16(pg::column(0, 5)), DatumGetTimestampTz(place));
    }
    if (reserved) {
        budgets::release(claim.id);
    }
    if (!no_schedule) {
        release_next_of(*DatumGetUUIDP(schedule));
    }
    return finished;
}

void note_ending(const Finished& finished, const Ending& ending) {
    if (finished.batch_operation) {
        note_batch_operation(*finished.batch_operation, ending);
    }
}

std::optional<Finished> finish(const Claim& claim, const Ending& ending) {
    const auto finished = move_to_history(claim, ending);
    if (finished) {
        note_ending(*finished, ending);
    }
    return finished;
}

void refuse_claim(const Claim& claim) {
    const Datum id = UUIDPGetDatum(&claim.id);
    if (select_state.execute(&id) == 0) {
        refuse_unknown("execution", claim.id);
    }
    bool unfinished = false;
    const Datum status = pg::column(0, 3, &unfinished);
    const char* const what = unfinished ? (DatumGetBool(pg::column(0, 1)) ? "claimed by another worker" : "pending")
                                        : TextDatumGetCString(status);
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the execution is not yours to change"),
                    errdetail("Execution %s is %s, its latest fencing token is %d.", uuid_text(claim.id), what,
                              DatumGetInt32(pg::column(0, 2))),
                    errhint("Its lease ran out or it was cancelled: drop the work and claim anew.")));
    pg_unreachable();
}

} // namespace helix::queue
