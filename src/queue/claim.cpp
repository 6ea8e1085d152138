// helix.claim_executions(): workers claim the executions that are due.
#include "pg/prelude.hpp"

#include "budgets/reservation.hpp"
#include "pg/bounds.hpp"
#include "pg/client.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "queue/claim_take.hpp"
#include "queue/finish.hpp"
#include "queue/lane_changes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"
#include "queue/running_limits.hpp"
#include "queue/turns.hpp"
#include "queue/waiters.hpp"

namespace helix::queue {

namespace {

constexpr int most_claims = 1000;
constexpr std::int64_t longest_wait_us = 60 * USECS_PER_SEC;
constexpr std::int64_t look_again_us = USECS_PER_SEC;
// Users may hold locks in an open transaction: on their budgets, a schedule, a batch. Nobody else may wait for that.
constexpr const char* lock_timeout = "250ms";   // for everything that was taken at once
constexpr const char* one_lock_timeout = "5ms"; // for one execution
constexpr std::int64_t longest_locking_us = 500'000;

pg::Statement put_back(R"(
    UPDATE helix_internal.queue
       SET running = false,
           attempt = attempt - 1,
           worker = NULL,
           lease_until = NULL,
           turn = NULL,
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
    Claimer claimer;
    WantedOperations wanted;
    int left;          // how many more it may claim
    bool has_reserved; // it holds locks on budgets, and locking further ones could end in a deadlock
    bool has_held;     // something at a limit; others see that only when the transaction ends
    ReturnSetInfo* result;
};

pg_uuid_t id_of(const pg::KeptRow& row) {
    return *DatumGetUUIDP(row.value(Taken::id));
}

bool has_limits(const pg::KeptRow& row) {
    return DatumGetBool(row.value(Taken::reserved));
}

budgets::Wanted wanted_by(const pg::KeptRow& row) {
    return {*DatumGetUUIDP(row.value(Taken::user_id)), row.value(Taken::operation_id)};
}

LimitScope limit_scope(const pg::KeptRow& row) {
    bool no_key = false;
    const Datum key = row.value(Taken::concurrency_key, &no_key);
    return {*DatumGetUUIDP(row.value(Taken::user_id)), no_key ? 0 : key};
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
    mark_later(priority, row.value(Taken::operation_id), DatumGetTimestampTz(pg::only_column()));
}

void return_claim(ClaimCall& call, const pg::KeptRow& row) {
    Datum values[Taken::count];
    bool nulls[Taken::count];
    heap_deform_tuple(row.tuple, row.columns, values, nulls);
    tuplestore_putvalues(call.result->setResult, call.result->setDesc, values, nulls);
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

// Whether a limit of running executions lets it start. `decided`: it is held, and waits for another to end.
bool may_start(ClaimCall& call, const pg::KeptRow& row, bool& decided) {
    const Room room = find_room(limit_scope(row), id_of(row));
    decided = room == Room::full;
    call.has_held = call.has_held || decided;
    return room == Room::free;
}

// False where it cannot be decided now.
bool return_or_skip(ClaimCall& call, const pg::KeptRow& row, bool limits_locked) {
    if (is_set_aside(*DatumGetUUIDP(row.value(Taken::user_id)), row.value(Taken::operation_id))) {
        set_aside(id_of(row));
        return true;
    }
    Datum reason = reason_to_skip(row);
    const bool is_counted = has_running_limit(limit_scope(row).concurrency_key);
    bool decided = false;
    if (reason == 0 && is_counted && !may_start(call, row, decided)) {
        return decided;
    }
    if (reason == 0 && has_limits(row) && !ask_budgets(row, limits_locked, reason)) {
        return false;
    }
    if (reason != 0) {
        return skip(row, reason);
    }
    if (is_counted) {
        count_as_running(id_of(row));
    }
    return_claim(call, row);
    return true;
}

// Each of them is returned, skipped, set aside, held or put off.
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

// Whether there may be more in the lane.
bool claim_any(int priority, ClaimCall& call) {
    const auto start = ready_start(priority);
    if (start.from == Lane::last) {
        return false;
    }
    const auto taken = take_any(call.claimer, priority, start.from, call.left);
    const bool took_all = taken.count < static_cast<std::uint64_t>(call.left);
    advance_ready(priority, nullptr, start, took_all ? Lane::last : turn_of(taken[taken.count - 1]));
    decide_all(call, priority, taken);
    SPI_freetuptable(taken.table);
    return !took_all;
}

// Claims executions of the operations that are wanted, as many of each as come first.
bool claim_wanted(int priority, ClaimCall& call) {
    const auto shares = share_out(call.wanted, priority, call.left);
    std::uint64_t taken_before = 0;
    int unused = 0; // of the shares before: others have locked what they were for
    for (int i = 0; i < shares.count && !call.has_reserved; ++i) {
        const Share& share = shares.all[i];
        const int most = std::min(call.left, share.executions + unused);
        if (most == 0) {
            continue;
        }
        const auto taken = take_of(call.claimer, share, priority, most);
        const bool took_all = taken.count < static_cast<std::uint64_t>(most);
        if (share.operation->lanes != nullptr) {
            advance_ready(priority, share.operation->lanes, share.start,
                          took_all ? Lane::last : turn_of(taken[taken.count - 1]));
        }
        unused = most - static_cast<int>(taken.count);
        taken_before += taken.count;
        decide_all(call, priority, taken);
        SPI_freetuptable(taken.table);
    }
    return taken_before > 0;
}

// Whether there may be more.
bool claim_from_lane(int priority, ClaimCall& call) {
    give_turns(priority);
    return call.wanted.any() ? claim_any(priority, call) : claim_wanted(priority, call);
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

// A wait ends once a second, for what nobody announces; earlier where the next execution is due.
long wait_ms(TimestampTz give_up) {
    TimestampTz until = std::min(give_up, GetCurrentTimestamp() + look_again_us);
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        until = std::min<Lane::Place>(until, later_start(priority).from);
    }
    return std::max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until), 0L) + 1;
}

void claim_or_wait(ClaimCall& call, std::int64_t wait_us) {
    const int wanted = call.left;
    const TimestampTz give_up = GetCurrentTimestamp() + wait_us;
    bool waited = false;
    claim_due(call);
    while (call.left == wanted && !call.has_held && GetCurrentTimestamp() < give_up) {
        waited = true;
        begin_waiting(call.wanted.keys, call.wanted.count);
        claim_due(call);
        if (call.left == wanted && !call.has_held) {
            wait_until_woken(wait_ms(give_up));
            pg::check_client_connection(); // else a dead worker's session would claim, and hold that until the lease
                                           // ends
        }
        end_waiting();
    }
    if (waited && call.left != wanted) {
        wake_next_waiter(call.wanted.keys, call.wanted.count); // this one may have been woken for more than it takes
    }
}

// The transaction would not see what arrives.
void refuse_wait_on_old_snapshot() {
    if (IsolationUsesXactSnapshot()) {
        ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION), errmsg("a claim cannot wait in this transaction"),
                        errdetail("Its isolation level is %s: it does not see what is queued after its begin.",
                                  IsolationIsSerializable() ? "serializable" : "repeatable read"),
                        errhint("Call it in READ COMMITTED, or without p_wait.")));
    }
}

struct Argument {
    enum : int { worker, limit, lease, operations, wait };
};

} // namespace

HELIX_FUNCTION(helix_claim_executions) {
    ClaimCall call{};
    call.claimer.worker = pg::required(fcinfo, Argument::worker, "p_worker");
    pg::check_text("p_worker", call.claimer.worker, pg::longest_name);
    call.left = number_argument(fcinfo, Argument::limit, "p_limit", 1, most_claims);
    pg::interval_argument(fcinfo, Argument::lease, "p_lease", USECS_PER_SEC, USECS_PER_DAY);
    call.claimer.lease = PG_GETARG_DATUM(Argument::lease);
    call.wanted = wanted_operations(optional_argument(fcinfo, Argument::operations));
    const auto wait_us = pg::interval_argument(fcinfo, Argument::wait, "p_wait", 0, longest_wait_us);
    if (wait_us > 0) {
        refuse_wait_on_old_snapshot();
    }
    InitMaterializedSRF(fcinfo, 0);
    call.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    plan_by_index();
    claim_or_wait(call, wait_us);
    spi.finish();
    return 0;
}

} // namespace helix::queue
