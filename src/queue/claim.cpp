// helix.claim_executions: workers take what is due.
#include "pg/prelude.hpp"

#include "budgets/reservation.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "queue/finish.hpp"
#include "queue/lanes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

#include <algorithm>

namespace helix::queue {

namespace {

constexpr int most_claims = 1000;
constexpr std::int64_t longest_wait_us = 60 * USECS_PER_SEC;
constexpr long look_again_ms = 1000; // whatever nobody announces
// What a user keeps locked in an open transaction (their budgets, a schedule, a batch) must not keep others waiting.
constexpr const char* lock_timeout = "250ms";   // for all that was taken at once
constexpr const char* one_lock_timeout = "5ms"; // for one execution
constexpr std::int64_t longest_locking_us = 500'000;

// The array is made once. As a table to join, a plan may make it again and again, and each time lock further rows.
pg::Statement take(
    "UPDATE helix_internal.queue q SET running = true, attempt = q.attempt + 1, worker = $5, "
    "started_at = pg_catalog.clock_timestamp(), lease_until = pg_catalog.clock_timestamp() + $6, "
    "reserved = EXISTS (SELECT FROM helix_internal.limited_users l WHERE l.user_id = q.user_id) "
    "WHERE q.id = ANY (ARRAY(SELECT d.id FROM helix_internal.queue d WHERE d.priority = $1 AND d.ready_at >= $2 "
    "AND d.ready_at <= $7 AND NOT d.running AND ($3 IS NULL OR d.operation_id = ANY ($3)) "
    "ORDER BY d.ready_at LIMIT $4 FOR UPDATE SKIP LOCKED)) "
    "RETURNING q.id, q.user_id, q.operation_id, q.schedule_id, q.batch_id, q.payload, q.triggered_by, q.attempt, "
    "q.attempt::bigint, q.run_at, q.lease_until, q.ready_at, "
    "CASE WHEN q.schedule_id IS NOT NULL THEN (SELECT s.max_cost_per_month FROM helix_internal.operation_schedules s "
    "WHERE s.id = q.schedule_id) END, "
    "CASE WHEN q.batch_id IS NOT NULL THEN helix_internal.batch_stop_reason(q.batch_id) END, q.reserved",
    {INT2OID, TIMESTAMPTZOID, TEXTARRAYOID, INT4OID, TEXTOID, INTERVALOID, TIMESTAMPTZOID});
pg::Statement put_back("UPDATE helix_internal.queue SET running = false, attempt = attempt - 1, worker = NULL, "
                       "lease_until = NULL, ready_at = pg_catalog.clock_timestamp() + GREATEST(interval '1 s', "
                       "LEAST(interval '10 s', pg_catalog.clock_timestamp() - run_at)) WHERE id = $1 "
                       "RETURNING ready_at",
                       {UUIDOID});
pg::Statement select_earliest("SELECT ready_at FROM helix_internal.queue WHERE priority = $1 AND ready_at >= $2 "
                              "AND NOT running ORDER BY ready_at LIMIT 1",
                              {INT2OID, TIMESTAMPTZOID});
pg::Statement select_spent("SELECT pg_catalog.format('max_cost_per_month is %s USD, spent this month: %s USD', $2, "
                           "pg_catalog.sum(cost_actual)) FROM helix_internal.schedule_executions "
                           "WHERE schedule_id = $1 AND created_at >= pg_catalog.date_trunc('month', pg_catalog.now(), "
                           "'UTC') HAVING pg_catalog.sum(cost_actual) >= $2",
                           {UUIDOID, NUMERICOID});

constexpr int returned_columns = 11;

// The call's arguments and what it has claimed so far.
struct Round {
    Datum worker;
    Datum operations; // 0: any
    Datum lease;
    int left;
    bool reserved; // something: its budgets are locked, and to lock further ones could end in a deadlock
    ReturnSetInfo* result;
};

TimestampTz place_of(HeapTuple row, TupleDesc columns) {
    bool is_null = false;
    return DatumGetTimestampTz(SPI_getbinval(row, columns, 12, &is_null));
}

Datum column_of(HeapTuple row, TupleDesc columns, int number) {
    bool is_null = false;
    return SPI_getbinval(row, columns, number, &is_null);
}

bool has_limits(HeapTuple row, TupleDesc columns) {
    return DatumGetBool(column_of(row, columns, 15));
}

budgets::Wanted wanted_by(HeapTuple row, TupleDesc columns) {
    return {*DatumGetUUIDP(column_of(row, columns, 2)), column_of(row, columns, 3)};
}

// The limits that apply to what was taken. Plain data.
struct Limits {
    budgets::LockedLimits locked;
    bool complete; // else somebody keeps one of them, and each execution's limits are asked for by themselves
};

// Locks them all at once and so in one order.
Limits lock_limits(const SPITupleTable* taken, std::uint64_t rows) {
    auto* wanted = static_cast<budgets::Wanted*>(palloc(sizeof(budgets::Wanted) * (rows + 1)));
    int count = 0;
    for (std::uint64_t i = 0; i < rows; ++i) {
        if (has_limits(taken->vals[i], taken->tupdesc)) {
            wanted[count++] = wanted_by(taken->vals[i], taken->tupdesc);
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
Datum reason_to_skip(HeapTuple row, TupleDesc columns) {
    bool is_null = false;
    const Datum stopped = SPI_getbinval(row, columns, 14, &is_null);
    if (!is_null) {
        return stopped;
    }
    const Datum limit = SPI_getbinval(row, columns, 13, &is_null);
    if (is_null) {
        return 0;
    }
    const Datum values[] = {SPI_getbinval(row, columns, 4, &is_null), limit};
    return select_spent.execute(values) == 0 ? 0 : pg::column(0, 1);
}

// As above, for budgets: what it is likely to cost is reserved until the lease ends.
Datum reason_of_budgets(HeapTuple row, TupleDesc columns) {
    const char* reason = budgets::reserve_estimate(*DatumGetUUIDP(column_of(row, columns, 1)), wanted_by(row, columns),
                                                   DatumGetTimestampTz(column_of(row, columns, 11)));
    return reason == nullptr ? 0 : CStringGetTextDatum(reason);
}

// It is nobody's again, and comes later.
void put_off(int priority, HeapTuple row, TupleDesc columns) {
    const Datum id = column_of(row, columns, 1);
    put_back.execute(&id);
    mark_ready(priority, DatumGetTimestampTz(pg::column(0, 1)));
}

void return_claim(Round& round, HeapTuple row, TupleDesc columns) {
    pg::Values values;
    for (int number = 1; number <= returned_columns; ++number) {
        bool is_null = false;
        const Datum value = SPI_getbinval(row, columns, number, &is_null);
        values.add(value, is_null);
    }
    tuplestore_putvalues(round.result->setResult, round.result->setDesc, values.values(), values.nulls());
    --round.left;
    round.reserved = round.reserved || has_limits(row, columns);
}

// False where somebody keeps a lock that it takes to end the execution.
bool skip(HeapTuple row, TupleDesc columns, Datum reason) {
    const Claim claim{*DatumGetUUIDP(column_of(row, columns, 1)), std::nullopt};
    return pg::try_for_lock(one_lock_timeout,
                            [&claim, reason] { finish(claim, {.status = "skipped", .error = reason}); });
}

// False where somebody keeps one of the user's limits, or where a row of theirs cannot be judged.
bool ask_budgets(HeapTuple row, TupleDesc columns, bool limits_locked, Datum& reason) {
    return pg::try_for_lock(
        one_lock_timeout,
        [row, columns, limits_locked, &reason] {
            if (!limits_locked) {
                const auto wanted = wanted_by(row, columns);
                budgets::lock_limits(&wanted, 1);
            }
            reason = reason_of_budgets(row, columns);
        },
        pg::OnError::log);
}

// False where it cannot be decided now.
bool return_or_skip(Round& round, HeapTuple row, TupleDesc columns, bool limits_locked) {
    Datum reason = reason_to_skip(row, columns);
    if (reason == 0 && has_limits(row, columns) && !ask_budgets(row, columns, limits_locked, reason)) {
        return false;
    }
    if (reason != 0) {
        return skip(row, columns, reason);
    }
    return_claim(round, row, columns);
    return true;
}

void settle(Round& round, int priority, SPITupleTable* taken, std::uint64_t rows) {
    const auto limits = lock_limits(taken, rows);
    const TimestampTz give_up = GetCurrentTimestamp() + longest_locking_us;
    for (std::uint64_t i = 0; i < rows; ++i) {
        HeapTuple row = taken->vals[i];
        const bool late = !limits.complete && GetCurrentTimestamp() > give_up;
        if (late || !return_or_skip(round, row, taken->tupdesc, limits.complete)) {
            put_off(priority, row, taken->tupdesc);
        }
    }
    if (limits.complete && !round.reserved) {
        budgets::unlock_limits(limits.locked);
    }
}

// What is left in the lane lies in the future, if anything does. It is looked for from where the lane begins now: what
// came in since the claim looked may lie before the time it looked.
void advance_to_earliest(int priority) {
    const auto start = lane_start(priority);
    const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)), TimestampTzGetDatum(start.from)};
    const bool found = select_earliest.execute(values) > 0;
    advance_lane(priority, start, found ? DatumGetTimestampTz(pg::column(0, 1)) : DT_NOEND);
}

// Whether there may be more in the lane.
bool claim_from(int priority, Round& round) {
    const auto start = lane_start(priority);
    if (start.from > GetCurrentTimestamp()) {
        return false;
    }
    const int wanted = round.left;
    pg::Values values;
    values.add(Int16GetDatum(static_cast<std::int16_t>(priority))).add(TimestampTzGetDatum(start.from));
    values.add(round.operations, round.operations == 0).add(Int32GetDatum(wanted));
    const TimestampTz before = GetCurrentTimestamp();
    values.add(round.worker).add(round.lease).add(TimestampTzGetDatum(before));
    const auto rows = take.execute(values.values(), values.letters());
    SPITupleTable* taken = SPI_tuptable;
    std::sort(taken->vals, taken->vals + rows, [&](HeapTuple one, HeapTuple other) {
        return place_of(one, taken->tupdesc) < place_of(other, taken->tupdesc);
    });
    const TimestampTz furthest = rows > 0 ? place_of(taken->vals[rows - 1], taken->tupdesc) : DT_NOBEGIN;
    for (std::uint64_t i = 0; i < rows; ++i) {
        mark_taken(priority, place_of(taken->vals[i], taken->tupdesc)); // all, before anything can fail
    }
    settle(round, priority, taken, rows);
    const bool all = rows < static_cast<std::uint64_t>(wanted);
    if (round.operations == 0) {
        advance_lane(priority, start, all ? before : furthest);
        if (rows == 0) {
            advance_to_earliest(priority);
        }
    }
    SPI_freetuptable(taken);
    return !all;
}

void claim_due(Round& round) {
    for (int priority = highest_priority; priority >= lowest_priority && round.left > 0; --priority) {
        while (round.left > 0 && !round.reserved && claim_from(priority, round)) {
        }
    }
}

void claim(Round& round, std::int64_t wait_us) {
    const int wanted = round.left;
    const TimestampTz give_up = GetCurrentTimestamp() + wait_us;
    bool waited = false;
    claim_due(round);
    while (round.left == wanted && GetCurrentTimestamp() < give_up) {
        waited = true;
        begin_waiting(round.operations != 0);
        claim_due(round);
        if (round.left == wanted) {
            const auto left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), give_up);
            wait_for_ready(std::min(left + 1, look_again_ms));
        }
        end_waiting();
    }
    if (waited && round.left != wanted) {
        wake_next_waiter(); // this one may have been woken for more than it takes
    }
}

} // namespace

HELIX_FUNCTION(helix_claim_executions) {
    Round round{};
    round.worker = pg::required(fcinfo, 0, "p_worker");
    pg::check_text("p_worker", round.worker, pg::longest_name);
    round.left = number_argument(fcinfo, 1, "p_limit", 1, most_claims);
    pg::interval_argument(fcinfo, 2, "p_lease", USECS_PER_SEC, USECS_PER_DAY);
    round.lease = PG_GETARG_DATUM(2);
    round.operations = PG_ARGISNULL(3) ? 0 : PG_GETARG_DATUM(3);
    const auto wait_us = pg::interval_argument(fcinfo, 4, "p_wait", 0, longest_wait_us);
    InitMaterializedSRF(fcinfo, 0);
    round.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    plan_by_index();
    claim(round, wait_us);
    spi.finish();
    return 0;
}

} // namespace helix::queue
