// helix.cancel_execution().
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "queue/client_history.hpp"
#include "queue/finish.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

namespace helix::queue {

namespace {

pg::Statement select_execution(R"(
    SELECT user_id, batch_id FROM helix_internal.queue WHERE id = $1
    UNION ALL
    SELECT user_id, NULL FROM helix_internal.schedule_executions WHERE id = $1)",
                               {UUIDOID});
struct Execution {
    enum : int { user_id = 1, batch_id };
};

pg::Statement lock_batch("SELECT FROM helix_internal.operation_batches WHERE id = $1 FOR NO KEY UPDATE", {UUIDOID});

// Checks that the caller may cancel it. Locks its batch, if any: what moves a batch on locks it before its executions.
void check_and_lock_batch(const pg_uuid_t& execution, const callers::Rights& rights) {
    const Datum id = UUIDPGetDatum(&execution);
    if (select_execution.execute(&id) == 0) {
        refuse_unknown("execution", execution);
    }
    rights.check_may_use(*DatumGetUUIDP(pg::column(0, Execution::user_id)), "execution", execution);
    bool no_batch = false;
    const Datum batch = pg::column(0, Execution::batch_id, &no_batch);
    if (!no_batch) {
        lock_batch.execute(&batch);
    }
}

struct Argument {
    enum : int { execution_id, reason };
};

} // namespace

HELIX_FUNCTION(helix_cancel_execution) {
    const Claim claim{*DatumGetUUIDP(pg::required(fcinfo, Argument::execution_id, "p_execution_id")), std::nullopt,
                      false};
    const Datum reason = optional_argument(fcinfo, Argument::reason);
    const char* error = cancelled_error(reason == 0 ? nullptr : TextDatumGetCString(reason));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    plan_by_index();
    check_and_lock_batch(claim.id, rights);
    const Datum why = CStringGetTextDatum(error);
    const bool ended = finish(claim, {.status = "skipped", .error = why}) || cancel_pending(claim.id, why);
    spi.finish();
    PG_RETURN_BOOL(ended);
}

} // namespace helix::queue
