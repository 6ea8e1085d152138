// Writing through the view helix.executions: INSERT and COPY record, UPDATE and DELETE are refused.
#include "pg/prelude.hpp"

#include "core/ledger/rate_card.hpp"
#include "ledger/recording_parameters.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

namespace helix::ledger {

namespace {

constexpr const char* views[] = {"helix.executions"};
constexpr pg::TriggerRule rule{.function = "write_execution",
                               .timing = pg::Timing::instead_of,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = views};

// The columns that are parameters of record_operation_execution too, in the order of these; null: the view has none.
constexpr const char* columns[] = {
    "user_id",       "operation_id", "date",        "success",      "latency_ms",
    "cost_usd",      "model_used",   "model",       "input_tokens", "cached_input_tokens",
    "output_tokens", "request_id",   "occurred_at", "error",        "trace_id",
    "metadata",      nullptr,        "usage",       "service_tier"};
static_assert(std::size(columns) == Parameter::count);

// A value of the new row, or nothing for null. Raises where the view has lost the column.
std::optional<Datum> value_of(const pg::TriggerRow& row, const char* column) {
    const int number = row.number(column);
    if (number <= 0) {
        elog(ERROR, "helix.executions has no column %s", column);
    }
    bool is_null = false;
    const Datum value = SPI_getbinval(row.tuple, row.columns, number, &is_null);
    return is_null ? std::nullopt : std::optional<Datum>(value);
}

void refuse_assigned(const pg::TriggerRow& row) {
    for (const char* ours : {"id", "recorded_at", "pricing", "sent_model", "corrects", "revision", "reason"}) {
        if (value_of(row, ours)) {
            throw Error(sqlstate::generated_always, std::string("column \"") + ours + "\" is assigned by the database",
                        {}, "Leave it out of the column list.");
        }
    }
}

const char* pricing_word(Pricing pricing) {
    switch (pricing) {
    case Pricing::given:
        return "given";
    case Pricing::priced:
        return "priced";
    case Pricing::unpriced:
        break;
    }
    return "unpriced";
}

// A column that the database decides; its value may be null.
struct Decided {
    const char* column;
    std::optional<Datum> value;
};

std::optional<Datum> count_datum(const std::optional<std::int64_t>& count) {
    return count ? std::optional(Int64GetDatum(*count)) : std::nullopt;
}

// The new row as the view shows it, for RETURNING.
HeapTuple as_recorded(const pg::TriggerRow& row, const Execution& execution, std::int64_t id, TimestampTz now) {
    const Decided decided[] = {
        {"id", Int64GetDatum(id)},
        {"date", DateADTGetDatum(execution.date)},
        {"cost_usd", execution.cost_usd},
        {"model_used", pg::text_datum(execution.provider)},
        {"model", pg::text_datum(execution.model)},
        {"input_tokens", count_datum(execution.input_tokens)},
        {"cached_input_tokens", count_datum(execution.cached_input_tokens)},
        {"output_tokens", count_datum(execution.output_tokens)},
        {"occurred_at", TimestampTzGetDatum(execution.occurred_at)},
        {"error", execution.error ? std::optional(pg::text_datum(*execution.error)) : std::nullopt},
        {"metadata", execution.metadata},
        {"recorded_at", TimestampTzGetDatum(now)},
        {"usage", execution.usage},
        {"service_tier", pg::text_datum(execution.service_tier.value_or(standard_tier))},
        {"sent_model", pg::text_datum(execution.sent_model.value_or(execution.model))},
        {"pricing", CStringGetTextDatum(pricing_word(execution.pricing))}};
    constexpr int count = std::size(decided);
    int numbers[count] = {};
    Datum values[count] = {};
    bool nulls[count] = {};
    for (int i = 0; i < count; ++i) {
        numbers[i] = row.number(decided[i].column);
        values[i] = decided[i].value.value_or(Datum{0});
        nulls[i] = !decided[i].value;
    }
    return heap_modify_tuple_by_cols(row.tuple, row.columns, count, numbers, values, nulls);
}

} // namespace

HELIX_FUNCTION(helix_write_execution) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (!TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        throw Error(sqlstate::feature_not_supported, "executions are append-only", {},
                    "Record a new execution. helix.finalize_execution(), adjust_cost() and reprice() correct costs.");
    }
    const auto row = pg::new_row(trigger);
    refuse_assigned(row);
    const auto request = request_of([&row](int parameter) -> std::optional<Datum> {
        if (columns[parameter] == nullptr) {
            return std::nullopt;
        }
        const auto value = value_of(row, columns[parameter]);
        return value && parameter == Parameter::latency_ms ? std::optional<Datum>(bigint_of(*value)) : value;
    });
    const TimestampTz now = GetCurrentTimestamp();
    const auto execution = resolve(request, now);
    Writer writer(now, 1);
    const std::int64_t id = writer.append(execution);
    writer.finish();
    return PointerGetDatum(as_recorded(row, execution, id, now));
}

} // namespace helix::ledger
