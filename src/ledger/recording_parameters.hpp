// Owns: the order and types of the recording functions' parameters. Used by record.cpp and record_columns.cpp.
#pragma once

#include "ledger/execution.hpp"
#include "pg/text.hpp"

namespace helix::ledger {

constexpr int argument_count = 17;

// A request from get(number), which gives the value of a parameter of record_operation_execution or nothing for null.
template <typename Get>
Request request_of(Get get) {
    const auto read = [&get](int number,
                             auto convert) -> std::optional<std::invoke_result_t<decltype(convert), Datum>> {
        const std::optional<Datum> value = get(number);
        if (!value) {
            return std::nullopt;
        }
        return convert(*value);
    };
    const auto same = [](Datum value) { return value; };
    const auto int8 = [](Datum value) { return std::int64_t{DatumGetInt64(value)}; };
    Request request;
    request.user_id = read(0, [](Datum value) { return *DatumGetUUIDP(value); });
    request.operation_id = read(1, pg::text_view);
    request.date = read(2, [](Datum value) { return DatumGetDateADT(value); });
    request.success = read(3, [](Datum value) { return DatumGetBool(value); });
    request.latency_ms = read(4, [](Datum value) { return std::int64_t{DatumGetInt32(value)}; });
    request.cost_usd = read(5, same);
    request.model_used = read(6, pg::text_view);
    request.model = read(7, pg::text_view);
    request.input_tokens = read(8, int8);
    request.cached_input_tokens = read(9, int8);
    request.output_tokens = read(10, int8);
    request.request_id = read(11, pg::text_view);
    request.occurred_at = read(12, [](Datum value) { return DatumGetTimestampTz(value); });
    request.error = read(13, pg::text_view);
    request.trace_id = read(14, pg::text_view);
    request.metadata = read(15, same);
    request.reservation_id = read(16, [](Datum value) { return *DatumGetUUIDP(value); });
    return request;
}

} // namespace helix::ledger
