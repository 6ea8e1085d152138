// Writing through the view helix.operation_batches: batches that their client drives. helix queues nothing of them, and
// counts their operations as it does for all.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/client_batch.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/written_row.hpp"

namespace helix::queue {

namespace {

using Row = pg::TriggerRow;

constexpr const char* views[] = {"helix.operation_batches"};
constexpr pg::TriggerRule rule{.function = "write_client_batch",
                               .timing = pg::Timing::instead_of,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = views};
constexpr int longest_name = 200;
constexpr int usual_priority = 5;
constexpr int highest_priority = 10;

pg::Statement insert_batch(R"(
    INSERT INTO helix_internal.operation_batches
           (id, client_status, name, description, batch_type, priority, max_concurrency, max_cost_usd, cost_estimates, started_at,
            completed_at, cancelled_at, cancel_reason, user_id, run_as)
    VALUES ($1, $2, $3, COALESCE($4, ''), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))",
                           {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID, NUMERICOID, NUMERICARRAYOID,
                            TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, UUIDOID, NAMEOID});

pg::Statement update_batch(R"(
    UPDATE helix_internal.operation_batches
       SET client_status = $2,
           name = $3,
           description = COALESCE($4, ''),
           batch_type = $5,
           priority = $6,
           max_concurrency = $7,
           max_cost_usd = $8,
           cost_estimates = $9,
           started_at = $10,
           completed_at = $11,
           cancelled_at = $12,
           cancel_reason = $13
     WHERE id = $1)",
                           {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID, NUMERICOID, NUMERICARRAYOID,
                            TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID});

pg::Statement lock_batch(R"(
    SELECT CASE WHEN client_status IS NOT NULL AND cancelled_at IS NOT NULL THEN 'cancelled' ELSE client_status END
      FROM helix_internal.operation_batches
     WHERE id = $1
       FOR NO KEY UPDATE)",
                         {UUIDOID});

pg::Statement select_row("SELECT * FROM helix.operation_batches WHERE id = $1", {UUIDOID});

// A batch as its client writes it. Plain data; NOBEGIN and 0 stand for null.
struct ClientBatch {
    pg_uuid_t id;
    pg_uuid_t user_id;
    const char* status;
    TimestampTz started_at;
    TimestampTz completed_at;
    TimestampTz cancelled_at;
};

int written_priority(const Row& row) {
    bool is_null = false;
    const Datum value = row.value("priority", &is_null);
    const int priority = is_null ? usual_priority : DatumGetInt16(value);
    if (priority < 1 || priority > highest_priority) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("priority is out of range"),
                        errdetail("It is %d.", priority), errhint("Write 1 to %d.", highest_priority)));
    }
    return priority;
}

void check_texts(const Row& row) {
    const Datum name = written_value(row, "name");
    if (name == 0) {
        ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION), errmsg("name must not be null")));
    }
    check_characters("name", name, longest_name);
    const std::pair<const char*, int> bounds[] = {{"description", pg::longest_description},
                                                  {"cancel_reason", pg::longest_reason}};
    for (const auto& [column, most] : bounds) {
        if (const Datum text = written_value(row, column)) {
            pg::check_text(column, text, most);
        }
    }
}

// A state that comes without its time has it now.
ClientBatch read_batch(const Row& row) {
    check_texts(row);
    ClientBatch batch{.id = {},
                      .user_id = written_id(row, "user_id"),
                      .status = nullptr,
                      .started_at = 0,
                      .completed_at = 0,
                      .cancelled_at = 0};
    batch.status = written_word(
        row, "status", {"draft", "queued", "running", "completed", "partial_failure", "failed", "cancelled"}, "draft");
    batch.started_at = written_time(row, "started_at");
    batch.completed_at = written_time(row, "completed_at");
    batch.cancelled_at = written_time(row, "cancelled_at");
    const TimestampTz now = GetCurrentTransactionStartTimestamp();
    if (batch.cancelled_at != DT_NOBEGIN) {
        batch.status = "cancelled";
    } else if (strcmp(batch.status, "cancelled") == 0) {
        batch.cancelled_at = now;
    } else if (strcmp(batch.status, "running") == 0 && batch.started_at == DT_NOBEGIN) {
        batch.started_at = now;
    } else if (is_last(batch_states, batch.status) && batch.completed_at == DT_NOBEGIN) {
        batch.completed_at = now;
    }
    return batch;
}

void add_time(pg::Values& values, TimestampTz time) {
    values.add(TimestampTzGetDatum(time), time == DT_NOBEGIN);
}

// The parameters that both statements have.
void add_batch(pg::Values& values, const ClientBatch& batch, const Row& row) {
    const auto add = [&values](Datum value) { values.add(value, value == 0); };
    values.add_uuid(&batch.id).add_text(batch.status);
    add(written_value(row, "name"));
    add(written_value(row, "description"));
    values.add_text(written_word(row, "batch_type", {"parallel", "sequential", "conditional"}, "parallel"));
    values.add(Int16GetDatum(static_cast<std::int16_t>(written_priority(row))));
    bool is_null = false;
    const Datum concurrency = row.value("max_concurrency", &is_null);
    values.add(concurrency, is_null);
    add(written_amount(row, "max_cost_usd"));
    add(written_estimates(row, "total_"));
    add_time(values, batch.started_at);
    add_time(values, batch.completed_at);
    add_time(values, batch.cancelled_at);
    add(written_value(row, "cancel_reason"));
}

HeapTuple stored_row(const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    return select_row.execute_latest(&value) > 0 ? SPI_copytuple(SPI_tuptable->vals[0]) : nullptr;
}

HeapTuple inserted(const Row& row) {
    refuse_given(row, {"on_complete", "on_complete_execution_id"});
    ClientBatch batch = read_batch(row);
    const Datum id = written_value(row, "id");
    batch.id = id == 0 ? pg::fresh_id() : *DatumGetUUIDP(id);
    callers::check_acts_for(batch.user_id);
    pg::Values values;
    add_batch(values, batch, row);
    values.add_uuid(&batch.user_id).add(pg::name_datum(GetUserNameFromId(GetUserId(), false)));
    pg::OwnerSpi spi;
    insert_batch.execute(values.values(), values.letters());
    HeapTuple stored = stored_row(batch.id);
    spi.finish();
    return stored;
}

HeapTuple updated(const Row& before, const Row& row) {
    ClientBatch batch = read_batch(row);
    callers::check_acts_for(batch.user_id); // whose it is, or is to be, before all else
    refuse_changed(before, row, {"id", "user_id", "on_complete", "on_complete_execution_id"});
    batch.id = written_id(row, "id");
    pg::Values values;
    add_batch(values, batch, row);
    pg::OwnerSpi spi;
    if (lock_batch.execute_latest(values.values()) == 0) {
        spi.finish();
        return nullptr;
    }
    bool of_helix = false;
    const Datum status = pg::only_column(0, &of_helix);
    if (of_helix) {
        refuse_batch_of_helix(batch.id);
    }
    check_move(batch_states, "batch", batch.id, TextDatumGetCString(status), batch.status);
    update_batch.execute_latest(values.values(), values.letters());
    HeapTuple stored = stored_row(batch.id);
    spi.finish();
    return stored;
}

} // namespace

HELIX_FUNCTION(helix_write_client_batch) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    const Row row = pg::new_row(trigger);
    return PointerGetDatum(TRIGGER_FIRED_BY_INSERT(trigger.tg_event) ? inserted(row)
                                                                     : updated(pg::old_row(trigger), row));
}

} // namespace helix::queue
