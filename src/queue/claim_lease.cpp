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
#include "queue/lane_rows.hpp"
#include "queue/lanes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

namespace helix::queue {

namespace {

constexpr std::size_t most_progress_bytes = 8192;
constexpr const char* ran_out = "the lease ran out";
constexpr const char* lock_timeout = "5ms";
constexpr int rest_factor = 20;                           // the task takes at most a twentieth of its time
constexpr std::int64_t look_back_us = 30 * USECS_PER_SEC; // between two looks at whole lanes

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
           worker = NULL,
           lease_until = NULL,
           last_error = $1
     WHERE id = ANY (ARRAY(
           SELECT id
             FROM helix_internal.queue
            WHERE running AND lease_until < pg_catalog.clock_timestamp() AND attempt < max_attempts
              FOR UPDATE SKIP LOCKED))
    RETURNING priority, ready_at)",
                        {TEXTOID});

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
    mark_rows_ready(rows);
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
    const auto returned = return_to_queue();
    return returned + give_up_lost();
}

// Moves the lanes on past what has gone. `whole`: looks from their very beginning, for what nobody has announced.
void look_at_lanes(bool whole) {
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        const auto start = lane_start(priority);
        const TimestampTz from = whole ? DT_NOBEGIN : std::max<Lane::Place>(start.from, DT_NOBEGIN);
        const TimestampTz first = first_place(priority, from);
        if (first < start.from) {
            announce(priority, first);
        } else {
            advance_lane(priority, start, first);
        }
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
