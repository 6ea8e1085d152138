// Owns: the order, names and types of the recording functions' parameters. Used by record.cpp, record_arrays.cpp and
// record_view.cpp.
#pragma once

#include "ledger/execution.hpp"
#include "pg/text.hpp"

namespace helix::ledger {

// The parameters of record_operation_execution, as its arguments are numbered.
struct Parameter {
    enum : int {
        user_id,
        operation_id,
        date,
        success,
        latency_ms,
        cost_usd,
        model_used,
        model,
        input_tokens,
        cached_input_tokens,
        output_tokens,
        request_id,
        occurred_at,
        error,
        trace_id,
        metadata,
        reservation_id,
        usage,
        service_tier,
        count
    };
};

// An integer as bigint. What JIT-compiled code has read from a row is not sign-extended in its Datum.
inline Datum bigint_of(Datum integer) {
    return Int64GetDatum(std::int64_t{DatumGetInt32(integer)});
}

// A request from get(parameter), which gives the value of a parameter, or nothing for null. Latencies are bigint.
template <typename Get>
Request request_of(Get get) {
    const auto read = [&get](int parameter,
                             auto convert) -> std::optional<std::invoke_result_t<decltype(convert), Datum>> {
        const std::optional<Datum> value = get(parameter);
        if (!value) {
            return std::nullopt;
        }
        return convert(*value);
    };
    const auto same = [](Datum value) { return value; };
    const auto int8 = [](Datum value) { return std::int64_t{DatumGetInt64(value)}; };
    const auto uuid = [](Datum value) { return *DatumGetUUIDP(value); };
    Request request;
    request.user_id = read(Parameter::user_id, uuid);
    request.operation_id = read(Parameter::operation_id, pg::text_view);
    request.date = read(Parameter::date, [](Datum value) { return DatumGetDateADT(value); });
    request.success = read(Parameter::success, [](Datum value) { return DatumGetBool(value); });
    request.latency_ms = read(Parameter::latency_ms, int8); // bigint_of() an integer
    request.cost_usd = read(Parameter::cost_usd, same);
    request.model_used = read(Parameter::model_used, pg::text_view);
    request.model = read(Parameter::model, pg::text_view);
    request.input_tokens = read(Parameter::input_tokens, int8);
    request.cached_input_tokens = read(Parameter::cached_input_tokens, int8);
    request.output_tokens = read(Parameter::output_tokens, int8);
    request.request_id = read(Parameter::request_id, pg::text_view);
    request.occurred_at = read(Parameter::occurred_at, [](Datum value) { return DatumGetTimestampTz(value); });
    request.error = read(Parameter::error, pg::text_view);
    request.trace_id = read(Parameter::trace_id, pg::text_view);
    request.metadata = read(Parameter::metadata, same);
    request.reservation_id = read(Parameter::reservation_id, uuid);
    request.usage = read(Parameter::usage, same);
    request.service_tier = read(Parameter::service_tier, pg::text_view);
    return request;
}

} // namespace helix::ledger
