// Writes executions into the current partition in batches, through the table access method.
#include "pg/prelude.hpp"

#include "ledger/writer.hpp"

#include "budgets/placement.hpp"
#include "cache/invalidation.hpp"
#include "ledger/adoption.hpp"
#include "ledger/execution_columns.hpp"
#include "ledger/execution_ids.hpp"
#include "ledger/partitions.hpp"
#include "ledger/request_ids.hpp"
#include "pg/batch_writer.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "worker/worker.hpp"

namespace helix::ledger {

struct WriterState {
    TimestampTz now;
    std::int64_t xid;
    pg::BatchWriter partition;
};

namespace {

int arrivals = 0; // rows written in this transaction; the worker learns of them at its commit

// What is not set is null.
class SlotFiller {
  public:
    explicit SlotFiller(TupleTableSlot* slot) : slot_(slot) {}

    void set(Column column, Datum value) {
        slot_->tts_values[column] = value;
        slot_->tts_isnull[column] = false;
    }
    template <typename T, typename Convert>
    void set(Column column, const std::optional<T>& value, Convert convert) {
        if (value) {
            set(column, convert(*value));
        }
    }

  private:
    TupleTableSlot* slot_;
};

void fill_correction(SlotFiller& row, std::int64_t new_id, const Correction* correction) {
    if (correction == nullptr) {
        return;
    }
    const auto same = [](Datum value) { return value; };
    row.set(corrects, Int64GetDatum(correction->corrects == 0 ? new_id : correction->corrects));
    row.set(revision, correction->revision, [](std::int32_t value) { return Int32GetDatum(value); });
    row.set(final_cost_usd, correction->final_cost_usd, same);
    row.set(final_usage, correction->final_usage, same);
    row.set(reason, correction->reason, pg::text_datum);
}

void fill_slot(TupleTableSlot* slot, const WriterState& state, std::int64_t new_id, const Execution& execution) {
    const auto int8 = [](std::int64_t value) { return Int64GetDatum(value); };
    const auto same = [](Datum value) { return value; };
    SlotFiller row(slot);
    row.set(id, Int64GetDatum(new_id));
    row.set(xid, Int64GetDatum(state.xid));
    row.set(recorded_at, TimestampTzGetDatum(state.now));
    row.set(occurred_at, TimestampTzGetDatum(execution.occurred_at));
    row.set(input_tokens, execution.input_tokens, int8);
    row.set(cached_input_tokens, execution.cached_input_tokens, int8);
    row.set(output_tokens, execution.output_tokens, int8);
    row.set(date, DateADTGetDatum(execution.date));
    row.set(latency_ms, execution.latency_ms, [](std::int32_t value) { return Int32GetDatum(value); });
    row.set(success, BoolGetDatum(execution.success));
    row.set(pricing, CharGetDatum(static_cast<char>(execution.pricing)));
    row.set(user_id, pg::uuid_datum(execution.user_id));
    row.set(operation_id, pg::text_datum(execution.operation_id));
    row.set(provider, pg::text_datum(execution.provider));
    row.set(model, pg::text_datum(execution.model));
    row.set(cost_usd, execution.cost_usd);
    row.set(request_id, execution.request_id, pg::text_datum);
    row.set(trace_id, execution.trace_id, pg::text_datum);
    row.set(error, execution.error, pg::text_datum);
    row.set(metadata, execution.metadata, same);
    row.set(usage, execution.usage, same);
    row.set(service_tier, execution.service_tier, pg::text_datum);
    row.set(sent_model, execution.sent_model, pg::text_datum);
    fill_correction(row, new_id, execution.correction);
}

} // namespace

void initialize_writer() {
    RegisterXactCallback(
        [](XactEvent event, void*) {
            if (event == XACT_EVENT_COMMIT) {
                worker::count_arrivals(arrivals);
            }
            if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
                arrivals = 0;
            }
        },
        nullptr);
}

Writer::Writer(TimestampTz now, int capacity) {
    PreventCommandIfReadOnly("recording"); // the table access method does not check it
    ensure_watermark();
    const auto xid = static_cast<std::int64_t>(U64FromFullTransactionId(GetTopFullTransactionId()));
    const Oid partition = partition_for(now);
    state_ = static_cast<WriterState*>(palloc(sizeof(WriterState)));
    new (state_) WriterState{now, xid, pg::BatchWriter(partition, capacity)}; // adoption and retention lock writers out
    confirm_ids();
}

std::int64_t Writer::append(const Execution& execution) {
    RememberedRequest seen{0, true};
    if (execution.request_id) {
        seen = remember_request(execution);
    } else {
        seen.execution_id = next_execution_id();
    }
    std::optional<budgets::Reserved> reserved;
    if (execution.reservation_id) {
        reserved = budgets::settle({*execution.reservation_id, execution.user_id, execution.operation_id,
                                    execution.reservation_holder, seen.is_new});
    }
    if (seen.is_new) {
        write(seen.execution_id, execution, reserved);
    }
    return seen.execution_id;
}

void Writer::append_as(std::int64_t new_id, const Execution& execution) {
    write(new_id, execution, std::nullopt);
}

void Writer::write(std::int64_t new_id, const Execution& execution, const std::optional<budgets::Reserved>& reserved) {
    budgets::write_moved_costs({execution.user_id, execution.operation_id, execution.cost_usd, execution.occurred_at,
                                state_->now, execution.metadata},
                               reserved);
    state_->partition.add([&](TupleTableSlot* slot) { fill_slot(slot, *state_, new_id, execution); });
    cache::invalidate_recorded(std::to_array(execution.user_id.data), execution.operation_id);
}

void Writer::finish() {
    arrivals += state_->partition.finish();
}

} // namespace helix::ledger
