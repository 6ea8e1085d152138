// Writing through the view helix.schedule_executions: executions that their client runs. INSERT starts one, notes one
// that is to come, or keeps one that has ended. UPDATE starts and ends them, and their cost is recorded once.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/recording.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/client_execution.hpp"
#include "queue/client_history.hpp"
#include "queue/finish.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"
#include "queue/queue_planning.hpp"
#include "queue/written_row.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::queue {

namespace {

using Row = pg::TriggerRow;

constexpr const char* views[] = {"helix.schedule_executions"};
constexpr pg::TriggerRule rule{.function = "write_client_execution",
                               .timing = pg::Timing::instead_of,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = views};

pg::Statement note_start(R"(
    UPDATE helix_internal.queue
       SET cost_estimates = $2,
           created_at = COALESCE($3, created_at)
     WHERE id = $1)",
                         {UUIDOID, NUMERICARRAYOID, TIMESTAMPTZOID});

// Whoever reports on an execution is still there, so the lease begins anew.
pg::Statement lock_running(R"(
    UPDATE helix_internal.queue
       SET last_error = $2,
           cost_estimates = $3,
           lease_until = pg_catalog.clock_timestamp() + interval '1 hour'
     WHERE id = $1 AND running AND worker IS NULL)",
                           {UUIDOID, TEXTOID, NUMERICARRAYOID});

pg::Statement select_queued("SELECT FROM helix_internal.queue WHERE id = $1", {UUIDOID});

pg::Statement select_id(R"(
    SELECT FROM helix_internal.queue WHERE id = $1
    UNION ALL
    SELECT FROM helix_internal.schedule_executions WHERE id = $1)",
                        {UUIDOID});

pg::Statement select_row("SELECT * FROM helix.schedule_executions WHERE id = $1", {UUIDOID});

bool is(const char* status, const char* word) {
    return strcmp(status, word) == 0;
}

// Clients say cost_usd or cost_actual. In an update the one that they have changed counts.
Datum written_cost(const Row& row, const Row* before) {
    const bool changed[] = {before == nullptr || pg::differs(before->text("cost_actual"), row.text("cost_actual")),
                            before == nullptr || pg::differs(before->text("cost_usd"), row.text("cost_usd"))};
    const Datum actual = written_amount(row, "cost_actual");
    const Datum usd = written_amount(row, "cost_usd");
    if (changed[0] && changed[1] && actual != 0 && usd != 0 && DirectFunctionCall2(numeric_ne, actual, usd)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("cost_usd and cost_actual differ"),
                        errdetail("They are %s and %s USD.", row.text("cost_usd"), row.text("cost_actual")),
                        errhint("Write one of them.")));
    }
    return changed[1] && usd != 0 ? usd : actual;
}

std::optional<std::int32_t> written_latency(const Row& row) {
    bool is_null = false;
    const Datum latency = row.value("latency_ms", &is_null);
    if (!is_null && DatumGetInt32(latency) < 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("latency_ms must not be negative"),
                        errdetail("It is %d ms.", DatumGetInt32(latency))));
    }
    return is_null ? std::nullopt : std::optional(DatumGetInt32(latency));
}

bool is_zero(Datum cost) {
    return cost == 0 || DirectFunctionCall2(numeric_eq, cost, NumericGetDatum(int64_to_numeric(0)));
}

void check_costs_nothing(const Ending& ending) {
    if (!is_zero(ending.cost)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("an execution that is %s has cost nothing", ending.status),
                 errdetail("Its cost is %s USD.", DatumGetCString(DirectFunctionCall1(numeric_out, ending.cost))),
                 errhint("Send the cost with the status success or failed, so that it is recorded.")));
    }
}

// The state that the client gives it, and all that the client says of it.
ClientRow read_row(const Row& row, const Row* before) {
    ClientRow read{.user_id = written_id(row, "user_id")};
    read.ending.status = written_word(row, "execution_status", {"pending", "running", "success", "failed", "skipped"},
                                      before == nullptr ? "pending" : nullptr);
    read.ending.result = written_result(row);
    read.ending.error = written_error(row);
    read.ending.cost = written_cost(row, before);
    read.ending.latency_ms = written_latency(row);
    read.estimates = written_estimates(row, "");
    return read;
}

bool is_recorded(const Ending& ending) {
    return is(ending.status, "success") || is(ending.status, "failed");
}

void check_may_write(const ClientRow& row) {
    is_recorded(row.ending) ? callers::check_records_for(row.user_id) : callers::check_acts_for(row.user_id);
}

// Its cost for the history; null where the client has named none.
Datum record(const pg_uuid_t& user, Datum operation, const Ending& ending) {
    ledger::Request request;
    request.user_id = user;
    request.operation_id = pg::text_view(operation);
    request.success = ending.succeeded();
    request.is_queued = true;
    request.latency_ms = ending.latency_ms;
    request.cost_usd = ending.cost != 0 ? ending.cost : NumericGetDatum(int64_to_numeric(0));
    if (ending.error != 0) {
        request.error = pg::text_view(ending.error);
    }
    const auto recorded = ledger::record(request);
    return ending.cost != 0 ? recorded.cost_usd : 0;
}

// The client may have chosen the id. Two sessions with the same one must not put it into both tables.
void check_new(const pg_uuid_t& id) {
    std::int64_t key = 0;
    memcpy(&key, id.data, sizeof(key));
    DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum(key));
    const Datum value = UUIDPGetDatum(&id);
    if (select_id.execute_latest(&value) > 0) {
        ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("there is an execution with this id"),
                        errdetail("It is %s.", pg::uuid_text(id)), errhint("Leave the id out.")));
    }
}

NewExecution execution_of(const ClientRow& row) {
    NewExecution execution{.user_id = row.user_id, .schedule_id = &row.schedule_id};
    execution.id = &row.id;
    execution.triggered_by = row.triggered_by;
    execution.payload = row.payload;
    return execution;
}

void start(const ClientRow& row, TimestampTz created_at) {
    auto execution = execution_of(row);
    start_client_execution(execution);
    pg::Values values;
    values.add_uuid(&row.id).add(row.estimates, row.estimates == 0);
    values.add(TimestampTzGetDatum(created_at), created_at == DT_NOBEGIN);
    note_start.execute(values.values(), values.letters());
}

// A running one has no place for what comes with its end.
void check_reports_no_end(const Ending& ending) {
    if (ending.result != 0 || !is_zero(ending.cost) || ending.latency_ms) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("an execution that runs has no result, cost or latency yet"),
                        errhint("Send them together with its execution_status success or failed.")));
    }
}

void insert_row(ClientRow& row) {
    if (is(row.ending.status, "running")) {
        check_reports_no_end(row.ending);
        start(row, DT_NOBEGIN);
        return;
    }
    if (is(row.ending.status, "pending")) {
        auto execution = execution_of(row);
        read_client_schedule(execution);
        check_room(row.user_id, 1 + count_pending(row.user_id));
    }
    if (!is_recorded(row.ending)) {
        check_costs_nothing(row.ending);
    }
    const Datum operation = insert_kept(row);
    if (is_recorded(row.ending)) {
        record(row.user_id, operation, row.ending);
    }
}

void end_running(const ClientRow& row) {
    const Claim claim{row.id};
    const auto departed = leave_queue(claim);
    if (!departed) {
        refuse_claim(claim);
    }
    Ending ending = row.ending;
    if (is_recorded(ending)) {
        ending.cost = record(departed->user_id, departed->operation_id, ending);
    } else {
        check_costs_nothing(ending);
    }
    enter_history(*departed, ending);
    notify_dependents(*departed, ending);
}

void update_running(const ClientRow& row) {
    if (is(row.ending.status, "running")) {
        check_reports_no_end(row.ending);
    } else if (is(row.ending.status, "pending")) {
        refuse_move(row.id, "running", row.ending.status);
    } else {
        end_running(row);
    }
}

// One that waits for its client.
void update_pending(const ClientRow& row, const KeptRow& kept) {
    if (is(row.ending.status, "running")) {
        check_reports_no_end(row.ending);
        delete_kept(row.id);
        start(row, kept.created_at);
        return;
    }
    ClientRow changed = row;
    if (is_recorded(row.ending)) {
        changed.ending.cost = record(row.user_id, kept.operation_id, row.ending);
    } else {
        check_costs_nothing(row.ending);
    }
    update_kept(changed);
}

// What has ended stays, but for the client's words on what it has run itself.
void update_ended(const ClientRow& row, const KeptRow& kept) {
    if (!is(kept.status, row.ending.status) || !kept.same_cost) {
        refuse_move(row.id, kept.status, row.ending.status);
    }
    if (kept.same_words) {
        return;
    }
    if (!kept.by_client) {
        refuse_move(row.id, kept.status, row.ending.status);
    }
    update_words(row);
}

[[noreturn]] void refuse_queued(const pg_uuid_t& id) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("helix runs this execution"),
                    errdetail("It is %s.", pg::uuid_text(id)),
                    errhint("Call helix.cancel_execution() to end it, or wait for its worker.")));
    pg_unreachable();
}

// False where the row has gone.
bool update_row(const ClientRow& row) {
    pg::Values values;
    values.add_uuid(&row.id).add(row.ending.error, row.ending.error == 0).add(row.estimates, row.estimates == 0);
    if (lock_running.execute(values.values(), values.letters()) > 0) {
        update_running(row);
        return true;
    }
    if (select_queued.execute_latest(values.values()) > 0) {
        refuse_queued(row.id);
    }
    const auto kept = lock_kept(row);
    if (!kept) {
        return false;
    }
    is(kept->status, "pending") ? update_pending(row, *kept) : update_ended(row, *kept);
    return true;
}

// As it is now, for RETURNING; in the memory of the trigger.
HeapTuple stored_row(const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    return select_row.execute_latest(&value) > 0 ? SPI_copytuple(SPI_tuptable->vals[0]) : nullptr;
}

HeapTuple inserted(const Row& given) {
    refuse_given(given, {"batch_id", "priority", "attempt", "worker", "request_id", "run_at", "scheduled_for",
                         "lease_until", "progress", "retried_as", "headers", "concurrency_key"});
    ClientRow row = read_row(given, nullptr);
    const Datum id = written_value(given, "id");
    row.id = id == 0 ? pg::fresh_id() : *DatumGetUUIDP(id);
    row.schedule_id = written_id(given, "schedule_id");
    row.triggered_by = written_word(given, "triggered_by", {"cron", "webhook", "manual"}, "manual");
    row.operation_id = written_value(given, "operation_id");
    row.payload = written_value(given, "payload");
    check_payload(row.payload);
    check_may_write(row);
    pg::OwnerSpi spi;
    plan_by_index();
    if (id != 0) {
        check_new(row.id);
    }
    insert_row(row);
    HeapTuple stored = stored_row(row.id);
    spi.finish();
    return stored;
}

HeapTuple updated(const Row& before, const Row& given) {
    ClientRow row = read_row(given, &before);
    check_may_write(row); // whose it is, or is to be, before all else
    refuse_changed(before, given,
                   {"id", "user_id", "operation_id", "schedule_id", "batch_id", "triggered_by", "priority", "attempt",
                    "worker", "request_id", "payload", "run_at", "scheduled_for", "progress", "retried_as", "headers",
                    "concurrency_key"});
    row.id = written_id(given, "id");
    const Datum schedule = written_value(given, "schedule_id");
    pg::OwnerSpi spi;
    plan_by_index();
    if (schedule == 0) {
        refuse_queued(row.id);
    }
    row.schedule_id = *DatumGetUUIDP(schedule);
    row.triggered_by = given.text("triggered_by");
    row.payload = written_value(given, "payload");
    HeapTuple stored = update_row(row) ? stored_row(row.id) : nullptr;
    spi.finish();
    return stored;
}

} // namespace

HELIX_FUNCTION(helix_write_client_execution) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    const Row row = pg::new_row(trigger);
    return PointerGetDatum(TRIGGER_FIRED_BY_INSERT(trigger.tg_event) ? inserted(row)
                                                                     : updated(pg::old_row(trigger), row));
}

} // namespace helix::queue
