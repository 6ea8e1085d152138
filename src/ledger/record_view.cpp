// Writing through the view helix.executions: INSERT and COPY record, UPDATE and DELETE are refused.
#include "pg/prelude.hpp"

#include "ledger/execution.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"

#include <cstring>

extern "C" {
#include "executor/spi.h"
}

namespace helix::ledger {

namespace {

constexpr const char* views[] = {"helix.executions"};
constexpr pg::TriggerRule rule{.function = "write_execution",
                               .timing = pg::Timing::instead_of,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = views};

// A column of the new row; raises where the view has lost it.
class NewRow {
  public:
    NewRow(HeapTuple tuple, TupleDesc columns) : tuple_(tuple), columns_(columns) {}

    template <typename Convert>
    auto get(const char* name, Convert convert) const -> std::optional<std::invoke_result_t<Convert, Datum>> {
        for (int i = 0; i < columns_->natts; ++i) {
            if (strcmp(NameStr(TupleDescAttr(columns_, i)->attname), name) == 0) {
                bool is_null = false;
                const Datum value = heap_getattr(tuple_, i + 1, columns_, &is_null);
                if (is_null) {
                    return std::nullopt;
                }
                return convert(value);
            }
        }
        elog(ERROR, "helix.executions has no column %s", name);
    }

  private:
    HeapTuple tuple_;
    TupleDesc columns_;
};

Request request_of(const NewRow& row) {
    const auto same = [](Datum value) { return value; };
    const auto int8 = [](Datum value) { return std::int64_t{DatumGetInt64(value)}; };
    const auto time = [](Datum value) { return DatumGetTimestampTz(value); };
    for (const char* ours : {"id", "recorded_at"}) {
        if (row.get(ours, same)) {
            throw Error(sqlstate::generated_always, std::string("column \"") + ours + "\" is assigned by the database",
                        {}, "Leave it out of the column list.");
        }
    }
    Request request;
    request.user_id = row.get("user_id", [](Datum value) { return *DatumGetUUIDP(value); });
    request.operation_id = row.get("operation_id", pg::text_view);
    request.date = row.get("date", [](Datum value) { return DatumGetDateADT(value); });
    request.success = row.get("success", [](Datum value) { return DatumGetBool(value); });
    request.latency_ms = row.get("latency_ms", [](Datum value) { return std::int64_t{DatumGetInt32(value)}; });
    request.cost_usd = row.get("cost_usd", same);
    request.model_used = row.get("model_used", pg::text_view);
    request.model = row.get("model", pg::text_view);
    request.input_tokens = row.get("input_tokens", int8);
    request.cached_input_tokens = row.get("cached_input_tokens", int8);
    request.output_tokens = row.get("output_tokens", int8);
    request.request_id = row.get("request_id", pg::text_view);
    request.occurred_at = row.get("occurred_at", time);
    request.error = row.get("error", pg::text_view);
    request.trace_id = row.get("trace_id", pg::text_view);
    request.metadata = row.get("metadata", same);
    return request;
}

// The new row with what the database has decided, for RETURNING.
HeapTuple as_recorded(const TriggerData& trigger, const Execution& execution, std::int64_t id, TimestampTz now) {
    const auto words = [](std::string_view text) { return pg::text_datum(text); };
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    constexpr int count = 7;
    int numbers[count] = {};
    const char* names[count] = {"id", "date", "cost_usd", "model_used", "model", "occurred_at", "recorded_at"};
    for (int i = 0; i < count; ++i) {
        numbers[i] = SPI_fnumber(columns, names[i]);
    }
    Datum values[count] = {Int64GetDatum(id),       DateADTGetDatum(execution.date),
                           execution.cost_usd,      words(execution.provider),
                           words(execution.model),  TimestampTzGetDatum(execution.occurred_at),
                           TimestampTzGetDatum(now)};
    bool nulls[count] = {};
    return heap_modify_tuple_by_cols(trigger.tg_trigtuple, columns, count, numbers, values, nulls);
}

} // namespace

HELIX_FUNCTION(helix_write_execution) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (!TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        throw Error(sqlstate::feature_not_supported, "executions are append-only", {},
                    "Record a new execution; prices are corrected by helix.reprice().");
    }
    const TimestampTz now = GetCurrentTimestamp();
    const NewRow row(trigger.tg_trigtuple, RelationGetDescr(trigger.tg_relation));
    const auto execution = resolve(request_of(row), now);
    Writer writer(now, 1);
    const std::int64_t id = writer.append(execution);
    writer.finish();
    return PointerGetDatum(as_recorded(trigger, execution, id, now));
}

} // namespace helix::ledger
