// helix.retry_batch() and add_to_batch(): a batch goes on with what has failed, or with more operations.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "queue/batch.hpp"
#include "queue/batch_plan.hpp"
#include "queue/client_batch.hpp"
#include "queue/queue_arguments.hpp"

namespace helix::queue {

namespace {

pg::Statement select_stop_reason("SELECT helix_internal.batch_stop_reason($1)", {UUIDOID});

// In a conditional batch, what also depends on an operation that stays skipped stays so too.
pg::Statement reopen_failed(R"(
    WITH RECURSIVE again AS (
        SELECT o.id FROM helix_internal.batch_operations o WHERE o.batch_id = $1 AND o.ended = 'failed'
        UNION
        SELECT o.id
          FROM again a
          JOIN helix_internal.batch_operations o ON o.depends_on @> ARRAY[a.id]
         WHERE o.ended = 'skipped'),
    barred AS (
        SELECT o.id
          FROM helix_internal.batch_operations o
          JOIN helix_internal.operation_batches b ON b.id = o.batch_id
         WHERE o.id IN (SELECT a.id FROM again a) AND b.batch_type = 'conditional'
           AND EXISTS (SELECT FROM helix_internal.batch_operations d
                        WHERE d.id = ANY (o.depends_on) AND d.ended = 'skipped'
                          AND d.id NOT IN (SELECT a.id FROM again a))
        UNION
        SELECT o.id
          FROM barred b
          JOIN helix_internal.batch_operations o ON o.depends_on @> ARRAY[b.id]
         WHERE o.id IN (SELECT a.id FROM again a))
    UPDATE helix_internal.batch_operations o
       SET ended = NULL,
           result = NULL,
           error_message = NULL,
           executed_at = NULL
     WHERE o.id IN (SELECT a.id FROM again a EXCEPT SELECT b.id FROM barred b))",
                            {UUIDOID});

pg::Statement find_unblocked(R"(
    UPDATE helix_internal.batch_operations o
       SET unblocked = NOT EXISTS (SELECT FROM helix_internal.batch_operations d
                                    WHERE d.id = ANY (o.depends_on) AND d.ended IS NULL)
     WHERE o.batch_id = $1 AND o.ended IS NULL AND o.depends_on IS NOT NULL)",
                             {UUIDOID});

// It ends anew, and then calls back anew.
pg::Statement forget_call("UPDATE helix_internal.operation_batches SET on_complete_execution_id = NULL WHERE id = $1",
                          {UUIDOID});

pg::Statement select_existing(R"(
    SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('operation_id', o.operation_id, 'name', o.name)
                                         ORDER BY o.sequence_order), '[]'),
           pg_catalog.count(*)::integer, COALESCE(pg_catalog.sum(pg_catalog.cardinality(o.depends_on)), 0),
           COALESCE(pg_catalog.array_agg(o.id ORDER BY o.sequence_order), '{}'),
           (SELECT b.user_id FROM helix_internal.operation_batches b WHERE b.id = $1)
      FROM helix_internal.batch_operations o
     WHERE o.batch_id = $1)",
                              {UUIDOID});
struct Existings {
    enum : int { operations = 1, count, dependencies, ids, user_id };
};

[[noreturn]] void refuse(const pg_uuid_t& batch, const char* what, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the batch cannot go on"),
                    errdetail("Batch %s %s.", pg::uuid_text(batch), what), errhint("%s", hint)));
    pg_unreachable();
}

void check_may_go_on(const pg_uuid_t& batch, const BatchState& state) {
    const Datum id = UUIDPGetDatum(&batch);
    if (state.by_client) {
        refuse_batch_of_client(batch);
    }
    if (!state.started) {
        refuse(batch, "is a draft, or was cancelled as one", "Start a draft with helix.start_batch().");
    }
    select_stop_reason.execute_latest(&id);
    bool may_go_on = false;
    const Datum reason = pg::only_column(0, &may_go_on);
    if (!may_go_on) {
        refuse(batch, psprintf("was stopped: %s", TextDatumGetCString(reason)),
               "Make another one with helix.create_batch().");
    }
}

// The ids of the operations that the batch has already take the place of those that reading gave them.
void set_ids(BatchPlan& plan, Datum ids) {
    Datum* values = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(ids), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &values, nullptr, &count);
    for (int i = 0; i < count; ++i) {
        plan.operations[i].id = *DatumGetUUIDP(values[i]);
    }
}

// The ids of the operations from number `first` (from 0) on, in memory that outlives the connection.
Datum ids_from(const BatchPlan& plan, int first) {
    const int count = plan.operation_count - first;
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    for (int i = 0; i < count; ++i) {
        ids[i] = UUIDPGetDatum(&plan.operations[first + i].id);
    }
    return pg::copied_value(pg::uuid_array(ids, count));
}

struct AddArgument {
    enum : int { batch_id, operations };
};

} // namespace

HELIX_FUNCTION(helix_retry_batch) {
    const pg_uuid_t batch = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_batch_id"));
    const Datum id = UUIDPGetDatum(&batch);
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    check_may_go_on(batch, lock(batch, rights));
    const auto count = reopen_failed.execute_latest(&id);
    if (count > 0) {
        find_unblocked.execute_latest(&id);
        forget_call.execute(&id);
        start_batch(batch, rights);
    }
    spi.finish();
    PG_RETURN_INT32(static_cast<std::int32_t>(count));
}

HELIX_FUNCTION(helix_add_to_batch) {
    const pg_uuid_t batch = *DatumGetUUIDP(pg::required(fcinfo, AddArgument::batch_id, "p_batch_id"));
    const Datum operations = pg::required(fcinfo, AddArgument::operations, "p_operations");
    const Datum id = UUIDPGetDatum(&batch);
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    const auto state = lock(batch, rights);
    if (state.by_client) {
        refuse_batch_of_client(batch);
    }
    if (!has_open_operations(batch) || state.cancelled) {
        refuse(batch, "has ended", "Make another one with helix.create_batch().");
    }
    select_existing.execute_latest(&id);
    const Existing existing{pg::column(0, Existings::operations), DatumGetInt32(pg::column(0, Existings::count)),
                            DatumGetInt64(pg::column(0, Existings::dependencies))};
    const Datum ids = pg::column(0, Existings::ids);
    const Datum user = pg::column(0, Existings::user_id);
    auto plan = read_plan(operations, existing);
    set_ids(plan, ids);
    store_operations(batch, user, plan, existing.count);
    find_unblocked.execute_latest(&id);
    const Datum added = ids_from(plan, existing.count);
    if (state.started) {
        start_batch(batch, rights);
    }
    spi.finish();
    PG_RETURN_DATUM(added);
}

} // namespace helix::queue
