// helix.start_batch(), cancel_batch() and check_batch_exists().
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/batch.hpp"
#include "queue/batch_progress.hpp"
#include "queue/client_batch.hpp"
#include "queue/enqueue.hpp"
#include "queue/finish.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"

#include <cstring>

namespace helix::queue {

namespace {

constexpr int attempts_of_operation = 3;

pg::Statement select_owner("SELECT user_id FROM helix_internal.operation_batches WHERE id = $1", {UUIDOID});

pg::Statement lock_batch(R"(
    SELECT user_id, started_at IS NOT NULL AND client_status IS NULL, cancelled_at IS NOT NULL, client_status IS NOT NULL
      FROM helix_internal.operation_batches
     WHERE id = $1
       FOR NO KEY UPDATE)",
                         {UUIDOID});
struct LockedBatch {
    enum : int { user_id = 1, started, cancelled, by_client };
};

pg::Statement mark_started(R"(
    UPDATE helix_internal.operation_batches
       SET started_at = COALESCE(started_at, pg_catalog.clock_timestamp())
     WHERE id = $1
    RETURNING user_id, priority, run_as)",
                           {UUIDOID});
struct StartedBatch {
    enum : int { user_id = 1, priority, run_as };
};

// Whoever starts it decides too what its last execution, on_complete, may do.
pg::Statement set_role("UPDATE helix_internal.operation_batches SET run_as = $2 WHERE id = $1", {UUIDOID, NAMEOID});

pg::Statement select_operations(R"(
    SELECT o.id, o.operation_id, o.parameters
      FROM helix_internal.batch_operations o
     WHERE o.batch_id = $1 AND o.ended IS NULL
       AND NOT EXISTS (SELECT FROM helix_internal.queue q WHERE q.batch_id = $1 AND q.batch_operation_id = o.id)
     ORDER BY o.sequence_order)",
                                {UUIDOID});
struct Operation {
    enum : int { id = 1, operation_id, parameters };
};

pg::Statement mark_cancelled(R"(
    UPDATE helix_internal.operation_batches
       SET cancelled_at = pg_catalog.clock_timestamp(),
           cancel_reason = $2
     WHERE id = $1)",
                             {UUIDOID, TEXTOID});

pg::Statement select_open("SELECT FROM helix_internal.batch_operations WHERE batch_id = $1 AND ended IS NULL LIMIT 1",
                          {UUIDOID});

pg::Statement
    select_running("SELECT id FROM helix_internal.queue WHERE batch_id = $1 AND running FOR UPDATE SKIP LOCKED",
                   {UUIDOID});

pg::Statement skip_drafts(R"(
    UPDATE helix_internal.batch_operations
       SET ended = 'skipped',
           error_message = $2,
           executed_at = pg_catalog.clock_timestamp()
     WHERE batch_id = $1 AND ended IS NULL)",
                          {UUIDOID, TEXTOID});

} // namespace

BatchState lock(const pg_uuid_t& batch, const callers::Rights& rights) {
    const Datum id = UUIDPGetDatum(&batch);
    rights.check_may_use(select_owner, &id, "batch", batch);
    if (lock_batch.execute(&id) == 0) {
        refuse_unknown("batch", batch);
    }
    rights.check_may_use(*DatumGetUUIDP(pg::column(0, LockedBatch::user_id)), "batch", batch);
    const auto flag = [](int column) { return DatumGetBool(pg::column(0, column)); };
    return {flag(LockedBatch::started), flag(LockedBatch::cancelled), flag(LockedBatch::by_client)};
}

bool has_open_operations(const pg_uuid_t& batch) {
    const Datum id = UUIDPGetDatum(&batch);
    return select_open.execute_latest(&id) > 0;
}

namespace {

void end_running(const pg_uuid_t& batch, Datum reason) {
    const Datum id = UUIDPGetDatum(&batch);
    const auto running = pg::keep_rows(select_running.execute_latest(&id));
    for (std::uint64_t row = 0; row < running.count; ++row) {
        const Claim claim{*DatumGetUUIDP(running[row].only_value()), std::nullopt};
        finish(claim, {.status = "skipped", .error = reason});
    }
}

// Whether there was anything left to cancel. In a cancelled batch that is what was being claimed or changed at that
// moment.
bool cancel(const pg_uuid_t& batch, const BatchState& state, const char* reason) {
    const Datum id = UUIDPGetDatum(&batch);
    if (!has_open_operations(batch)) {
        return false;
    }
    if (!state.cancelled) {
        pg::Values values;
        values.add(id).add_text(reason);
        mark_cancelled.execute(values.values(), values.letters());
    }
    const Datum error = CStringGetTextDatum(cancelled_error(reason));
    if (state.started) {
        end_running(batch, error);
        advance_batch(batch); // skips the rest
    } else {
        const Datum values[] = {id, error};
        skip_drafts.execute(values);
    }
    return true;
}

struct CancelArgument {
    enum : int { batch_id, reason };
};

} // namespace

void start_batch(const pg_uuid_t& batch, const callers::Rights& rights) {
    const Datum id = UUIDPGetDatum(&batch);
    mark_started.execute(&id);
    NewExecution execution{.user_id = *DatumGetUUIDP(pg::column(0, StartedBatch::user_id)), .batch_id = &batch};
    execution.priority = DatumGetInt16(pg::column(0, StartedBatch::priority));
    const char* const before = NameStr(*DatumGetName(pg::column(0, StartedBatch::run_as)));
    execution.run_as = rights.run_as(before);
    if (strcmp(before, execution.run_as) != 0) {
        const Datum values[] = {id, pg::name_datum(execution.run_as)};
        set_role.execute(values);
    }
    execution.waits = true;
    execution.max_attempts = attempts_of_operation;
    execution.has_room = true;
    const auto operations = pg::keep_rows(select_operations.execute_latest(&id));
    check_room(execution.user_id, static_cast<int>(operations.count));
    for (std::uint64_t row = 0; row < operations.count; ++row) {
        execution.batch_operation_id = DatumGetUUIDP(operations[row].value(Operation::id));
        execution.operation_id = operations[row].value(Operation::operation_id);
        execution.payload = operations[row].value(Operation::parameters);
        operations::refuse_superuser(pg::text_view(execution.operation_id), execution.run_as);
        enqueue(execution);
    }
    advance_batch(batch);
}

HELIX_FUNCTION(helix_start_batch) {
    const pg_uuid_t batch = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_batch_id"));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    const auto state = lock(batch, rights);
    if (state.by_client) {
        refuse_batch_of_client(batch);
    }
    if (state.started || state.cancelled) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the batch is not a draft"),
                 errdetail("Batch %s is %s already.", pg::uuid_text(batch), state.cancelled ? "cancelled" : "started"),
                 errhint("Make another one with helix.create_batch().")));
    }
    start_batch(batch, rights);
    spi.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_cancel_batch) {
    pg::check_text_argument(fcinfo, CancelArgument::reason, "p_reason", pg::longest_reason);
    const pg_uuid_t batch = *DatumGetUUIDP(pg::required(fcinfo, CancelArgument::batch_id, "p_batch_id"));
    const Datum given = optional_argument(fcinfo, CancelArgument::reason);
    const char* reason = given == 0 ? nullptr : pg::stored_error(TextDatumGetCString(given));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    const auto state = lock(batch, rights);
    const bool cancelled = cancel(batch, state, reason);
    spi.finish();
    PG_RETURN_BOOL(cancelled);
}

HELIX_FUNCTION(helix_check_batch_exists) {
    const pg_uuid_t batch = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_batch_id"));
    const auto rights = callers::rights();
    const Datum id = UUIDPGetDatum(&batch);
    pg::OwnerSpi spi;
    if (select_owner.read(&id) == 0) {
        refuse_unknown("batch", batch);
    }
    rights.check_may_use(*DatumGetUUIDP(pg::only_column()), "batch", batch);
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::queue
