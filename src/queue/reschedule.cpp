// helix.reschedule_execution(): another time, priority or number of attempts for what waits.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/lanes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"
#include "queue/queue_planning.hpp"
#include "queue/turns.hpp"

namespace helix::queue {

namespace {

pg::Statement select_execution(R"(
    SELECT user_id, 'running' FROM helix_internal.queue WHERE id = $1
    UNION ALL
    SELECT user_id, execution_status FROM helix_internal.schedule_executions WHERE id = $1)",
                               {UUIDOID});
constexpr int status_column = 2;

pg::Statement lock_pending(R"(
    SELECT priority, operation_id, turn, ready_at, attempt
      FROM helix_internal.queue
     WHERE id = $1 AND NOT running
       FOR UPDATE)",
                           {UUIDOID});
struct Pending {
    enum : int { priority = 1, operation_id, turn, ready_at, attempt };
};

// What waits for something else to end keeps waiting for it, and for its time.
pg::Statement change(R"(
    UPDATE helix_internal.queue
       SET priority = COALESCE($2, priority),
           max_attempts = COALESCE($3, max_attempts),
           run_at = COALESCE($4, run_at),
           turn = CASE WHEN $2 IS NULL AND $4 IS NULL THEN turn END,
           held_key = CASE WHEN $4 IS NULL THEN held_key END,
           ready_at = CASE WHEN ready_at = 'infinity' OR $4 IS NULL THEN ready_at
                           ELSE GREATEST($4, pg_catalog.clock_timestamp()) END
     WHERE id = $1
    RETURNING priority, ready_at, operation_id)",
                     {UUIDOID, INT2OID, INT4OID, TIMESTAMPTZOID});

constexpr int most_attempts = 100;

struct Argument {
    enum : int { execution_id, run_at, priority, max_attempts };
};

void check_attempts_left(const pg_uuid_t& id, int max_attempts, int used) {
    if (max_attempts <= used) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_max_attempts leaves no attempt"),
                        errdetail("It is %d, and execution %s has used %d.", max_attempts, pg::uuid_text(id), used),
                        errhint("Pass %d or more, or end it with helix.cancel_execution().", used + 1)));
    }
}

[[noreturn]] void refuse_not_pending(const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    if (select_execution.execute_latest(&value) == 0) {
        refuse_unknown("execution", id);
    }
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the execution is not pending"),
             errdetail("Execution %s is %s.", pg::uuid_text(id), TextDatumGetCString(pg::column(0, status_column))),
             errhint("Only what waits can be rescheduled.")));
    pg_unreachable();
}

} // namespace

HELIX_FUNCTION(helix_reschedule_execution) {
    const pg_uuid_t id = *DatumGetUUIDP(pg::required(fcinfo, Argument::execution_id, "p_execution_id"));
    const Datum value = UUIDPGetDatum(&id);
    const auto rights = callers::rights();
    const TimestampTz run_at = time_argument(fcinfo, Argument::run_at, "p_run_at");
    const bool keeps_priority = PG_ARGISNULL(Argument::priority);
    const int priority = priority_argument(fcinfo, Argument::priority);
    const bool keeps_attempts = PG_ARGISNULL(Argument::max_attempts);
    const int max_attempts =
        keeps_attempts ? 0 : number_argument(fcinfo, Argument::max_attempts, "p_max_attempts", 1, most_attempts);
    if (!keeps_priority) {
        check_priority(rights, priority);
    }
    pg::OwnerSpi spi;
    plan_by_index();
    rights.check_may_use(select_execution, &value, "execution", id);
    if (lock_pending.execute(&value) == 0) {
        refuse_not_pending(id);
    }
    if (!keeps_attempts) {
        check_attempts_left(id, max_attempts, DatumGetInt32(pg::column(0, Pending::attempt)));
    }
    bool has_no_turn = false;
    const Datum turn = pg::column(0, Pending::turn, &has_no_turn);
    mark_left(DatumGetInt16(pg::column(0, Pending::priority)), pg::column(0, Pending::operation_id),
              has_no_turn ? std::nullopt : std::optional(DatumGetInt64(turn)),
              DatumGetTimestampTz(pg::column(0, Pending::ready_at)));
    pg::Values values;
    values.add(value).add(Int16GetDatum(static_cast<std::int16_t>(priority)), keeps_priority);
    values.add(Int32GetDatum(max_attempts), keeps_attempts);
    values.add(TimestampTzGetDatum(run_at), run_at == DT_NOBEGIN);
    mark_rows_ready(change.execute(values.values(), values.letters()));
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::queue
