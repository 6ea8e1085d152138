// helix.record_operation_execution: one execution per call.
#include "pg/prelude.hpp"

#include "ledger/execution.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

namespace helix::ledger {

namespace {

template <typename Convert>
auto argument(FunctionCallInfo fcinfo, int number, Convert convert)
    -> std::optional<std::invoke_result_t<Convert, Datum>> {
    if (PG_ARGISNULL(number)) {
        return std::nullopt;
    }
    return convert(PG_GETARG_DATUM(number));
}

Request request_of(FunctionCallInfo fcinfo) {
    const auto same = [](Datum value) { return value; };
    const auto int8 = [](Datum value) { return std::int64_t{DatumGetInt64(value)}; };
    Request request;
    request.user_id = argument(fcinfo, 0, [](Datum value) { return *DatumGetUUIDP(value); });
    request.operation_id = argument(fcinfo, 1, pg::text_view);
    request.date = argument(fcinfo, 2, [](Datum value) { return DatumGetDateADT(value); });
    request.success = argument(fcinfo, 3, [](Datum value) { return DatumGetBool(value); });
    request.latency_ms = argument(fcinfo, 4, [](Datum value) { return std::int64_t{DatumGetInt32(value)}; });
    request.cost_usd = argument(fcinfo, 5, same);
    request.model_used = argument(fcinfo, 6, pg::text_view);
    request.model = argument(fcinfo, 7, pg::text_view);
    request.input_tokens = argument(fcinfo, 8, int8);
    request.cached_input_tokens = argument(fcinfo, 9, int8);
    request.output_tokens = argument(fcinfo, 10, int8);
    request.request_id = argument(fcinfo, 11, pg::text_view);
    request.occurred_at = argument(fcinfo, 12, [](Datum value) { return DatumGetTimestampTz(value); });
    request.error = argument(fcinfo, 13, pg::text_view);
    request.trace_id = argument(fcinfo, 14, pg::text_view);
    request.metadata = argument(fcinfo, 15, same);
    return request;
}

} // namespace

} // namespace helix::ledger

using namespace helix;

HELIX_FUNCTION(helix_record_operation_execution) {
    const TimestampTz now = GetCurrentTimestamp();
    const auto execution = ledger::resolve(ledger::request_of(fcinfo), now);
    ledger::Writer writer(now, 1);
    const std::int64_t id = writer.append(execution);
    writer.finish();
    PG_RETURN_INT64(id);
}
