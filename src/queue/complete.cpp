// helix.complete_execution and fail_execution: what a worker says of what it has claimed.
#include "pg/prelude.hpp"

#include "ledger/recording.hpp"
#include "pg/bounds.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "queue/batch_progress.hpp"
#include "queue/finish.hpp"
#include "queue/lanes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "common/pg_prng.h"
#include "utils/numeric.h"
}

namespace helix::queue {

namespace {

constexpr std::size_t most_result_bytes = std::size_t{1024} * 1024;
constexpr std::int64_t first_pause_us = 5 * USECS_PER_SEC;
constexpr std::int64_t longest_pause_us = USECS_PER_HOUR;

pg::Statement retry("UPDATE helix_internal.queue q SET running = false, worker = NULL, lease_until = NULL, "
                    "last_error = $3, run_at = pg_catalog.clock_timestamp() + $4, "
                    "ready_at = pg_catalog.clock_timestamp() + $4 "
                    "WHERE q.id = $1 AND q.running AND ($2 IS NULL OR q.attempt = $2) AND q.attempt < q.max_attempts "
                    "RETURNING q.user_id, q.operation_id, q.priority, q.ready_at, q.reserved, q.batch_operation_id",
                    {UUIDOID, INT4OID, TEXTOID, INTERVALOID});
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
ledger::Request recording_of(const pg_uuid_t& user, Datum operation, bool success, const Ending& ending) {
    ledger::Request request;
    request.user_id = user;
    request.operation_id = pg::text_view(operation);
    request.success = success;
    request.is_queued = true;
    request.latency_ms = ending.latency_ms;
    if (ending.cost != 0) {
        request.cost_usd = ending.cost;
    }
    if (ending.error != 0) {
        request.error = pg::text_view(ending.error);
    }
    return request;
}

// What is reserved under the execution's id is settled by the cost.
void settle_by(ledger::Request& request, const pg_uuid_t& execution) {
    request.reservation_id = execution;
    request.reservation_holder = budgets::Holder::queue;
}

// What it has cost; null where nobody says.
Datum record_attempt(ledger::Request request) {
    const bool told = request.cost_usd || request.model;
    if (!told) {
        request.cost_usd = NumericGetDatum(int64_to_numeric(0));
    }
    const auto recorded = ledger::record(request);
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
        pg::interval_argument(fcinfo, number, "p_retry_in", 0, 365 * USECS_PER_DAY);
        return PG_GETARG_DATUM(number);
    }
    const Datum id = UUIDPGetDatum(&claim.id);
    const std::int32_t attempt = select_attempt.execute(&id) > 0 ? DatumGetInt32(pg::column(0, 1)) : 1;
    return IntervalPGetDatum(pause_after(attempt));
}

// The tokens, where they are given, price what has no cost.
void add_tokens(FunctionCallInfo fcinfo, ledger::Request& request) {
    if (!PG_ARGISNULL(7)) {
        request.model = pg::text_view(PG_GETARG_DATUM(7));
    }
    for (const auto& [number, field] :
         {std::pair{8, &request.input_tokens}, {9, &request.cached_input_tokens}, {10, &request.output_tokens}}) {
        if (!PG_ARGISNULL(number)) {
            *field = PG_GETARG_INT64(number);
        }
    }
}

// What has failed and will be tried again. The text lives in SPI's memory.
struct Attempt {
    pg_uuid_t user_id;
    Datum operation_id;
    bool reserved;
    std::optional<pg_uuid_t> batch_operation = std::nullopt;
};

// Whether an attempt is left; the execution is pending again then.
std::optional<Attempt> try_again(const Claim& claim, Datum error, Datum pause) {
    pg::Values values;
    values.add_uuid(&claim.id).add(Int32GetDatum(claim.attempt.value_or(0)), !claim.attempt);
    values.add(error).add(pause);
    if (retry.execute(values.values(), values.letters()) == 0) {
        return std::nullopt;
    }
    mark_ready(DatumGetInt16(pg::column(0, 3)), DatumGetTimestampTz(pg::column(0, 4)));
    Attempt attempt{*DatumGetUUIDP(pg::column(0, 1)), pg::column(0, 2), DatumGetBool(pg::column(0, 5))};
    bool no_batch = false;
    const Datum operation = pg::column(0, 6, &no_batch);
    if (!no_batch) {
        attempt.batch_operation = *DatumGetUUIDP(operation);
    }
    return attempt;
}

void report_retry(const Claim& claim, const Attempt& attempt, const Ending& ending) {
    auto request = recording_of(attempt.user_id, attempt.operation_id, false, ending);
    if (attempt.reserved) {
        settle_by(request, claim.id);
    }
    const Datum cost = record_attempt(request);
    if (attempt.batch_operation && cost != 0) {
        note_attempt_cost(*attempt.batch_operation, cost);
    }
}

void end_failed(const Claim& claim, Ending& ending) {
    const auto departed = leave_queue(claim);
    if (!departed) {
        refuse_claim(claim);
    }
    auto request = recording_of(departed->user_id, departed->operation_id, false, ending);
    if (departed->reserved) {
        settle_by(request, claim.id);
    }
    ending.cost = record_attempt(request);
    enter_history(*departed, ending);
    notify_dependents(*departed, ending);
}

} // namespace

HELIX_FUNCTION(helix_complete_execution) {
    const auto claim = claim_of(fcinfo, 5);
    Ending ending{.status = status_argument(fcinfo, 1)};
    ending.result = argument(fcinfo, 2);
    if (ending.result != 0) {
        pg::check_json("p_result", ending.result, most_result_bytes);
    }
    ending.error = pg::stored_error(argument(fcinfo, 6));
    ending.cost = argument(fcinfo, 3);
    ending.latency_ms = latency_argument(fcinfo, 4);
    const bool skipped = strcmp(ending.status, "skipped") == 0;
    if (skipped) {
        check_skipped(ending);
    }
    pg::Owner owner;
    const auto departed = leave_queue(claim);
    if (!departed) {
        refuse_claim(claim);
    }
    if (!skipped) {
        auto request =
            recording_of(departed->user_id, departed->operation_id, strcmp(ending.status, "success") == 0, ending);
        add_tokens(fcinfo, request);
        if (departed->reserved) {
            settle_by(request, claim.id);
        }
        ending.cost = record_attempt(request);
    }
    enter_history(*departed, ending);
    if (concerns_others(*departed)) {
        pg::OwnerSpi spi;
        plan_by_index();
        notify_dependents(*departed, ending);
        spi.finish();
    }
    owner.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_fail_execution) {
    const auto claim = claim_of(fcinfo, 2);
    Ending ending{.status = "failed"};
    ending.error = pg::stored_error(pg::required(fcinfo, 1, "p_error"));
    ending.cost = argument(fcinfo, 3);
    ending.latency_ms = latency_argument(fcinfo, 4);
    text* const outcome = cstring_to_text("pending");
    text* const last = cstring_to_text("failed");
    pg::OwnerSpi spi;
    plan_by_index();
    const Datum pause = pause_argument(fcinfo, 5, claim);
    const auto attempt = try_again(claim, ending.error, pause);
    if (attempt) {
        report_retry(claim, *attempt, ending);
    } else {
        end_failed(claim, ending);
    }
    spi.finish();
    PG_RETURN_TEXT_P(attempt ? outcome : last);
}

} // namespace helix::queue
