// Moves a batch on when one of its operations ends: stops it, skips what can no longer run, releases what may run.
#include "pg/prelude.hpp"

#include "queue/batch_progress.hpp"

#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/enqueue.hpp"
#include "queue/turns.hpp"

namespace helix::queue {

namespace {

constexpr const char* needs_others = "skipped: an operation that it depends on has not succeeded";

pg::Statement lock_batch(R"(
    SELECT b.id, b.batch_type = 'conditional', b.batch_type = 'sequential' OR b.max_concurrency IS NOT NULL,
           b.on_complete IS NOT NULL
      FROM helix_internal.operation_batches b
      JOIN helix_internal.batch_operations o ON o.batch_id = b.id
     WHERE o.id = $1
       FOR NO KEY UPDATE OF b)",
                         {UUIDOID});
struct LockedBatch {
    enum : int { id = 1, conditional, limited, calls_back };
};

pg::Statement keep_ending(R"(
    UPDATE helix_internal.batch_operations
       SET ended = $2,
           result = $3,
           error_message = $4,
           cost_actual = CASE WHEN $5 IS NULL THEN cost_actual ELSE COALESCE(cost_actual, 0) + $5 END,
           executed_at = pg_catalog.clock_timestamp()
     WHERE id = $1)",
                          {UUIDOID, TEXTOID, JSONBOID, TEXTOID, NUMERICOID});

pg::Statement add_cost(R"(
    UPDATE helix_internal.batch_operations
       SET cost_actual = COALESCE(cost_actual, 0) + $2
     WHERE id = $1)",
                       {UUIDOID, NUMERICOID});

pg::Statement select_stop_reason("SELECT helix_internal.batch_stop_reason($1)", {UUIDOID});

// A row that another transaction has locked is ending or being claimed at this moment. An ending comes by here, a claim
// asks for the reason.
pg::Statement select_unclaimed(R"(
    SELECT id
      FROM helix_internal.queue
     WHERE batch_id = $1 AND NOT running
       FOR UPDATE SKIP LOCKED)",
                               {UUIDOID});

// What depends on an operation, directly or not. In a conditional batch all of it still waits.
pg::Statement select_hopeless(R"(
    WITH RECURSIVE hopeless AS (
        SELECT $2 AS id
        UNION
        SELECT o.id
          FROM hopeless h
          JOIN helix_internal.batch_operations o ON o.depends_on @> ARRAY[h.id]
         WHERE o.ended IS NULL)
    SELECT q.id
      FROM helix_internal.queue q
      JOIN hopeless h ON h.id = q.batch_operation_id
     WHERE q.batch_id = $1 AND NOT q.running
       FOR UPDATE OF q)",
                              {UUIDOID, UUIDOID});

pg::Statement skip(R"(
    WITH gone AS (
        DELETE FROM helix_internal.queue q WHERE q.id = ANY ($1) RETURNING q.*),
    kept AS (
        INSERT INTO helix_internal.schedule_executions
               (id, user_id, operation_id, batch_id, batch_operation_id, execution_status, triggered_by, priority, attempt,
                run_at, payload, error_message, cost_actual, created_at)
        SELECT g.id, g.user_id, g.operation_id, g.batch_id, g.batch_operation_id, 'skipped', g.triggered_by, g.priority,
               g.attempt, g.run_at, g.payload, $2, g.earlier_cost_usd, g.created_at
          FROM gone g)
    UPDATE helix_internal.batch_operations o
       SET ended = 'skipped',
           error_message = $2,
           executed_at = pg_catalog.clock_timestamp()
      FROM gone g
     WHERE o.id = g.batch_operation_id)",
                   {UUIDARRAYOID, TEXTOID});

pg::Statement unblock(R"(
    UPDATE helix_internal.batch_operations o
       SET unblocked = true
     WHERE o.depends_on @> ARRAY[$1] AND o.ended IS NULL
       AND NOT EXISTS (SELECT FROM helix_internal.batch_operations d
                        WHERE d.id = ANY (o.depends_on) AND d.ended IS NULL))",
                      {UUIDOID});

// The places are in order, and not in the future.
pg::Statement release(R"(
    UPDATE helix_internal.queue q
       SET ready_at = next.place,
           run_at = next.place
      FROM (SELECT w.id,
                   CASE WHEN w.run_at > pg_catalog.clock_timestamp() THEN w.run_at -- by reschedule_execution()
                        ELSE pg_catalog.clock_timestamp()
                             - interval '1 us' * (1000 - pg_catalog.row_number() OVER (ORDER BY o.sequence_order))
                   END AS place
              FROM helix_internal.queue w
              JOIN helix_internal.batch_operations o ON o.id = w.batch_operation_id
             WHERE w.batch_id = $1 AND w.ready_at = 'infinity' AND o.unblocked
             ORDER BY o.sequence_order
             LIMIT (SELECT CASE WHEN b.batch_type = 'sequential' THEN 1 ELSE b.max_concurrency END
                           - (SELECT pg_catalog.count(*)
                                FROM helix_internal.queue r
                               WHERE r.batch_id = $1 AND r.ready_at < 'infinity')
                      FROM helix_internal.operation_batches b
                     WHERE b.id = $1)) next
     WHERE q.id = next.id
    RETURNING q.priority, q.ready_at, q.operation_id)",
                      {UUIDOID});

// What was added to or retried in a conditional batch may depend on what has failed for good.
pg::Statement select_stillborn(R"(
    WITH RECURSIVE hopeless AS (
        SELECT o.id
          FROM helix_internal.batch_operations o
          JOIN helix_internal.operation_batches b ON b.id = o.batch_id
         WHERE o.batch_id = $1 AND b.batch_type = 'conditional' AND o.ended IS NULL
           AND EXISTS (SELECT FROM helix_internal.batch_operations d
                        WHERE d.id = ANY (o.depends_on) AND d.ended IN ('failed', 'skipped'))
        UNION
        SELECT o.id
          FROM hopeless h
          JOIN helix_internal.batch_operations o ON o.depends_on @> ARRAY[h.id]
         WHERE o.ended IS NULL)
    SELECT q.id
      FROM helix_internal.queue q
      JOIN hopeless h ON h.id = q.batch_operation_id
     WHERE q.batch_id = $1 AND NOT q.running
       FOR UPDATE OF q)",
                               {UUIDOID});

pg::Statement select_ended(R"(
    SELECT b.user_id, b.on_complete, b.priority, b.run_as,
           pg_catalog.jsonb_build_object('batch_id', b.id, 'name', b.name, 'status', v.status,
               'total_operations', v.total_operations, 'completed_operations', v.completed_operations,
               'failed_operations', v.failed_operations, 'skipped_operations', v.skipped_operations,
               'total_cost_actual', v.total_cost_actual)
      FROM helix_internal.operation_batches b
      JOIN helix.operation_batches v ON v.id = b.id
     WHERE b.id = $1 AND b.on_complete IS NOT NULL AND b.on_complete_execution_id IS NULL
       AND NOT EXISTS (SELECT FROM helix_internal.batch_operations o WHERE o.batch_id = $1 AND o.ended IS NULL))",
                           {UUIDOID});
struct EndedBatch {
    enum : int { user_id = 1, on_complete, priority, run_as, payload };
};

pg::Statement note_call("UPDATE helix_internal.operation_batches SET on_complete_execution_id = $2 WHERE id = $1",
                        {UUIDOID, UUIDOID});

// Skips the executions whose ids the statement that ran last has returned.
void skip_selected(std::uint64_t rows, const char* reason) {
    if (rows == 0) {
        return;
    }
    auto* ids = static_cast<Datum*>(palloc(rows * sizeof(Datum)));
    for (std::uint64_t row = 0; row < rows; ++row) {
        ids[row] = pg::only_column(row);
    }
    const Datum values[] = {pg::uuid_array(ids, static_cast<int>(rows)), CStringGetTextDatum(reason)};
    skip.execute_latest(values);
}

// Whether the batch has to stop; then what nobody works on is skipped.
bool stop_where_due(Datum batch) {
    select_stop_reason.execute_latest(&batch);
    bool is_null = false;
    const Datum reason = pg::only_column(0, &is_null);
    if (is_null) {
        return false;
    }
    const char* const why = TextDatumGetCString(reason);
    skip_selected(select_unclaimed.execute_latest(&batch), why);
    return true;
}

void release_next(Datum batch) {
    mark_rows_ready(release.execute_latest(&batch));
}

// Where all of the batch has ended, queues what its on_complete names. The batch's row is locked, so that is once.
void call_back_where_ended(Datum batch) {
    if (select_ended.execute_latest(&batch) == 0) {
        return;
    }
    NewExecution execution{.user_id = *DatumGetUUIDP(pg::column(0, EndedBatch::user_id))};
    execution.operation_id = pg::column(0, EndedBatch::on_complete);
    execution.priority = DatumGetInt16(pg::column(0, EndedBatch::priority));
    execution.run_as = NameStr(*DatumGetName(pg::column(0, EndedBatch::run_as)));
    execution.payload = pg::column(0, EndedBatch::payload);
    execution.has_room = true; // it comes after what has ended
    const pg_uuid_t id = enqueue(execution);
    const Datum values[] = {batch, UUIDPGetDatum(&id)};
    note_call.execute(values);
}

} // namespace

void advance_batch(const pg_uuid_t& batch) {
    const Datum id = UUIDPGetDatum(&batch);
    if (!stop_where_due(id)) {
        skip_selected(select_stillborn.execute_latest(&id), needs_others);
        release_next(id);
    }
    call_back_where_ended(id);
}

namespace {

// Skips what can no longer run, and releases what may run now.
void go_on_after(const Datum& operation, Datum batch, bool conditional, bool limited, const Ending& ending) {
    if (stop_where_due(batch)) {
        return;
    }
    if (conditional && !ending.succeeded()) {
        const Datum failed[] = {batch, operation};
        skip_selected(select_hopeless.execute_latest(failed), needs_others);
    }
    if (unblock.execute_latest(&operation) > 0 || limited) {
        release_next(batch);
    }
}

} // namespace

// The lock makes endings follow each other. In REPEATABLE READ the transaction's own snapshot would still not show the
// ending before. Two dependencies that end at once would then leave what needs both to each other: hence
// execute_latest.
void note_batch_operation(const pg_uuid_t& operation, const Ending& ending) {
    const Datum id = UUIDPGetDatum(&operation);
    if (lock_batch.execute(&id) == 0) {
        return; // the batch has been deleted
    }
    const Datum batch = pg::column(0, LockedBatch::id);
    const bool conditional = DatumGetBool(pg::column(0, LockedBatch::conditional));
    const bool limited = DatumGetBool(pg::column(0, LockedBatch::limited));
    const bool calls_back = DatumGetBool(pg::column(0, LockedBatch::calls_back));
    pg::Values values;
    values.add(id).add_text(ending.succeeded() ? "completed" : ending.status);
    values.add(ending.result, ending.result == 0);
    values.add(ending.error, ending.error == 0).add(ending.cost, ending.cost == 0);
    keep_ending.execute(values.values(), values.letters());
    go_on_after(id, batch, conditional, limited, ending);
    if (calls_back) {
        call_back_where_ended(batch);
    }
}

void note_attempt_cost(const pg_uuid_t& operation, Datum cost_usd) {
    const Datum values[] = {UUIDPGetDatum(&operation), cost_usd};
    if (lock_batch.execute(values) == 0) {
        return; // the batch has been deleted
    }
    const Datum batch = pg::column(0, LockedBatch::id);
    add_cost.execute(values);
    if (stop_where_due(batch)) {
        call_back_where_ended(batch);
    }
}

} // namespace helix::queue
