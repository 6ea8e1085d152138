// helix.complete_execution and fail_execution: what a worker says of what it has claimed.
#include "pg/prelude.hpp"

#include "budgets/reservation.hpp"
#include "ledger/recording.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "queue/arguments.hpp"
#include "queue/batch_progress.hpp"
#include "queue/finish.hpp"
#include "queue/lanes.hpp"
#include "queue/plans.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "common/pg_prng.h"
#include "utils/numeric.h"
}

namespace helix::queue {

namespace {

constexpr std::int64_t first_pause_us = 5 * USECS_PER_SEC;
constexpr std::int64_t longest_pause_us = USECS_PER_HOUR;

pg::Statement retry("UPDATE helix_internal.queue q SET running = false, worker = NULL, lease_until = NULL, "
                    "last_error = $3, run_at = pg_catalog.clock_timestamp() + $4, "
                    "ready_at = pg_catalog.clock_timestamp() + $4 "
                    "WHERE q.id = $1 AND q.running AND ($2 IS NULL OR q.attempt = $2) AND q.attempt < q.max_attempts "
                    "RETURNING q.user_id, q.operation_id, q.priority, q.ready_at, q.reserved, q.batch_operation_id",
                    {UUIDOID, INT4OID, TEXTOID, INTERVALOID});
pg::Statement set_cost("UPDATE helix_internal.schedule_executions SET cost_actual = $2 WHERE id = $1",
                       {UUIDOID, NUMERICOID});
pg::Statement select_attempt("SELECT attempt FROM helix_internal.queue WHERE id = $1", {UUIDOID});

Claim claim_of(FunctionCallInfo fcinfo, int token) {
    Claim claim{*DatumGetUUIDP(pg::required(fcinfo, 0, "p_execution_id")), std::nullopt};
    if (!PG_ARGISNULL(token)) {
        const auto value = PG_GETARG_INT64(token);
        claim.attempt = value >= 0 && value <= PG_INT32_MAX ? static_cast<std::int32_t>(value) : -1; // fits no claim
    }
    return claim;
}

const char* status_argument(FunctionCallInfo fcinfo, int number) {
    const Datum value = pg::required(fcinfo, number, "p_status");
    for (const char* status : {"success", "failed", "skipped"}) {
        if (pg::text_view(value) == status) {
            return status;
        }
    }
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown p_status"),
             errdetail("It is \"%s\".", TextDatumGetCString(value)), errhint("Say success, failed or skipped.")));
    pg_unreachable();
}

Datum argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? 0 : PG_GETARG_DATUM(number);
}

std::optional<std::int32_t> latency_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::nullopt : std::optional(PG_GETARG_INT32(number));
}

// An attempt for the ledger, which checks the rest.
ledger::Request recording_of(const Finished& finished, bool success, const Ending& ending) {
    ledger::Request request;
    request.user_id = finished.user_id;
    request.operation_id = pg::text_view(finished.operation_id);
    request.success = success;
    request.latency_ms = ending.latency_ms;
    if (ending.cost != 0) {
        request.cost_usd = ending.cost;
    }
    if (ending.error != 0) {
        request.error = pg::text_view(ending.error);
    }
    return request;
}

// What it has cost; null where nobody says.
Datum record(const Claim& claim, ledger::Request request) {
    const bool priced = !request.cost_usd && request.model;
    const bool told = request.cost_usd || priced;
    if (!told) {
        request.cost_usd = NumericGetDatum(int64_to_numeric(0));
    }
    const auto recorded = ledger::record(request);
    if (priced) {
        const Datum values[] = {UUIDPGetDatum(&claim.id), recorded.cost_usd};
        set_cost.execute(values);
    }
    return told ? recorded.cost_usd : 0;
}

// The ledger knows nothing of what has been skipped, so there is no place for a cost, and it can check neither.
void check_skipped(const Ending& ending) {
    if (ending.latency_ms && *ending.latency_ms < 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_latency_ms must not be negative"),
                        errdetail("It is %d ms.", *ending.latency_ms)));
    }
    if (ending.cost != 0 && DirectFunctionCall2(numeric_ne, ending.cost, NumericGetDatum(int64_to_numeric(0)))) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a skipped execution has cost nothing"),
                 errdetail("p_cost_actual is %s USD.", DatumGetCString(DirectFunctionCall1(numeric_out, ending.cost))),
                 errhint("Complete it as failed or success, so that its cost is recorded.")));
    }
}

// Doubles with each attempt; the random part keeps those that failed together from coming back together.
Interval* pause_after(std::int32_t attempt) {
    const std::int64_t whole = std::min(longest_pause_us, first_pause_us << std::clamp(attempt - 1, 0, 20));
    auto* pause = static_cast<Interval*>(palloc0(sizeof(Interval)));
    const double random_part = pg_prng_double(&pg_global_prng_state) / 2;
    pause->time = whole - static_cast<std::int64_t>(random_part * static_cast<double>(whole));
    return pause;
}

Datum pause_argument(FunctionCallInfo fcinfo, int number, const Claim& claim) {
    if (!PG_ARGISNULL(number)) {
        interval_argument(fcinfo, number, "p_retry_in", 0, 365 * USECS_PER_DAY);
        return PG_GETARG_DATUM(number);
    }
    const Datum id = UUIDPGetDatum(&claim.id);
    const std::int32_t attempt = select_attempt.execute(&id) > 0 ? DatumGetInt32(pg::column(0, 1)) : 1;
    return IntervalPGetDatum(pause_after(attempt));
}

// Whether an attempt is left; the execution is pending again then.
std::optional<Finished> try_again(const Claim& claim, Datum error, Datum pause) {
    pg::Values values;
    values.add_uuid(&claim.id).add(Int32GetDatum(claim.attempt.value_or(0)), !claim.attempt);
    values.add(error).add(pause);
    if (retry.execute(values.values(), values.letters()) == 0) {
        return std::nullopt;
    }
    note_ready(DatumGetInt16(pg::column(0, 3)), DatumGetTimestampTz(pg::column(0, 4)));
    Finished attempt{*DatumGetUUIDP(pg::column(0, 1)), pg::column(0, 2)};
    bool no_batch = false;
    const Datum operation = pg::column(0, 6, &no_batch);
    if (!no_batch) {
        attempt.batch_operation = *DatumGetUUIDP(operation);
    }
    if (DatumGetBool(pg::column(0, 5))) {
        budgets::release(claim.id);
    }
    return attempt;
}

} // namespace

} // namespace helix::queue

using namespace helix;

HELIX_FUNCTION(helix_complete_execution) {
    const auto claim = queue::claim_of(fcinfo, 5);
    queue::Ending ending{.status = queue::status_argument(fcinfo, 1)};
    ending.result = queue::argument(fcinfo, 2);
    ending.error = queue::argument(fcinfo, 6);
    ending.cost = queue::argument(fcinfo, 3);
    ending.latency_ms = queue::latency_argument(fcinfo, 4);
    const bool skipped = strcmp(ending.status, "skipped") == 0;
    if (skipped) {
        queue::check_skipped(ending);
    }
    pg::OwnerSpi spi;
    queue::plan_by_index();
    const auto finished = queue::move_to_history(claim, ending);
    if (!finished) {
        queue::refuse_claim(claim);
    }
    if (!skipped) {
        auto request = queue::recording_of(*finished, strcmp(ending.status, "success") == 0, ending);
        if (!PG_ARGISNULL(7)) {
            request.model = pg::text_view(PG_GETARG_DATUM(7));
        }
        for (const auto& [number, field] :
             {std::pair{8, &request.input_tokens}, {9, &request.cached_input_tokens}, {10, &request.output_tokens}}) {
            if (!PG_ARGISNULL(number)) {
                *field = PG_GETARG_INT64(number);
            }
        }
        ending.cost = queue::record(claim, request);
    }
    queue::note_ending(*finished, ending);
    spi.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_fail_execution) {
    const auto claim = queue::claim_of(fcinfo, 2);
    queue::Ending ending{.status = "failed"};
    ending.error = pg::required(fcinfo, 1, "p_error");
    ending.cost = queue::argument(fcinfo, 3);
    ending.latency_ms = queue::latency_argument(fcinfo, 4);
    text* const outcome = cstring_to_text("pending");
    text* const last = cstring_to_text("failed");
    pg::OwnerSpi spi;
    queue::plan_by_index();
    const Datum pause = queue::pause_argument(fcinfo, 5, claim);
    auto attempt = queue::try_again(claim, ending.error, pause);
    const bool again = attempt.has_value();
    if (!again) {
        attempt = queue::move_to_history(claim, ending);
    }
    if (!attempt) {
        queue::refuse_claim(claim);
    }
    ending.cost = queue::record(claim, queue::recording_of(*attempt, false, ending));
    if (!again) {
        queue::note_ending(*attempt, ending);
    } else if (attempt->batch_operation && ending.cost != 0) {
        queue::note_attempt_cost(*attempt->batch_operation, ending.cost);
    }
    spi.finish();
    PG_RETURN_TEXT_P(again ? outcome : last);
}
