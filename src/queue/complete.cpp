// helix.complete_execution() and fail_execution(): workers report the outcome of what they claimed.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/recording.hpp"
#include "pg/bounds.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/batch_progress.hpp"
#include "queue/finish.hpp"
#include "queue/lane_changes.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_planning.hpp"
#include "queue/running_limits.hpp"

#include <algorithm>

extern "C" {
#include "common/pg_prng.h"
#include "utils/numeric.h"
}

namespace helix::queue {

namespace {

constexpr std::size_t most_result_bytes = std::size_t{1024} * 1024;
constexpr std::int64_t first_pause_us = 5 * USECS_PER_SEC;
constexpr std::int64_t longest_pause_us = USECS_PER_HOUR;

pg::Statement retry(R"(
    UPDATE helix_internal.queue q
       SET running = false,
           limited = false,
           worker = NULL,
           lease_until = NULL,
           last_error = $3,
           earlier_cost_usd = CASE WHEN $5 IS NULL THEN q.earlier_cost_usd
                                   ELSE pg_catalog.trim_scale(COALESCE(q.earlier_cost_usd, 0) + $5) END,
           turn = NULL,
           run_at = pg_catalog.clock_timestamp() + $4,
           ready_at = pg_catalog.clock_timestamp() + $4
     WHERE q.id = $1 AND q.running AND ($2 IS NULL OR q.attempt = $2) AND q.attempt < q.max_attempts
    RETURNING q.user_id, q.operation_id, q.priority, q.ready_at, q.reserved, q.batch_operation_id, q.concurrency_key)",
                    {UUIDOID, INT4OID, TEXTOID, INTERVALOID, NUMERICOID});
struct Retried {
    enum : int { user_id = 1, operation_id, priority, ready_at, reserved, batch_operation_id, concurrency_key };
};

pg::Statement select_attempt("SELECT attempt FROM helix_internal.queue WHERE id = $1", {UUIDOID});

pg::Statement select_runner(R"(
    SELECT user_id, running AND worker IS NULL FROM helix_internal.queue WHERE id = $1
    UNION ALL
    SELECT user_id, true FROM helix_internal.schedule_executions WHERE id = $1)",
                            {UUIDOID});
struct Runner {
    enum : int { user_id = 1, by_client };
};

Claim claim_of(FunctionCallInfo fcinfo, int execution_id, int fencing_token) {
    Claim claim{*DatumGetUUIDP(pg::required(fcinfo, execution_id, "p_execution_id")), std::nullopt};
    if (!PG_ARGISNULL(fencing_token)) {
        claim.attempt = attempt_of_token(PG_GETARG_INT64(fencing_token));
    }
    return claim;
}

std::optional<std::int32_t> latency_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::nullopt : std::optional(PG_GETARG_INT32(number));
}

// An attempt that is over. The text lives as long as the row that it comes from.
struct Attempt {
    pg_uuid_t execution_id;
    pg_uuid_t user_id;
    Datum operation_id;
    bool reserved;
};

Attempt ended_attempt(const Departed& departed) {
    return {departed.id, departed.user_id, departed.operation_id, departed.reserved};
}

// An attempt for the ledger, which checks the rest. Its cost settles what is reserved under the execution's id.
ledger::Request recording_of(const Attempt& attempt, const Ending& ending) {
    ledger::Request request;
    request.user_id = attempt.user_id;
    request.operation_id = pg::text_view(attempt.operation_id);
    request.success = ending.succeeded();
    request.is_queued = true;
    request.latency_ms = ending.latency_ms;
    if (ending.cost != 0) {
        request.cost_usd = ending.cost;
    }
    if (ending.error != 0) {
        request.error = pg::text_view(ending.error);
    }
    if (attempt.reserved) {
        request.reservation_id = attempt.execution_id;
        request.reservation_holder = budgets::Holder::queue;
    }
    return request;
}

// Returns the cost; null where the worker named neither a cost nor a model.
Datum record_attempt(ledger::Request request) {
    const bool has_cost = request.cost_usd || request.model;
    if (!has_cost) {
        request.cost_usd = NumericGetDatum(int64_to_numeric(0));
    }
    const auto recorded = ledger::record(request);
    return has_cost ? recorded.cost_usd : 0;
}

// A skipped execution is not recorded. So there is no place for a cost, and the ledger checks neither of the two.
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

// Doubles with each attempt. The random part keeps executions that failed together from coming back together.
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
    const std::int32_t attempt = select_attempt.execute(&id) > 0 ? DatumGetInt32(pg::only_column()) : 1;
    return IntervalPGetDatum(pause_after(attempt));
}

// A failed attempt of an execution that is pending again.
struct RetriedAttempt {
    Attempt attempt;
    std::optional<pg_uuid_t> batch_operation;
    Datum concurrency_key; // text; 0: none
};

// None where no attempt is left, or where the claim does not hold.
std::optional<RetriedAttempt> try_again(const Claim& claim, const Ending& ending, Datum pause) {
    pg::Values values;
    values.add_uuid(&claim.id).add(Int32GetDatum(claim.attempt.value_or(0)), !claim.attempt);
    values.add(ending.error).add(pause).add(ending.cost, ending.cost == 0);
    if (retry.execute(values.values(), values.letters()) == 0) {
        return std::nullopt;
    }
    mark_later(DatumGetInt16(pg::column(0, Retried::priority)), pg::column(0, Retried::operation_id),
               DatumGetTimestampTz(pg::column(0, Retried::ready_at)));
    RetriedAttempt retried{{claim.id, *DatumGetUUIDP(pg::column(0, Retried::user_id)),
                            pg::column(0, Retried::operation_id), DatumGetBool(pg::column(0, Retried::reserved))},
                           std::nullopt,
                           0};
    bool no_key = false;
    const Datum key = pg::column(0, Retried::concurrency_key, &no_key);
    retried.concurrency_key = no_key ? 0 : key;
    bool no_batch = false;
    const Datum operation = pg::column(0, Retried::batch_operation_id, &no_batch);
    if (!no_batch) {
        retried.batch_operation = *DatumGetUUIDP(operation);
    }
    return retried;
}

void record_retried(const RetriedAttempt& retried, const Ending& ending) {
    const Datum cost = record_attempt(recording_of(retried.attempt, ending));
    if (retried.batch_operation && cost != 0) {
        note_attempt_cost(*retried.batch_operation, cost);
    }
    release_held_of({retried.attempt.user_id, retried.concurrency_key});
}

Departed leave_queue_or_refuse(const Claim& claim) {
    const auto departed = leave_queue(claim);
    if (!departed) {
        refuse_claim(claim);
    }
    return *departed;
}

void end_failed(const Claim& claim, Ending& ending) {
    const auto departed = leave_queue_or_refuse(claim);
    ending.cost = record_attempt(recording_of(ended_attempt(departed), ending));
    enter_history(departed, ending);
    notify_dependents(departed, ending);
}

struct CompleteArgument {
    enum : int {
        execution_id,
        status,
        result,
        cost_actual,
        latency_ms,
        fencing_token,
        error,
        model,
        input_tokens,
        cached_input_tokens,
        output_tokens
    };
};

Ending reported_ending(FunctionCallInfo fcinfo) {
    Ending ending{.status = word_argument(fcinfo, CompleteArgument::status, "p_status",
                                          {"success", "failed", "skipped"}, "Say success, failed or skipped.")};
    ending.result = optional_argument(fcinfo, CompleteArgument::result);
    if (ending.result != 0) {
        pg::check_json("p_result", ending.result, most_result_bytes);
    }
    ending.error = pg::stored_error(optional_argument(fcinfo, CompleteArgument::error));
    ending.cost = optional_argument(fcinfo, CompleteArgument::cost_actual);
    ending.latency_ms = latency_argument(fcinfo, CompleteArgument::latency_ms);
    if (ending.skipped()) {
        check_skipped(ending);
    }
    return ending;
}

// The tokens, where they are given, price an execution without a cost.
void add_tokens(FunctionCallInfo fcinfo, ledger::Request& request) {
    if (!PG_ARGISNULL(CompleteArgument::model)) {
        request.model = pg::text_view(PG_GETARG_DATUM(CompleteArgument::model));
    }
    const auto tokens = [fcinfo](int number) {
        return PG_ARGISNULL(number) ? std::nullopt : std::optional(PG_GETARG_INT64(number));
    };
    request.input_tokens = tokens(CompleteArgument::input_tokens);
    request.cached_input_tokens = tokens(CompleteArgument::cached_input_tokens);
    request.output_tokens = tokens(CompleteArgument::output_tokens);
}

// Service roles complete whatever is claimed, users what they run themselves.
void check_may_complete(const Claim& claim, const Ending& ending) {
    const auto rights = callers::rights();
    if (rights.for_anyone) {
        return;
    }
    const Datum id = UUIDPGetDatum(&claim.id);
    pg::OwnerSpi spi;
    plan_by_index();
    if (select_runner.execute_latest(&id) == 0) {
        refuse_unknown("execution", claim.id);
    }
    const pg_uuid_t user = *DatumGetUUIDP(pg::column(0, Runner::user_id));
    const bool by_client = DatumGetBool(pg::column(0, Runner::by_client));
    rights.check_may_use(user, "execution", claim.id);
    spi.finish();
    if (!by_client) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for an execution that a worker runs"),
                        errdetail("It is %s.", pg::uuid_text(claim.id)),
                        errhint("Complete it as a service role, or end it with helix.cancel_execution().")));
    }
    if (!ending.skipped()) {
        callers::check_records_for(user);
    }
}

struct FailArgument {
    enum : int { execution_id, error, fencing_token, cost_actual, latency_ms, retry_in };
};

} // namespace

HELIX_FUNCTION(helix_complete_execution) {
    const auto claim = claim_of(fcinfo, CompleteArgument::execution_id, CompleteArgument::fencing_token);
    Ending ending = reported_ending(fcinfo);
    check_may_complete(claim, ending);
    pg::Owner owner;
    const auto departed = leave_queue_or_refuse(claim);
    if (!ending.skipped()) {
        auto request = recording_of(ended_attempt(departed), ending);
        add_tokens(fcinfo, request);
        ending.cost = record_attempt(request);
    }
    enter_history(departed, ending);
    if (concerns_others(departed)) {
        pg::OwnerSpi spi;
        plan_by_index();
        notify_dependents(departed, ending);
        spi.finish();
    }
    owner.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_fail_execution) {
    const auto claim = claim_of(fcinfo, FailArgument::execution_id, FailArgument::fencing_token);
    Ending ending{.status = "failed"};
    ending.error = pg::stored_error(pg::required(fcinfo, FailArgument::error, "p_error"));
    ending.cost = optional_argument(fcinfo, FailArgument::cost_actual);
    ending.latency_ms = latency_argument(fcinfo, FailArgument::latency_ms);
    text* const pending = cstring_to_text("pending");
    text* const failed = cstring_to_text("failed");
    pg::OwnerSpi spi;
    plan_by_index();
    const Datum pause = pause_argument(fcinfo, FailArgument::retry_in, claim);
    const auto retried = try_again(claim, ending, pause);
    if (retried) {
        record_retried(*retried, ending);
    } else {
        end_failed(claim, ending);
    }
    spi.finish();
    PG_RETURN_TEXT_P(retried ? pending : failed);
}

} // namespace helix::queue
