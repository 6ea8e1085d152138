// helix.cancel_execution.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "queue/finish.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

namespace helix::queue {

namespace {

pg::Statement select_execution("SELECT user_id, batch_id FROM helix_internal.queue WHERE id = $1 UNION ALL "
                               "SELECT user_id, NULL FROM helix_internal.schedule_executions WHERE id = $1",
                               {UUIDOID});
pg::Statement lock_batch("SELECT FROM helix_internal.operation_batches WHERE id = $1 FOR NO KEY UPDATE", {UUIDOID});

// Locks the batch that the execution belongs to, if any: whoever goes on with the batch has it before its executions.
void prepare(const pg_uuid_t& execution, const callers::Rights& rights) {
    const Datum id = UUIDPGetDatum(&execution);
    if (select_execution.execute(&id) == 0) {
        refuse_unknown("execution", execution);
    }
    rights.check_may_use(*DatumGetUUIDP(pg::column(0, 1)), "execution", execution);
    bool no_batch = false;
    const Datum batch = pg::column(0, 2, &no_batch);
    if (!no_batch) {
        lock_batch.execute(&batch);
    }
}

} // namespace

HELIX_FUNCTION(helix_cancel_execution) {
    const Claim claim{*DatumGetUUIDP(pg::required(fcinfo, 0, "p_execution_id")), std::nullopt, false};
    const char* reason = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
    const char* error = reason == nullptr ? "cancelled" : pg::stored_error(psprintf("cancelled: %s", reason));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    plan_by_index();
    prepare(claim.id, rights);
    const bool ended = finish(claim, {.status = "skipped", .error = CStringGetTextDatum(error)});
    spi.finish();
    PG_RETURN_BOOL(ended);
}

} // namespace helix::queue
