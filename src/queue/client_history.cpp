// The rows of executions that their client runs. While one waits, completed_at is when it was created, so that
// retention finds it; the view shows null.
#include "pg/prelude.hpp"

#include "queue/client_history.hpp"

#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/queue_arguments.hpp"

namespace helix::queue {

namespace {

pg::Statement count_waiting(R"(
    SELECT pg_catalog.count(*)
      FROM (SELECT
              FROM helix_internal.schedule_executions
             WHERE user_id = $1 AND execution_status = 'pending'
             LIMIT $2) e)",
                            {UUIDOID, INT4OID});

pg::Statement insert_execution(R"(
    INSERT INTO helix_internal.schedule_executions
           (id, user_id, operation_id, schedule_id, execution_status, triggered_by, priority, attempt, run_at, payload, result,
            error_message, cost_actual, latency_ms, cost_estimates, created_at, started_at, completed_at)
    SELECT $1, s.user_id, s.operation_id, s.id, $4, $5, 5, CASE WHEN $4 IN ('success', 'failed') THEN 1 ELSE 0 END,
           pg_catalog.now(), COALESCE($6, s.parameters), $7, $8, $9, $10, $11, pg_catalog.now(),
           CASE WHEN $4 IN ('success', 'failed') THEN pg_catalog.now() END, pg_catalog.now()
      FROM helix_internal.operation_schedules s
     WHERE s.id = $2 AND s.user_id = $3
    RETURNING operation_id)",
                               {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, NUMERICOID,
                                INT4OID, NUMERICARRAYOID});

pg::Statement lock_execution(R"(
    SELECT e.execution_status, e.operation_id, e.created_at, e.worker IS NULL AND e.schedule_id IS NOT NULL,
           e.cost_actual IS NOT DISTINCT FROM $2 AND e.latency_ms IS NOT DISTINCT FROM $3,
           e.result IS NOT DISTINCT FROM $4 AND e.error_message IS NOT DISTINCT FROM $5
               AND e.cost_estimates IS NOT DISTINCT FROM $6
      FROM helix_internal.schedule_executions e
     WHERE e.id = $1
       FOR UPDATE)",
                             {UUIDOID, NUMERICOID, INT4OID, JSONBOID, TEXTOID, NUMERICARRAYOID});
struct Locked {
    enum : int { execution_status = 1, operation_id, created_at, by_client, same_cost, same_words };
};

pg::Statement change(R"(
    UPDATE helix_internal.schedule_executions
       SET execution_status = $2,
           result = $3,
           error_message = $4,
           cost_actual = $5,
           latency_ms = $6,
           cost_estimates = $7,
           attempt = CASE WHEN $2 IN ('success', 'failed') THEN 1 ELSE attempt END,
           started_at = CASE WHEN $2 IN ('success', 'failed') THEN pg_catalog.now() END,
           completed_at = CASE WHEN $2 = 'pending' THEN created_at ELSE pg_catalog.clock_timestamp() END
     WHERE id = $1)",
                     {UUIDOID, TEXTOID, JSONBOID, TEXTOID, NUMERICOID, INT4OID, NUMERICARRAYOID});

pg::Statement change_words(R"(
    UPDATE helix_internal.schedule_executions
       SET result = $2,
           error_message = $3,
           cost_estimates = $4
     WHERE id = $1)",
                           {UUIDOID, JSONBOID, TEXTOID, NUMERICARRAYOID});

pg::Statement
    remove_pending("DELETE FROM helix_internal.schedule_executions WHERE id = $1 AND execution_status = 'pending'",
                   {UUIDOID});

pg::Statement skip_pending(R"(
    UPDATE helix_internal.schedule_executions
       SET execution_status = 'skipped',
           error_message = $2,
           completed_at = pg_catalog.clock_timestamp()
     WHERE id = $1 AND execution_status = 'pending')",
                           {UUIDOID, TEXTOID});

void add_value(pg::Values& values, Datum value) {
    values.add(value, value == 0);
}

void add_latency(pg::Values& values, const Ending& ending) {
    values.add(Int32GetDatum(ending.latency_ms.value_or(0)), !ending.latency_ms);
}

void check_operation(const ClientRow& row, Datum operation) {
    if (row.operation_id != 0 && pg::text_view(row.operation_id) != pg::text_view(operation)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the schedule is one of another operation"),
                        errdetail("The execution names \"%s\", the schedule \"%s\".",
                                  TextDatumGetCString(row.operation_id), TextDatumGetCString(operation)),
                        errhint("Leave operation_id out.")));
    }
}

} // namespace

int count_pending(const pg_uuid_t& user) {
    const Datum values[] = {UUIDPGetDatum(&user), Int32GetDatum(config::max_queued_per_user)};
    count_waiting.execute_latest(values);
    return static_cast<int>(DatumGetInt64(pg::only_column()));
}

Datum insert_kept(const ClientRow& row) {
    pg::Values values;
    values.add_uuid(&row.id).add_uuid(&row.schedule_id).add_uuid(&row.user_id);
    values.add_text(row.ending.status).add_text(row.triggered_by);
    for (const Datum value : {row.payload, row.ending.result, row.ending.error, row.ending.cost}) {
        add_value(values, value);
    }
    add_latency(values, row.ending);
    add_value(values, row.estimates);
    if (insert_execution.execute(values.values(), values.letters()) == 0) {
        refuse_unknown("schedule of this user", row.schedule_id);
    }
    const Datum operation = pg::only_column();
    check_operation(row, operation);
    return operation;
}

std::optional<KeptRow> lock_kept(const ClientRow& row) {
    pg::Values values;
    values.add_uuid(&row.id);
    add_value(values, row.ending.cost);
    add_latency(values, row.ending);
    for (const Datum value : {row.ending.result, row.ending.error, row.estimates}) {
        add_value(values, value);
    }
    if (lock_execution.execute_latest(values.values(), values.letters()) == 0) {
        return std::nullopt;
    }
    const auto flag = [](int column) { return DatumGetBool(pg::column(0, column)); };
    return KeptRow{.status = TextDatumGetCString(pg::column(0, Locked::execution_status)),
                   .operation_id = pg::column(0, Locked::operation_id),
                   .created_at = DatumGetTimestampTz(pg::column(0, Locked::created_at)),
                   .by_client = flag(Locked::by_client),
                   .same_cost = flag(Locked::same_cost),
                   .same_words = flag(Locked::same_words)};
}

void update_kept(const ClientRow& row) {
    pg::Values values;
    values.add_uuid(&row.id).add_text(row.ending.status);
    for (const Datum value : {row.ending.result, row.ending.error, row.ending.cost}) {
        add_value(values, value);
    }
    add_latency(values, row.ending);
    add_value(values, row.estimates);
    change.execute_latest(values.values(), values.letters());
}

void update_words(const ClientRow& row) {
    pg::Values values;
    values.add_uuid(&row.id);
    for (const Datum value : {row.ending.result, row.ending.error, row.estimates}) {
        add_value(values, value);
    }
    change_words.execute_latest(values.values(), values.letters());
}

void delete_kept(const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    remove_pending.execute_latest(&value);
}

bool cancel_pending(const pg_uuid_t& id, Datum reason) {
    const Datum values[] = {UUIDPGetDatum(&id), reason};
    return skip_pending.execute_latest(values) > 0;
}

void refuse_move(const pg_uuid_t& id, const char* from, const char* to) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    strcmp(from, to) == 0 ? errmsg("the execution has ended")
                                          : errmsg("an execution that is %s cannot become %s", from, to),
                    errdetail("Execution %s is %s.", pg::uuid_text(id), from),
                    errhint("What has ended stays as it was recorded: insert another execution.")));
    pg_unreachable();
}

} // namespace helix::queue
