// Writing through the view helix.batch_operations: the operations of batches that their client drives.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "config.hpp"
#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/batch_plan.hpp"
#include "queue/client_batch.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"
#include "queue/written_row.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/fmgrprotos.h"
}

namespace helix::queue {

namespace {

using Row = pg::TriggerRow;

constexpr const char* views[] = {"helix.batch_operations"};
constexpr pg::TriggerRule rule{.function = "write_client_operation",
                               .timing = pg::Timing::instead_of,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = views};
constexpr int longest_name = 200;
constexpr int last_order = 1'000'000'000;
constexpr State operation_states[] = {{"pending", 0}, {"running", 1}, {"completed", 2}, {"failed", 2}, {"skipped", 2}};

pg::Statement select_owner("SELECT user_id FROM helix_internal.operation_batches WHERE id = $1", {UUIDOID});

pg::Statement lock_batch(R"(
    SELECT user_id, CASE WHEN client_status IS NOT NULL AND cancelled_at IS NOT NULL THEN 'cancelled' ELSE client_status END
      FROM helix_internal.operation_batches
     WHERE id = $1
       FOR NO KEY UPDATE)",
                         {UUIDOID});
struct LockedBatch {
    enum : int { user_id = 1, status };
};

pg::Statement count_operations(R"(
    SELECT pg_catalog.count(*)::integer, COALESCE(pg_catalog.sum(pg_catalog.cardinality(depends_on)), 0)::integer,
           COALESCE(pg_catalog.max(sequence_order), 0)
      FROM helix_internal.batch_operations
     WHERE batch_id = $1)",
                               {UUIDOID});
struct Counted {
    enum : int { operations = 1, dependencies, last_order };
};

pg::Statement select_unknown_dependency(R"(
    SELECT n.id::text
      FROM pg_catalog.unnest($2) n (id)
     WHERE NOT EXISTS (SELECT FROM helix_internal.batch_operations o WHERE o.id = n.id AND o.batch_id = $1)
     LIMIT 1)",
                                        {UUIDOID, UUIDARRAYOID});

pg::Statement insert_operation(R"(
    INSERT INTO helix_internal.batch_operations
           (id, parameters, client_running, ended, result, error_message, cost_actual, cost_estimates, executed_at, batch_id,
            user_id, operation_id, name, sequence_order, depends_on, unblocked)
    VALUES ($1, COALESCE($2, '{}'), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, true))",
                               {UUIDOID, JSONBOID, BOOLOID, TEXTOID, JSONBOID, TEXTOID, NUMERICOID, NUMERICARRAYOID,
                                TIMESTAMPTZOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, INT4OID, UUIDARRAYOID});

pg::Statement update_operation(R"(
    UPDATE helix_internal.batch_operations
       SET parameters = COALESCE($2, '{}'),
           client_running = $3,
           ended = $4,
           result = $5,
           error_message = $6,
           cost_actual = $7,
           cost_estimates = $8,
           executed_at = $9
     WHERE id = $1)",
                               {UUIDOID, JSONBOID, BOOLOID, TEXTOID, JSONBOID, TEXTOID, NUMERICOID, NUMERICARRAYOID,
                                TIMESTAMPTZOID});

pg::Statement select_status(R"(
    SELECT COALESCE(ended, CASE WHEN client_running THEN 'running' ELSE 'pending' END)
      FROM helix_internal.batch_operations
     WHERE id = $1
       FOR NO KEY UPDATE)",
                            {UUIDOID});

pg::Statement select_row("SELECT * FROM helix.batch_operations WHERE id = $1", {UUIDOID});

void check_parameters(const Row& row) {
    const Datum parameters = written_value(row, "parameters");
    check_payload(parameters);
    if (parameters != 0) {
        pg::check_json("parameters", parameters, static_cast<std::size_t>(config::max_payload_size));
    }
    const Datum name = written_value(row, "name");
    if (name != 0) {
        check_characters("name", name, longest_name);
    }
}

// Adds the parameters that both statements have. An operation that ends without a time has ended now.
void add_operation(pg::Values& values, const pg_uuid_t& id, const char* status, const Row& row) {
    const auto add = [&values](Datum value) { values.add(value, value == 0); };
    const bool ended = is_last(operation_states, status);
    const TimestampTz given = written_time(row, "executed_at");
    const TimestampTz executed_at = ended && given == DT_NOBEGIN ? GetCurrentTransactionStartTimestamp() : given;
    values.add_uuid(&id);
    add(written_value(row, "parameters"));
    values.add(BoolGetDatum(strcmp(status, "running") == 0)).add_text(ended ? status : nullptr);
    add(written_result(row));
    add(written_error(row));
    add(written_amount(row, "cost_actual"));
    add(written_estimates(row, ""));
    values.add(TimestampTzGetDatum(executed_at), executed_at == DT_NOBEGIN);
}

const char* written_status(const Row& row) {
    return written_word(row, "status", {"pending", "running", "completed", "failed", "skipped"}, "pending");
}

// Locks the batch, which must be one that this client drives. Returns its user. `changes`: it must not have ended.
pg_uuid_t lock(const pg_uuid_t& batch, const callers::Rights& rights, bool changes) {
    const Datum id = UUIDPGetDatum(&batch);
    rights.check_may_use(select_owner, &id, "batch", batch);
    if (lock_batch.execute_latest(&id) == 0) {
        refuse_unknown("batch", batch);
    }
    bool of_helix = false;
    const Datum status = pg::column(0, LockedBatch::status, &of_helix);
    if (of_helix) {
        refuse_batch_of_helix(batch);
    }
    if (changes && is_last(batch_states, TextDatumGetCString(status))) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the batch has ended"),
                        errdetail("Batch %s is %s.", pg::uuid_text(batch), TextDatumGetCString(status)),
                        errhint("Insert another batch.")));
    }
    return *DatumGetUUIDP(pg::column(0, LockedBatch::user_id));
}

[[noreturn]] void refuse_more(const char* what, int most, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("too many %s in a batch", what),
                    errdetail("There may be %d.", most), errhint("%s", hint)));
    pg_unreachable();
}

void check_dependencies(const pg_uuid_t& batch, Datum needs, int known) {
    const int count = needs == 0 ? 0 : DatumGetInt32(DirectFunctionCall1(array_cardinality, needs));
    if (count + known > config::max_batch_dependencies) {
        refuse_more("dependencies", config::max_batch_dependencies, "Split the batch (helix.max_batch_dependencies).");
    }
    const Datum values[] = {UUIDPGetDatum(&batch), needs};
    if (needs != 0 && select_unknown_dependency.execute_latest(values) > 0) {
        bool is_null = false;
        const Datum unknown = pg::only_column(0, &is_null);
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("an operation depends on one that the batch does not have"),
                        errdetail("It is %s.", is_null ? "null" : TextDatumGetCString(unknown)),
                        errhint("Insert what it depends on first.")));
    }
}

// Where the client gives no order, it comes last.
int order_of(const Row& row, int last) {
    bool is_null = false;
    const Datum given = row.value("sequence_order", &is_null);
    const int order = is_null ? last + 1 : DatumGetInt32(given);
    if (order < 0 || order > last_order) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("sequence_order is out of range"),
                        errdetail("It is %d.", order), errhint("Write 0 to %d.", last_order)));
    }
    return order;
}

HeapTuple stored_row(const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    return select_row.execute_latest(&value) > 0 ? SPI_copytuple(SPI_tuptable->vals[0]) : nullptr;
}

void check_user(const Row& row, const pg_uuid_t& user) {
    const Datum given = written_value(row, "user_id");
    if (given != 0 && !pg::same_uuid(*DatumGetUUIDP(given), user)) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("the batch is not of this user"),
                        errdetail("The user is %s.", pg::uuid_text(given)), errhint("Leave user_id out.")));
    }
}

HeapTuple inserted(const Row& row) {
    const pg_uuid_t batch = written_id(row, "batch_id");
    const Datum given = written_value(row, "id");
    const pg_uuid_t id = given == 0 ? pg::fresh_id() : *DatumGetUUIDP(given);
    const Datum operation = written_value(row, "operation_id");
    if (operation == 0) {
        ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION), errmsg("operation_id must not be null")));
    }
    operations::check_operation(pg::text_view(operation));
    check_parameters(row);
    const Datum needs = written_value(row, "depends_on");
    pg::Values values;
    add_operation(values, id, written_status(row), row);
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    const pg_uuid_t user = lock(batch, rights, true);
    check_user(row, user);
    const Datum batch_id = UUIDPGetDatum(&batch);
    count_operations.execute_latest(&batch_id);
    const auto counted = [](int column) { return DatumGetInt32(pg::column(0, column)); };
    const int order = order_of(row, counted(Counted::last_order));
    if (counted(Counted::operations) >= most_operations) {
        refuse_more("operations", most_operations, "Insert another batch.");
    }
    check_dependencies(batch, needs, counted(Counted::dependencies));
    values.add_uuid(&batch).add_uuid(&user).add(operation);
    const Datum name = written_value(row, "name");
    values.add(name, name == 0).add(Int32GetDatum(order)).add(needs, needs == 0);
    insert_operation.execute(values.values(), values.letters());
    HeapTuple stored = stored_row(id);
    spi.finish();
    return stored;
}

HeapTuple updated(const Row& before, const Row& row) {
    callers::check_acts_for(written_id(row, "user_id")); // whose it is, or is to be, before all else
    refuse_changed(
        before, row,
        {"id", "batch_id", "user_id", "operation_id", "name", "sequence_order", "depends_on", "execution_id"});
    const pg_uuid_t id = written_id(row, "id");
    const pg_uuid_t batch = written_id(row, "batch_id");
    const char* status = written_status(row);
    check_parameters(row);
    pg::Values values;
    add_operation(values, id, status, row);
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    lock(batch, rights, false);
    HeapTuple stored = nullptr;
    if (select_status.execute_latest(values.values()) > 0) {
        check_move(operation_states, "operation", id, TextDatumGetCString(pg::only_column()), status);
        update_operation.execute_latest(values.values(), values.letters());
        stored = stored_row(id);
    }
    spi.finish();
    return stored;
}

} // namespace

HELIX_FUNCTION(helix_write_client_operation) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    const Row row = pg::new_row(trigger);
    return PointerGetDatum(TRIGGER_FIRED_BY_INSERT(trigger.tg_event) ? inserted(row)
                                                                     : updated(pg::old_row(trigger), row));
}

} // namespace helix::queue
