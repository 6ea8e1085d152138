#include "pg/prelude.hpp"

#include "queue/history.hpp"

#include "pg/relations.hpp"
#include "pg/table_writer.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
}

namespace helix::queue {

namespace {

// Columns of helix_internal.queue and helix_internal.schedule_executions, in the order of their definitions.
struct Queued {
    enum Column {
        id,
        user_id,
        operation_id,
        schedule_id,
        batch_id,
        batch_operation_id,
        triggered_by,
        priority,
        ready_at,
        run_at,
        running,
        reserved,
        attempt,
        max_attempts,
        worker,
        lease_until,
        started_at,
        scheduled_for,
        request_id,
        last_error,
        run_as,
        payload,
        created_at
    };
};
struct Kept {
    enum Column {
        id,
        user_id,
        operation_id,
        schedule_id,
        batch_id,
        batch_operation_id,
        execution_status,
        triggered_by,
        priority,
        attempt,
        worker,
        run_at,
        scheduled_for,
        request_id,
        payload,
        result,
        error_message,
        cost_actual,
        latency_ms,
        created_at,
        started_at,
        completed_at
    };
};

constexpr std::pair<Kept::Column, Queued::Column> unchanged[] = {
    {Kept::id, Queued::id},
    {Kept::user_id, Queued::user_id},
    {Kept::operation_id, Queued::operation_id},
    {Kept::schedule_id, Queued::schedule_id},
    {Kept::batch_id, Queued::batch_id},
    {Kept::batch_operation_id, Queued::batch_operation_id},
    {Kept::triggered_by, Queued::triggered_by},
    {Kept::priority, Queued::priority},
    {Kept::attempt, Queued::attempt},
    {Kept::worker, Queued::worker},
    {Kept::run_at, Queued::run_at},
    {Kept::scheduled_for, Queued::scheduled_for},
    {Kept::request_id, Queued::request_id},
    {Kept::payload, Queued::payload},
    {Kept::created_at, Queued::created_at},
    {Kept::started_at, Queued::started_at},
};

bool holds(const Claim& claim, TupleTableSlot* row) {
    slot_getallattrs(row);
    return (!claim.attempt || DatumGetInt32(row->tts_values[Queued::attempt]) == *claim.attempt) &&
           (!claim.must_run || DatumGetBool(row->tts_values[Queued::running]));
}

Departed copy_of(TupleTableSlot* row) {
    TupleDesc columns = row->tts_tupleDescriptor;
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * columns->natts));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns->natts));
    heap_deform_tuple(ExecCopySlotHeapTuple(row), columns, values, nulls);
    const auto id = [&](Queued::Column column) {
        return nulls[column] ? std::nullopt : std::optional(*DatumGetUUIDP(values[column]));
    };
    return {.id = *DatumGetUUIDP(values[Queued::id]),
            .user_id = *DatumGetUUIDP(values[Queued::user_id]),
            .operation_id = values[Queued::operation_id],
            .schedule = id(Queued::schedule_id),
            .batch_operation = id(Queued::batch_operation_id),
            .priority = DatumGetInt16(values[Queued::priority]),
            .ready_at = DatumGetTimestampTz(values[Queued::ready_at]),
            .was_running = DatumGetBool(values[Queued::running]),
            .reserved = DatumGetBool(values[Queued::reserved]),
            .values = values,
            .nulls = nulls};
}

// Deletes what the active snapshot sees, if the claim holds. TM_Updated and TM_Deleted: somebody else was faster.
TM_Result try_to_leave(Relation queue, const Claim& claim, std::optional<Departed>& departed) {
    Relation key = index_open(pg::internal_relation("queue_pkey"), RowExclusiveLock);
    TupleTableSlot* row = table_slot_create(queue, nullptr);
    IndexScanDesc scan = pg::begin_index_scan(queue, key, GetActiveSnapshot(), 1);
    ScanKeyData by_id;
    ScanKeyInit(&by_id, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&claim.id));
    index_rescan(scan, &by_id, 1, nullptr, 0);
    TM_Result result = TM_Ok;
    if (index_getnext_slot(scan, ForwardScanDirection, row) && holds(claim, row)) {
        TM_FailureData failure;
        result = table_tuple_delete(queue, &row->tts_tid, GetCurrentCommandId(true), GetActiveSnapshot(),
                                    InvalidSnapshot, true, &failure, false);
        if (result == TM_Ok) {
            departed = copy_of(row);
        }
    }
    index_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
    index_close(key, NoLock);
    return result;
}

} // namespace

std::optional<Departed> leave_queue(const Claim& claim) {
    PreventCommandIfReadOnly("ending an execution"); // the table access method itself would not ask
    std::optional<Departed> departed;
    Relation queue = table_open(pg::internal_relation("queue"), RowExclusiveLock);
    TM_Result result = TM_Ok;
    do {
        CommandCounterIncrement();
        PushActiveSnapshot(GetTransactionSnapshot());
        result = try_to_leave(queue, claim, departed);
        PopActiveSnapshot();
        if (result != TM_Ok && result != TM_Updated && result != TM_Deleted) {
            elog(ERROR, "could not delete from the queue: %d", result);
        }
        if (result != TM_Ok && IsolationUsesXactSnapshot()) {
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not serialize access due to concurrent update"),
                            errhint("Repeat the transaction.")));
        }
    } while (result != TM_Ok);
    table_close(queue, NoLock);
    return departed;
}

void enter_history(const Departed& departed, const Ending& ending) {
    const auto history = pg::open_writer(pg::internal_relation("schedule_executions"));
    TupleTableSlot* row = table_slot_create(history.table, nullptr);
    std::fill_n(row->tts_isnull, row->tts_tupleDescriptor->natts, true);
    const auto set = [row](Kept::Column column, Datum value, bool is_null) {
        row->tts_values[column] = value;
        row->tts_isnull[column] = is_null;
    };
    for (const auto& [to, from] : unchanged) {
        set(to, departed.values[from], departed.nulls[from]);
    }
    set(Kept::execution_status, CStringGetTextDatum(ending.status), false);
    set(Kept::result, ending.result, ending.result == 0);
    set(Kept::error_message, ending.error, ending.error == 0);
    set(Kept::cost_actual, ending.cost, ending.cost == 0);
    set(Kept::latency_ms, Int32GetDatum(ending.latency_ms.value_or(0)), !ending.latency_ms);
    set(Kept::completed_at, TimestampTzGetDatum(GetCurrentTimestamp()), false);
    ExecStoreVirtualTuple(row);
    pg::write_row(history, row);
    ExecDropSingleTupleTableSlot(row);
    pg::close_writer(history);
}

} // namespace helix::queue
