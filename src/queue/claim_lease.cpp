// helix.heartbeat_execution(), and the end of leases that nobody has prolonged.
#include "pg/prelude.hpp"

#include "queue/claim_lease.hpp"

#include "budgets/reservation.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/values.hpp"
#include "queue/finish.hpp"
#include "queue/lane_changes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"
#include "queue/running_limits.hpp"
#include "queue/turns.hpp"

namespace helix::queue {

namespace {

constexpr std::size_t most_progress_bytes = 8192;
constexpr const char* ran_out = "the lease ran out";
constexpr const char* lock_timeout = "5ms";
constexpr int rest_factor = 20;                            // the task takes at most a twentieth of its time
constexpr std::int64_t look_again_us = 10 * USECS_PER_SEC; // so far back each look reaches for what became due
constexpr std::int64_t look_back_us = 30 * USECS_PER_SEC;  // between two looks at whole lanes

pg::Statement prolong(R"(
    UPDATE helix_internal.queue
       SET lease_until = pg_catalog.clock_timestamp() + $3,
           progress = COALESCE($4, progress)
     WHERE id = $1 AND running AND attempt = $2
    RETURNING lease_until, reserved, user_id, operation_id)",
                      {UUIDOID, INT4OID, INTERVALOID, JSONBOID});
struct Prolonged {
    enum : int { lease_until = 1, reserved, user_id, operation_id };
};

pg::Statement take_back(R"(
    UPDATE helix_internal.queue
       SET running = false,
           limited = false,
           worker = NULL,
           lease_until = NULL,
           last_error = $1
     WHERE id = ANY (ARRAY(
           SELECT id
             FROM helix_internal.queue
            WHERE running AND lease_until < pg_catalog.clock_timestamp() AND attempt < max_attempts
              FOR UPDATE SKIP LOCKED))
    RETURNING priority, operation_id, turn, ready_at)",
                        {TEXTOID});
struct Returned {
    enum : int { priority = 1, operation_id, turn, ready_at };
};

pg::Statement select_lost(R"(
    SELECT id, attempt
      FROM helix_internal.queue
     WHERE running AND lease_until < pg_catalog.clock_timestamp() AND attempt >= max_attempts
     LIMIT 200
       FOR UPDATE SKIP LOCKED)");
struct Lost {
    enum : int { id = 1, attempt };
};

pg::Statement put_off(R"(
    UPDATE helix_internal.queue
       SET lease_until = pg_catalog.clock_timestamp() + interval '5 s'
     WHERE id = $1)",
                      {UUIDOID});

std::uint64_t return_to_queue() {
    const Datum error = CStringGetTextDatum(ran_out);
    const auto rows = take_back.execute(&error);
    for (std::uint64_t row = 0; row < rows; ++row) {
        const int priority = DatumGetInt16(pg::column(row, Returned::priority));
        const Datum operation_id = pg::column(row, Returned::operation_id);
        bool has_no_turn = false;
        const Datum turn = pg::column(row, Returned::turn, &has_no_turn);
        if (has_no_turn) {
            mark_later(priority, operation_id, DatumGetTimestampTz(pg::column(row, Returned::ready_at)));
        } else {
            mark_ready(priority, operation_id, DatumGetInt64(turn)); // it keeps its place
        }
    }
    return rows;
}

// Whether it has ended as failed. The user may hold the schedule or the batch in an open transaction, or the row may be
// broken. Then the task looks at it again later, and goes on with the others.
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
    const auto lost = pg::keep_rows(select_lost.execute());
    std::uint64_t given_up = 0;
    for (std::uint64_t row = 0; row < lost.count; ++row) {
        const Claim claim{*DatumGetUUIDP(lost[row].value(Lost::id)), DatumGetInt32(lost[row].value(Lost::attempt))};
        given_up += give_up(claim) ? 1 : 0;
    }
    return given_up;
}

// Returns how many have ended or are pending again. `whole`: it also looks for what was set aside at the very moment
// at which its pause ended.
std::uint64_t expire_leases(bool whole) {
    plan_by_index();
    if (whole) {
        release_set_aside({nullptr, 0});
    }
    const auto count = return_to_queue() + give_up_lost();
    release_missed(); // and what waits for those whose lease has ended
    return count;
}

// Finds what nobody has announced. `whole`: looks from the lane's very beginning.
void look_at_ready(int priority, bool whole) {
    const auto start = ready_start(priority);
    const Lane::Place current = place_of_turn(current_turn(priority));
    const Lane::Place first = first_ready(priority, whole ? Lane::first : std::min(start.from, current));
    catch_up(priority, first);
    if (first < start.from) {
        announce_ready(priority, first);
    } else {
        advance_ready(priority, nullptr, start, first);
    }
}

void look_at_later(int priority, bool whole) {
    const auto start = later_start(priority);
    const TimestampTz lately = GetCurrentTimestamp() - look_again_us;
    const auto from = std::max<Lane::Place>(std::min<Lane::Place>(start.from, lately), DT_NOBEGIN);
    const TimestampTz first = first_later(priority, whole ? DT_NOBEGIN : from);
    if (first < start.from) {
        announce_later(priority, first);
    } else {
        advance_later(priority, start, first);
    }
}

void look_at_lanes(bool whole) {
    if (whole) {
        forget_operations();
    }
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        look_at_ready(priority, whole);
        look_at_later(priority, whole);
        give_turns(priority);
    }
}

struct HeartbeatArgument {
    enum : int { execution_id, fencing_token, lease, progress };
};

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
    expire_leases(whole);
    look_at_lanes(whole);
    spi.finish();
    const TimestampTz ended = GetCurrentTimestamp();
    looked_back = whole ? ended : looked_back;
    rest_until = ended + (rest_factor - 1) * (ended - began);
    return false;
}

HELIX_FUNCTION(helix_expire_leases) {
    pg::OwnerSpi spi;
    const auto count = expire_leases(true);
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}

HELIX_FUNCTION(helix_heartbeat_execution) {
    const pg_uuid_t id = *DatumGetUUIDP(pg::required(fcinfo, HeartbeatArgument::execution_id, "p_execution_id"));
    const auto token = DatumGetInt64(pg::required(fcinfo, HeartbeatArgument::fencing_token, "p_fencing_token"));
    pg::interval_argument(fcinfo, HeartbeatArgument::lease, "p_lease", USECS_PER_SEC, USECS_PER_DAY);
    const Claim claim{id, attempt_of_token(token)};
    if (!PG_ARGISNULL(HeartbeatArgument::progress)) {
        pg::check_json("p_progress", PG_GETARG_DATUM(HeartbeatArgument::progress), most_progress_bytes);
    }
    pg::Values values;
    values.add_uuid(&id).add(Int32GetDatum(*claim.attempt)).add_argument(fcinfo, HeartbeatArgument::lease);
    values.add_argument(fcinfo, HeartbeatArgument::progress);
    pg::OwnerSpi spi;
    plan_by_index();
    if (prolong.execute(values.values(), values.letters()) == 0) {
        refuse_claim(claim);
    }
    const TimestampTz until = DatumGetTimestampTz(pg::column(0, Prolonged::lease_until));
    if (DatumGetBool(pg::column(0, Prolonged::reserved))) {
        const budgets::Wanted wanted{*DatumGetUUIDP(pg::column(0, Prolonged::user_id)),
                                     pg::column(0, Prolonged::operation_id)};
        budgets::prolong(id, wanted, until);
    }
    spi.finish();
    PG_RETURN_TIMESTAMPTZ(until);
}

} // namespace helix::queue
