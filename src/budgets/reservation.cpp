// helix.reserve_budget, release_reservation, and what reserves for executions of the queue.
#include "pg/prelude.hpp"

#include "budgets/budget_arguments.hpp"
#include "budgets/budget_planning.hpp"
#include "budgets/reservation.hpp"
#include "budgets/verdict.hpp"
#include "callers/caller.hpp"
#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/sqlstate.hpp"
#include "pg/uuid.hpp"

extern "C" {
#include "tcop/utility.h"
#include "utils/fmgrprotos.h"
}

namespace helix::budgets {

namespace {

constexpr std::int64_t longest_ttl_us = 30 * USECS_PER_DAY;

// Inserts nothing where the user has $8 open ones already. Sessions that reserve at the same moment do not see each
// other's.
pg::Statement insert_reservation(R"(
    INSERT INTO helix_internal.budget_reservations AS r
           (id, user_id, operation_id, amount_usd, expires_at, of_queue, created_at, metadata)
    SELECT $1, $2, $3, $4, $5, $6, $7, $9
     WHERE $6 OR (SELECT pg_catalog.count(*)
                    FROM (SELECT FROM helix_internal.budget_reservations o
                           WHERE o.user_id = $2 AND o.expires_at > $7 AND NOT o.of_queue
                           LIMIT $8) o) < $8
        ON CONFLICT (id) DO UPDATE
       SET amount_usd = excluded.amount_usd, expires_at = excluded.expires_at, created_at = excluded.created_at)",
                                 {UUIDOID, UUIDOID, TEXTOID, NUMERICOID, TIMESTAMPTZOID, BOOLOID, TIMESTAMPTZOID,
                                  INT8OID, JSONBOID});
pg::Statement select_estimate(HELIX_WATCH_LEDGER
                              "SELECT coalesce(e.mid, 0) FROM helix.estimate_operation_cost($1, $2) e",
                              {UUIDOID, TEXTOID});
pg::Statement delete_reservation("DELETE FROM helix_internal.budget_reservations WHERE id = $1", {UUIDOID});
pg::Statement prolong_reservation(R"(
    UPDATE helix_internal.budget_reservations SET expires_at = $2 WHERE id = $1 AND expires_at > $3)",
                                  {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement select_owner("SELECT user_id FROM helix_internal.budget_reservations WHERE id = $1", {UUIDOID});
pg::Statement lock_reservation(R"(
    SELECT user_id, of_queue FROM helix_internal.budget_reservations WHERE id = $1 FOR UPDATE)",
                               {UUIDOID});
struct Locked {
    enum : int { user_id = 1, of_queue };
};

// It counts in the period of `at`, in which the verdict was given. False where the user has too many.
bool insert(const pg_uuid_t& id, const Wanted& wanted, Datum amount_usd, TimestampTz at, Datum expires_at,
            bool of_queue) {
    pg::Values values;
    values.add_uuid(&id).add_uuid(&wanted.user_id).add(wanted.operation_id).add(amount_usd).add(expires_at);
    values.add(BoolGetDatum(of_queue)).add(TimestampTzGetDatum(at));
    values.add(Int64GetDatum(config::max_reservations_per_user)).add(wanted.metadata, wanted.has_no_metadata());
    return insert_reservation.execute_latest(values.values(), values.letters()) > 0;
}

void refuse_more() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("too many open reservations of one user"),
                    errdetail("There are %d.", config::max_reservations_per_user),
                    errhint("Settle or release what is no longer needed, or raise helix.max_reservations_per_user.")));
}

// Warns where a soft limit would be passed, or a limit comes near.
void check_fits(const Wanted& wanted, Datum amount_usd, TimestampTz at) {
    const auto verdict = judge(wanted, amount_usd, at);
    if (!verdict) {
        return;
    }
    if (verdict->refused) {
        ereport(ERROR,
                (errcode(pg::code_of(sqlstate::budget_exceeded)), errmsg("budget exceeded"),
                 errdetail("%s", verdict->detail), errhint("Wait until it resets, reserve less, or raise the limit.")));
    }
    // Each reservation that passes warns its caller. The log would fill: there the worker has one line for the period.
    ereport(WARNING_CLIENT_ONLY,
            (errcode(ERRCODE_WARNING), errmsg(verdict->passes ? "budget exceeded" : "budget nearly spent"),
             errdetail("%s", verdict->detail)));
}

} // namespace

const char* reserve_estimate(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at) {
    const Datum values[] = {UUIDPGetDatum(&wanted.user_id), wanted.operation_id};
    release(execution); // what an earlier claim has left, whose lease ran out: it would count against this one
    select_estimate.execute_latest(values);
    const Datum amount = pg::only_column();
    const TimestampTz at = GetCurrentTimestamp();
    const auto verdict = judge(wanted, amount, at, true);
    if (verdict && verdict->refused) {
        return psprintf("budget exceeded: %s", verdict->detail);
    }
    insert(execution, wanted, amount, at, TimestampTzGetDatum(expires_at), true);
    return nullptr;
}

void prolong(const pg_uuid_t& execution, const Wanted& wanted, TimestampTz expires_at) {
    lock_limits(&wanted, 1); // else somebody who does not see yet that it is prolonged may take it for expired
    const Datum values[] = {UUIDPGetDatum(&execution), TimestampTzGetDatum(expires_at),
                            TimestampTzGetDatum(GetCurrentTimestamp())};
    if (prolong_reservation.execute_latest(values) > 0) {
        return;
    }
    if (const char* reason = reserve_estimate(execution, wanted, expires_at)) {
        ereport(ERROR, (errcode(pg::code_of(sqlstate::budget_exceeded)),
                        errmsg("the lease ran out, and its reservation no longer fits"), errdetail("%s", reason),
                        errhint("Drop the work, or complete it before its lease ends the next time.")));
    }
}

void refuse_reservation_of_queue(const char* reservation) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the reservation is that of an execution of the queue"), errdetail("It is %s.", reservation),
                    errhint("It ends with the execution: complete it, fail it or cancel it.")));
}

void release(const pg_uuid_t& execution) {
    const Datum id = UUIDPGetDatum(&execution);
    delete_reservation.execute_latest(&id);
}

HELIX_FUNCTION(helix_reserve_budget) {
    struct Argument {
        enum : int { user_id, operation_id, amount_usd, ttl, metadata };
    };
    Wanted wanted{*DatumGetUUIDP(pg::required(fcinfo, Argument::user_id, "p_user_id")), 0};
    callers::check_records_for(wanted.user_id);
    wanted.operation_id = operation_argument(fcinfo, Argument::operation_id);
    const Datum amount = amount_argument(fcinfo, Argument::amount_usd, "p_amount_usd");
    pg::interval_argument(fcinfo, Argument::ttl, "p_ttl", USECS_PER_SEC, longest_ttl_us);
    wanted.metadata = metadata_argument(fcinfo, Argument::metadata);
    PreventCommandIfReadOnly("reserve_budget()"); // before locks that a standby does not have
    const pg_uuid_t id = pg::fresh_id();
    pg::OwnerSpi spi;
    const auto locked = lock_limits(&wanted, 1);
    const TimestampTz at = GetCurrentTimestamp(); // the wait is over
    if (locked.any_limit) {
        check_fits(wanted, amount, at);
    }
    const Datum expires_at =
        DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(at), PG_GETARG_DATUM(Argument::ttl));
    if (!insert(id, wanted, amount, at, expires_at, false)) {
        refuse_more();
    }
    spi.finish();
    return pg::uuid_datum(id);
}

HELIX_FUNCTION(helix_release_reservation) {
    const Datum id = pg::required(fcinfo, 0, "p_reservation_id");
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    rights.check_may_use(select_owner, &id, "reservation", *DatumGetUUIDP(id));
    const bool found = lock_reservation.execute_latest(&id) > 0;
    if (found) {
        rights.check_may_use(*DatumGetUUIDP(pg::column(0, Locked::user_id)), "reservation", *DatumGetUUIDP(id));
        if (DatumGetBool(pg::column(0, Locked::of_queue))) {
            refuse_reservation_of_queue(pg::uuid_text(id));
        }
        delete_reservation.execute_latest(&id);
    }
    spi.finish();
    PG_RETURN_BOOL(found);
}

} // namespace helix::budgets
