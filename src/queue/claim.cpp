// helix.claim_executions(): workers claim the executions that are due.
#include "pg/prelude.hpp"

#include "budgets/reservation.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/values.hpp"
#include "queue/finish.hpp"
#include "queue/lane_rows.hpp"
#include "queue/lanes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

#include <algorithm>

namespace helix::queue {

namespace {

constexpr int most_claims = 1000;
constexpr std::int64_t longest_wait_us = 60 * USECS_PER_SEC;
constexpr long look_again_ms = 1000; // for what nobody announces
// Users may hold locks in an open transaction: on their budgets, a schedule, a batch. Nobody else may wait for that.
constexpr const char* lock_timeout = "250ms";   // for everything that was taken at once
constexpr const char* one_lock_timeout = "5ms"; // for one execution
constexpr std::int64_t longest_locking_us = 500'000;

// The array is made once. In a join, a plan may run the subquery again and again, and lock further rows each time.
pg::Statement take(R"(
    UPDATE helix_internal.queue q
       SET running = true,
           attempt = q.attempt + 1,
           worker = $5,
           started_at = pg_catalog.clock_timestamp(),
           lease_until = pg_catalog.clock_timestamp() + $6,
           reserved = EXISTS (SELECT FROM helix_internal.limited_users l WHERE l.user_id = q.user_id)
     WHERE q.id = ANY (ARRAY(
           SELECT d.id
             FROM helix_internal.queue d
            WHERE d.priority = $1 AND d.ready_at >= $2 AND d.ready_at <= $7 AND NOT d.running AND NOT d.paused
              AND ($3 IS NULL OR d.operation_id = ANY ($3))
            ORDER BY d.ready_at
            LIMIT $4
              FOR UPDATE SKIP LOCKED))
    RETURNING q.id, q.user_id, q.operation_id, q.schedule_id, q.batch_id, q.payload, q.triggered_by, q.attempt,
              q.attempt::bigint, q.run_at, q.lease_until, q.ready_at,
              CASE WHEN q.schedule_id IS NOT NULL
                   THEN (SELECT s.max_cost_per_month
                           FROM helix_internal.operation_schedules s
                          WHERE s.id = q.schedule_id) END,
              COALESCE(
                  CASE WHEN q.schedule_id IS NOT NULL
                       THEN (SELECT CASE pg_catalog.bool_and(s.enabled)
                                    WHEN true THEN NULL
                                    WHEN false THEN 'skipped: the schedule is disabled'
                                    ELSE 'skipped: the schedule was deleted' END
                               FROM helix_internal.operation_schedules s
                              WHERE s.id = q.schedule_id) END,
                  (SELECT 'skipped: the user has switched the operation off'
                     FROM helix.user_operation_preferences p
                    WHERE p.user_id = q.user_id AND p.operation_id = q.operation_id AND NOT p.enabled),
                  CASE WHEN q.batch_id IS NOT NULL THEN helix_internal.batch_stop_reason(q.batch_id) END),
              q.reserved)",
                   {INT2OID, TIMESTAMPTZOID, TEXTARRAYOID, INT4OID, TEXTOID, INTERVALOID, TIMESTAMPTZOID});

struct Taken {
    enum : int {
        id = 1,
        user_id,
        operation_id,
        schedule_id,
        batch_id,
        payload,
        triggered_by,
        attempt,
        fencing_token,
        run_at,
        lease_until,
        ready_at,
        max_cost_per_month,
        stop_reason, // see queue/stopped.hpp
        reserved
    };
};
constexpr int last_returned = Taken::lease_until; // up to here they are the columns of the function's result

pg::Statement put_back(R"(
    UPDATE helix_internal.queue
       SET running = false,
           attempt = attempt - 1,
           worker = NULL,
           lease_until = NULL,
           ready_at = pg_catalog.clock_timestamp()
                      + GREATEST(interval '1 s', LEAST(interval '10 s', pg_catalog.clock_timestamp() - run_at))
     WHERE id = $1
    RETURNING ready_at)",
                       {UUIDOID});

pg::Statement select_spent(R"(
    SELECT pg_catalog.format('max_cost_per_month is %s USD, spent this month: %s USD', $2, c.spent)
      FROM (SELECT helix_internal.month_cost($1) AS spent) c
     WHERE c.spent >= $2)",
                           {UUIDOID, NUMERICOID});

// The call's arguments and what it has claimed so far.
struct ClaimCall {
    Datum worker;
    Datum operations; // 0: any
    Datum lease;
    int left;          // how many more it may claim
    bool has_reserved; // it holds locks on budgets, and locking further ones could end in a deadlock
    ReturnSetInfo* result;
};

TimestampTz place_of(const pg::KeptRow& row) {
    return DatumGetTimestampTz(row.value(Taken::ready_at));
}

pg_uuid_t id_of(const pg::KeptRow& row) {
    return *DatumGetUUIDP(row.value(Taken::id));
}

bool has_limits(const pg::KeptRow& row) {
    return DatumGetBool(row.value(Taken::reserved));
}

budgets::Wanted wanted_by(const pg::KeptRow& row) {
    return {*DatumGetUUIDP(row.value(Taken::user_id)), row.value(Taken::operation_id)};
}

// The limits that apply to what was taken. Plain data.
struct Limits {
    budgets::LockedLimits locked;
    bool complete; // else somebody holds one of them, and each execution asks for its own limits
};

// Locks all of them at once, and so in one order.
Limits lock_limits(const pg::KeptRows& taken) {
    auto* wanted = static_cast<budgets::Wanted*>(palloc(sizeof(budgets::Wanted) * (taken.count + 1)));
    int count = 0;
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        if (has_limits(taken[i])) {
            wanted[count++] = wanted_by(taken[i]);
        }
    }
    Limits limits{{}, true};
    if (count > 0) {
        limits.complete = pg::try_for_lock(
            lock_timeout, [&limits, wanted, count] { limits.locked = budgets::lock_limits(wanted, count); });
    }
    return limits;
}

// Why an execution must not run after all; 0 where it may.
Datum reason_to_skip(const pg::KeptRow& row) {
    bool is_null = false;
    const Datum stopped = row.value(Taken::stop_reason, &is_null);
    if (!is_null) {
        return stopped;
    }
    const Datum limit = row.value(Taken::max_cost_per_month, &is_null);
    if (is_null) {
        return 0;
    }
    const Datum values[] = {row.value(Taken::schedule_id), limit};
    return select_spent.execute(values) == 0 ? 0 : pg::only_column();
}

// Reserves what the execution is likely to cost until its lease ends. The reason where that does not fit, else 0.
Datum reason_of_budgets(const pg::KeptRow& row) {
    const char* reason =
        budgets::reserve_estimate(id_of(row), wanted_by(row), DatumGetTimestampTz(row.value(Taken::lease_until)));
    return reason == nullptr ? 0 : CStringGetTextDatum(reason);
}

// The execution belongs to nobody again, and is ready later.
void put_off(int priority, const pg::KeptRow& row) {
    const Datum id = row.value(Taken::id);
    put_back.execute(&id);
    mark_ready(priority, DatumGetTimestampTz(pg::only_column()));
}

void return_claim(ClaimCall& call, const pg::KeptRow& row) {
    pg::Values values;
    for (int column = Taken::id; column <= last_returned; ++column) {
        bool is_null = false;
        const Datum value = row.value(column, &is_null);
        values.add(value, is_null);
    }
    tuplestore_putvalues(call.result->setResult, call.result->setDesc, values.values(), values.nulls());
    --call.left;
    call.has_reserved = call.has_reserved || has_limits(row);
}

// False where somebody holds a lock that ending the execution needs.
bool skip(const pg::KeptRow& row, Datum reason) {
    const Claim claim{id_of(row), std::nullopt};
    return pg::try_for_lock(one_lock_timeout,
                            [&claim, reason] { finish(claim, {.status = "skipped", .error = reason}); });
}

// False where somebody holds one of the user's limits, or where a row of theirs cannot be judged.
bool ask_budgets(const pg::KeptRow& row, bool limits_locked, Datum& reason) {
    return pg::try_for_lock(
        one_lock_timeout,
        [&row, limits_locked, &reason] {
            if (!limits_locked) {
                const auto wanted = wanted_by(row);
                budgets::lock_limits(&wanted, 1);
            }
            reason = reason_of_budgets(row);
        },
        pg::OnError::log);
}

// False where it cannot be decided now.
bool return_or_skip(ClaimCall& call, const pg::KeptRow& row, bool limits_locked) {
    if (is_set_aside(*DatumGetUUIDP(row.value(Taken::user_id)), row.value(Taken::operation_id))) {
        set_aside(id_of(row));
        return true;
    }
    Datum reason = reason_to_skip(row);
    if (reason == 0 && has_limits(row) && !ask_budgets(row, limits_locked, reason)) {
        return false;
    }
    if (reason != 0) {
        return skip(row, reason);
    }
    return_claim(call, row);
    return true;
}

// Each of them is returned, skipped, set aside or put off.
void decide_all(ClaimCall& call, int priority, const pg::KeptRows& taken) {
    const auto limits = lock_limits(taken);
    const TimestampTz give_up = GetCurrentTimestamp() + longest_locking_us;
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        const bool late = !limits.complete && GetCurrentTimestamp() > give_up;
        if (late || !return_or_skip(call, taken[i], limits.complete)) {
            put_off(priority, taken[i]);
        }
    }
    if (limits.complete && !call.has_reserved) {
        budgets::unlock_limits(limits.locked);
    }
}

// What is left in the lane lies in the future, if there is anything. The look begins where the lane begins now:
// arrivals since the claim's own look may lie before the time of that look.
void advance_to_first(int priority) {
    const auto start = lane_start(priority);
    advance_lane(priority, start, first_place(priority, start.from));
}

// Takes what is due in a lane by `now`, in the order of places.
pg::KeptRows take_from(int priority, TimestampTz from, TimestampTz now, const ClaimCall& call) {
    pg::Values values;
    values.add(Int16GetDatum(static_cast<std::int16_t>(priority))).add(TimestampTzGetDatum(from));
    values.add(call.operations, call.operations == 0).add(Int32GetDatum(call.left));
    values.add(call.worker).add(call.lease).add(TimestampTzGetDatum(now));
    const auto taken = pg::keep_rows(take.execute(values.values(), values.letters()));
    HeapTuple* const rows = taken.table->vals;
    std::sort(rows, rows + taken.count, [&](HeapTuple one, HeapTuple other) {
        return place_of({one, taken.table->tupdesc}) < place_of({other, taken.table->tupdesc});
    });
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        mark_taken(priority, place_of(taken[i])); // all of them, before anything can fail
    }
    return taken;
}

// Whether there may be more in the lane.
bool claim_from_lane(int priority, ClaimCall& call) {
    const auto start = lane_start(priority);
    const TimestampTz now = GetCurrentTimestamp();
    if (start.from > now) {
        return false;
    }
    const auto wanted = static_cast<std::uint64_t>(call.left);
    const auto taken = take_from(priority, start.from, now, call);
    const TimestampTz furthest = taken.count > 0 ? place_of(taken[taken.count - 1]) : DT_NOBEGIN;
    decide_all(call, priority, taken);
    const bool took_all = taken.count < wanted;
    if (call.operations == 0) {
        advance_lane(priority, start, took_all ? now : furthest);
        if (taken.count == 0) {
            advance_to_first(priority);
        }
    }
    SPI_freetuptable(taken.table);
    return !took_all;
}

void claim_due(ClaimCall& call) {
    if (all_is_paused()) {
        return;
    }
    for (int priority = highest_priority; priority >= lowest_priority && call.left > 0; --priority) {
        while (call.left > 0 && !call.has_reserved && claim_from_lane(priority, call)) {
        }
    }
}

void claim_or_wait(ClaimCall& call, std::int64_t wait_us) {
    const int wanted = call.left;
    const TimestampTz give_up = GetCurrentTimestamp() + wait_us;
    bool waited = false;
    claim_due(call);
    while (call.left == wanted && GetCurrentTimestamp() < give_up) {
        waited = true;
        begin_waiting(call.operations == 0 ? WaitFor::any_operation : WaitFor::some_operations);
        claim_due(call);
        if (call.left == wanted) {
            const auto left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), give_up);
            wait_for_ready(std::min(left + 1, look_again_ms));
        }
        end_waiting();
    }
    if (waited && call.left != wanted) {
        wake_next_waiter(); // this one may have been woken for more than it takes
    }
}

struct Argument {
    enum : int { worker, limit, lease, operations, wait };
};

} // namespace

HELIX_FUNCTION(helix_claim_executions) {
    ClaimCall call{};
    call.worker = pg::required(fcinfo, Argument::worker, "p_worker");
    pg::check_text("p_worker", call.worker, pg::longest_name);
    call.left = number_argument(fcinfo, Argument::limit, "p_limit", 1, most_claims);
    pg::interval_argument(fcinfo, Argument::lease, "p_lease", USECS_PER_SEC, USECS_PER_DAY);
    call.lease = PG_GETARG_DATUM(Argument::lease);
    call.operations = optional_argument(fcinfo, Argument::operations);
    const auto wait_us = pg::interval_argument(fcinfo, Argument::wait, "p_wait", 0, longest_wait_us);
    InitMaterializedSRF(fcinfo, 0);
    call.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    plan_by_index();
    claim_or_wait(call, wait_us);
    spi.finish();
    return 0;
}

} // namespace helix::queue
