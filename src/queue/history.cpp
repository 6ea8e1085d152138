// Moves rows from helix_internal.queue to helix_internal.schedule_executions by the table access method.
#include "pg/prelude.hpp"

#include "queue/history.hpp"

#include "pg/relations.hpp"
#include "pg/table_writer.hpp"
#include "queue/running_handlers.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
}

namespace helix::queue {

namespace {

// The columns of helix_internal.queue, in the order of its definition.
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
    turn,
    running,
    reserved,
    limited,
    paused,
    attempt,
    max_attempts,
    worker,
    lease_until,
    started_at,
    scheduled_for,
    request_id,
    concurrency_key,
    held_key,
    last_error,
    earlier_cost_usd,
    run_as,
    payload,
    created_at,
    cost_estimates
};

bool holds(const Claim& claim, TupleTableSlot* row) {
    slot_getallattrs(row);
    return (!claim.attempt || DatumGetInt32(row->tts_values[attempt]) == *claim.attempt) &&
           (!claim.must_run || DatumGetBool(row->tts_values[running]));
}

Departed copy_of(TupleTableSlot* row) {
    TupleDesc columns = row->tts_tupleDescriptor;
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * columns->natts));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns->natts));
    heap_deform_tuple(ExecCopySlotHeapTuple(row), columns, values, nulls);
    const auto id_in = [&](Column column) {
        return nulls[column] ? std::nullopt : std::optional(*DatumGetUUIDP(values[column]));
    };
    return {.id = *DatumGetUUIDP(values[id]),
            .user_id = *DatumGetUUIDP(values[user_id]),
            .operation_id = values[operation_id],
            .schedule = id_in(schedule_id),
            .batch_operation = id_in(batch_operation_id),
            .priority = DatumGetInt16(values[priority]),
            .ready_at = DatumGetTimestampTz(values[ready_at]),
            .turn = nulls[turn] ? std::nullopt : std::optional(DatumGetInt64(values[turn])),
            .was_running = DatumGetBool(values[running]),
            .reserved = DatumGetBool(values[reserved]),
            .limited = DatumGetBool(values[limited]),
            .concurrency_key = nulls[concurrency_key] ? 0 : values[concurrency_key],
            .values = values,
            .nulls = nulls};
}

// Deletes what the active snapshot sees, if the claim holds. TM_Updated and TM_Deleted: another transaction was faster.
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

// 0 where no attempt has said what it cost.
Datum cost_of_attempts(const Departed& departed, const Ending& ending) {
    const Datum earlier = departed.nulls[earlier_cost_usd] ? 0 : departed.values[earlier_cost_usd];
    if (earlier == 0 || ending.cost == 0) {
        return earlier == 0 ? ending.cost : earlier;
    }
    return DirectFunctionCall1(numeric_trim_scale, DirectFunctionCall2(numeric_add, earlier, ending.cost));
}

} // namespace

std::optional<Departed> leave_queue(const Claim& claim) {
    PreventCommandIfReadOnly("ending an execution"); // the table access method does not ask
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
    if (departed && departed->was_running) {
        interrupt_handler_of(departed->id);
    }
    return departed;
}

void enter_history(const Departed& departed, const Ending& ending) {
    pg::Values row; // the columns of helix_internal.schedule_executions, in their order
    const auto keep = [&](std::initializer_list<Column> columns) {
        for (const Column column : columns) {
            row.add(departed.values[column], departed.nulls[column]);
        }
    };
    keep({id, user_id, operation_id, schedule_id, batch_id, batch_operation_id});
    row.add_text(ending.status);
    keep({triggered_by, priority, attempt, worker, run_at, scheduled_for, request_id, payload});
    row.add(ending.result, ending.result == 0).add(ending.error, ending.error == 0);
    const Datum cost = cost_of_attempts(departed, ending);
    row.add(cost, cost == 0);
    row.add(Int32GetDatum(ending.latency_ms.value_or(0)), !ending.latency_ms);
    keep({created_at, started_at});
    row.add(TimestampTzGetDatum(GetCurrentTimestamp())); // completed_at
    keep({cost_estimates});
    row.add_text(NameStr(*DatumGetName(departed.values[run_as])));
    row.add_null(); // retried_as
    keep({concurrency_key});
    pg::insert_into("schedule_executions", row);
}

} // namespace helix::queue
