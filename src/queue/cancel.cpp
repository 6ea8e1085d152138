// helix.cancel_execution.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "queue/arguments.hpp"
#include "queue/finish.hpp"
#include "queue/plans.hpp"

namespace helix::queue {

namespace {

pg::Statement select_user("SELECT user_id FROM helix_internal.queue WHERE id = $1 UNION ALL "
                          "SELECT user_id FROM helix_internal.schedule_executions WHERE id = $1",
                          {UUIDOID});

pg_uuid_t user_of(const pg_uuid_t& execution) {
    const Datum id = UUIDPGetDatum(&execution);
    if (select_user.execute(&id) == 0) {
        refuse_unknown("execution", execution);
    }
    return *DatumGetUUIDP(pg::column(0, 1));
}

} // namespace

} // namespace helix::queue

using namespace helix;

HELIX_FUNCTION(helix_cancel_execution) {
    const queue::Claim claim{*DatumGetUUIDP(pg::required(fcinfo, 0, "p_execution_id")), std::nullopt, false};
    const char* reason = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
    const Datum error = CStringGetTextDatum(reason == nullptr ? "cancelled" : psprintf("cancelled: %s", reason));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    queue::plan_by_index();
    rights.check_acts_for(queue::user_of(claim.id));
    const bool ended = queue::finish(claim, {.status = "skipped", .error = error}).has_value();
    spi.finish();
    PG_RETURN_BOOL(ended);
}
