// helix.record_llm_response: an execution from the whole answer of a provider.
#include "pg/prelude.hpp"

#include "core/ledger/usage/response.hpp"
#include "ledger/provider_usage.hpp"
#include "ledger/recording.hpp"
#include "ledger/recording_parameters.hpp"
#include "pg/guard.hpp"
#include "pg/jsonb.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

struct Argument {
    enum : int {
        user_id,
        operation_id,
        response,
        latency_ms,
        success,
        cost_usd,
        date,
        request_id,
        occurred_at,
        trace_id,
        metadata,
        reservation_id,
        service_tier,
        provider
    };
};

// The argument of a parameter of record_operation_execution; none where only the answer tells it.
std::optional<int> argument_of(int parameter) {
    switch (parameter) {
    case Parameter::user_id:
        return Argument::user_id;
    case Parameter::operation_id:
        return Argument::operation_id;
    case Parameter::latency_ms:
        return Argument::latency_ms;
    case Parameter::success:
        return Argument::success;
    case Parameter::cost_usd:
        return Argument::cost_usd;
    case Parameter::date:
        return Argument::date;
    case Parameter::request_id:
        return Argument::request_id;
    case Parameter::occurred_at:
        return Argument::occurred_at;
    case Parameter::trace_id:
        return Argument::trace_id;
    case Parameter::metadata:
        return Argument::metadata;
    case Parameter::reservation_id:
        return Argument::reservation_id;
    case Parameter::service_tier:
        return Argument::service_tier;
    case Parameter::model_used:
        return Argument::provider;
    default:
        return std::nullopt;
    }
}

Request request_of_arguments(FunctionCallInfo fcinfo) {
    return request_of([fcinfo](int parameter) -> std::optional<Datum> {
        const auto argument = argument_of(parameter);
        if (!argument || PG_ARGISNULL(*argument)) {
            return std::nullopt;
        }
        const Datum value = PG_GETARG_DATUM(*argument);
        return parameter == Parameter::latency_ms ? bigint_of(value) : value;
    });
}

// What the caller has not said is as the answer says.
void add(std::optional<std::string_view>& said, std::string_view answered) {
    if (!said && !answered.empty()) {
        said = answered;
    }
}

void add_answer(const usage::Response& response, Request& request) {
    add(request.model, response.model);
    add(request.model_used, response.provider);
    add(request.request_id, response.id);
    add(request.service_tier, response.service_tier);
    if (!response.error.empty()) {
        request.success = false;
        request.error = response.error;
    }
    if (!response.finish_reason.empty()) {
        request.metadata = pg::call([metadata = request.metadata, word = response.finish_reason] {
            return std::optional(pg::joined_jsonb(metadata, pg::jsonb_object("finish_reason", pg::jsonb_string(word))));
        });
    }
}

} // namespace

HELIX_FUNCTION(helix_record_llm_response) {
    Request request = request_of_arguments(fcinfo);
    const Datum answer = pg::required(fcinfo, Argument::response, "p_response");
    const FlatJson json = flatten("p_response", answer, Flatten::what_may_be_usage);
    const auto response = usage::read_response(json.all());
    add_answer(response, request);
    ProviderUsage usage{};
    if (response.usage) {
        usage = usage_of(*response.usage, json);
        request.read_usage = &usage;
    }
    PG_RETURN_INT64(record(request).id);
}

} // namespace helix::ledger
