#include "pg/prelude.hpp"

#include "queue/claim_lease.hpp"

#include "budgets/reservation.hpp"
#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/sqlstate.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/enqueue.hpp"
#include "queue/finish.hpp"
#include "queue/lanes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

#include <cstring>

namespace helix::queue {

namespace {

constexpr const char* ran_out = "the lease ran out";
constexpr const char* lock_timeout = "5ms";
constexpr int rest_factor = 20;                           // the task takes at most a twentieth of its time
constexpr std::int64_t look_back_us = 30 * USECS_PER_SEC; // between two looks at whole lanes
constexpr std::int64_t lock_lease_us = USECS_PER_HOUR;    // of create_execution_with_lock()

pg::Statement prolong("UPDATE helix_internal.queue SET lease_until = pg_catalog.clock_timestamp() + $3 "
                      "WHERE id = $1 AND running AND attempt = $2 "
                      "RETURNING lease_until, reserved, user_id, operation_id",
                      {UUIDOID, INT4OID, INTERVALOID});
pg::Statement take_back("UPDATE helix_internal.queue SET running = false, worker = NULL, lease_until = NULL, "
                        "last_error = $1 WHERE id = ANY (ARRAY(SELECT id FROM helix_internal.queue WHERE running "
                        "AND lease_until < pg_catalog.clock_timestamp() AND attempt < max_attempts "
                        "FOR UPDATE SKIP LOCKED)) RETURNING priority, ready_at",
                        {TEXTOID});
pg::Statement select_lost("SELECT id, attempt FROM helix_internal.queue WHERE running "
                          "AND lease_until < pg_catalog.clock_timestamp() AND attempt >= max_attempts "
                          "LIMIT 200 FOR UPDATE SKIP LOCKED");
pg::Statement put_off("UPDATE helix_internal.queue SET lease_until = pg_catalog.clock_timestamp() + interval '5 s' "
                      "WHERE id = $1",
                      {UUIDOID});
pg::Statement select_earliest("SELECT ready_at FROM helix_internal.queue WHERE priority = $1 AND ready_at >= $2 "
                              "AND NOT running ORDER BY ready_at LIMIT 1",
                              {INT2OID, TIMESTAMPTZOID});
pg::Statement lock_schedule("SELECT user_id, operation_id, parameters, run_as FROM helix_internal.operation_schedules "
                            "WHERE id = $1 AND user_id = $2 FOR NO KEY UPDATE",
                            {UUIDOID, UUIDOID});
pg::Statement select_running("SELECT id FROM helix_internal.queue WHERE schedule_id = $1 AND running LIMIT 1",
                             {UUIDOID});
pg::Statement start("UPDATE helix_internal.queue SET running = true, attempt = 1, worker = 'lock', "
                    "started_at = pg_catalog.clock_timestamp(), lease_until = $2 WHERE id = $1",
                    {UUIDOID, TIMESTAMPTZOID});

std::uint64_t return_to_queue() {
    const Datum error = CStringGetTextDatum(ran_out);
    const auto rows = take_back.execute(&error);
    for (std::uint64_t row = 0; row < rows; ++row) {
        mark_ready(DatumGetInt16(pg::column(row, 1)), DatumGetTimestampTz(pg::column(row, 2)));
    }
    return rows;
}

// Their owner may hold the schedule or the batch in an open transaction, or the row may be broken: then it is looked
// at again later, and the others go on.
bool give_up(const Claim& claim) {
    const Datum error = CStringGetTextDatum(ran_out);
    const bool given_up = pg::try_for_lock(
        lock_timeout, [&claim, error] { finish(claim, {.status = "failed", .error = error}); }, pg::OnError::log);
    if (!given_up) {
        const Datum id = UUIDPGetDatum(&claim.id);
        put_off.execute(&id);
    }
    return given_up;
}

std::uint64_t give_up_lost() {
    const auto rows = select_lost.execute();
    SPITupleTable* lost = SPI_tuptable;
    std::uint64_t given_up = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
        bool is_null = false;
        const Claim claim{*DatumGetUUIDP(SPI_getbinval(lost->vals[row], lost->tupdesc, 1, &is_null)),
                          DatumGetInt32(SPI_getbinval(lost->vals[row], lost->tupdesc, 2, &is_null))};
        given_up += give_up(claim) ? 1 : 0;
    }
    return given_up;
}

// How many have ended or are pending again.
std::uint64_t expire_leases() {
    plan_by_index();
    const auto returned = return_to_queue();
    return returned + give_up_lost();
}

// Moves the lanes on past what has gone; now and then from their very beginning, for what nobody has announced.
void look_at_lanes(bool whole) {
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        const auto begin = lane_start(priority);
        const TimestampTz from = whole ? DT_NOBEGIN : std::max<Lane::Place>(begin.from, DT_NOBEGIN);
        const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)), TimestampTzGetDatum(from)};
        const bool found = select_earliest.execute(values) > 0;
        const TimestampTz earliest = found ? DatumGetTimestampTz(pg::column(0, 1)) : DT_NOEND;
        if (earliest < begin.from) {
            announce(priority, earliest);
        } else {
            advance_lane(priority, begin, earliest);
        }
    }
}

[[noreturn]] void refuse_running(const pg_uuid_t& schedule, const char* running) {
    ereport(ERROR, (errcode(pg::code_of(sqlstate::already_running)), errmsg("the schedule is running already"),
                    errdetail("Execution %s of schedule %s is running.", running, pg::uuid_text(schedule)),
                    errhint("Wait for it, or end it with helix.cancel_execution().")));
    pg_unreachable();
}

} // namespace

bool leases_task() {
    static TimestampTz rest_until = 0;
    static TimestampTz looked_back = 0;
    const TimestampTz began = GetCurrentTimestamp();
    if (began < rest_until) {
        return false;
    }
    const bool whole = began - looked_back > look_back_us;
    pg::OwnerSpi spi;
    expire_leases();
    look_at_lanes(whole);
    spi.finish();
    const TimestampTz ended = GetCurrentTimestamp();
    looked_back = whole ? ended : looked_back;
    rest_until = ended + (rest_factor - 1) * (ended - began);
    return false;
}

HELIX_FUNCTION(helix_expire_leases) {
    pg::OwnerSpi spi;
    const auto count = expire_leases();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}

HELIX_FUNCTION(helix_heartbeat_execution) {
    const pg_uuid_t id = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_execution_id"));
    const auto token = DatumGetInt64(pg::required(fcinfo, 1, "p_fencing_token"));
    pg::interval_argument(fcinfo, 2, "p_lease", USECS_PER_SEC, USECS_PER_DAY);
    const Claim claim{id, token >= 0 && token <= PG_INT32_MAX ? static_cast<std::int32_t>(token) : -1};
    const Datum values[] = {UUIDPGetDatum(&id), Int32GetDatum(*claim.attempt), PG_GETARG_DATUM(2)};
    pg::OwnerSpi spi;
    plan_by_index();
    if (prolong.execute(values) == 0) {
        refuse_claim(claim);
    }
    const TimestampTz until = DatumGetTimestampTz(pg::column(0, 1));
    if (DatumGetBool(pg::column(0, 2))) {
        budgets::prolong(id, {*DatumGetUUIDP(pg::column(0, 3)), pg::column(0, 4)}, until);
    }
    spi.finish();
    PG_RETURN_TIMESTAMPTZ(until);
}

HELIX_FUNCTION(helix_create_execution_with_lock) {
    const pg_uuid_t schedule = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_schedule_id"));
    const pg_uuid_t user = *DatumGetUUIDP(pg::required(fcinfo, 1, "p_user_id"));
    NewExecution execution{.user_id = user, .schedule_id = &schedule};
    execution.triggered_by = trigger_word(fcinfo, 2);
    execution.max_attempts = 1; // it is the caller's, no worker takes it over
    execution.waits = true;
    callers::check_acts_for(user);
    auto* result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    const Datum id = UUIDPGetDatum(&schedule);
    pg::OwnerSpi spi;
    plan_by_index();
    const Datum own[] = {id, UUIDPGetDatum(&user)};
    if (lock_schedule.execute(own) == 0) {
        refuse_unknown("schedule of this user", schedule);
    }
    execution.operation_id = pg::column(0, 2);
    execution.payload = pg::column(0, 3);
    execution.run_as = NameStr(*DatumGetName(pg::column(0, 4)));
    if (select_running.execute_latest(&id) > 0) {
        refuse_running(schedule, pg::uuid_text(*DatumGetUUIDP(pg::column(0, 1))));
    }
    *result = enqueue(execution);
    const Datum values[] = {UUIDPGetDatum(result), TimestampTzGetDatum(GetCurrentTimestamp() + lock_lease_us)};
    start.execute(values);
    spi.finish();
    PG_RETURN_UUID_P(result);
}

} // namespace helix::queue
