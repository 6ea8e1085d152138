// Checks what a caller gave of an execution, finds its model, and prices it.
#include "pg/prelude.hpp"

#include "ledger/execution.hpp"

#include "callers/caller.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "core/ledger/pricing.hpp"
#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"

extern "C" {
#include "access/detoast.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

constexpr std::size_t max_name_bytes = 200;
constexpr std::size_t max_request_id_bytes = 255;
constexpr std::size_t max_metadata_bytes = 65'536;
constexpr std::int64_t max_tokens = 1'000'000'000; // so that no sum of a user's tokens exceeds bigint

std::string quoted(std::string_view value) {
    return "\"" + std::string(value) + "\"";
}

[[noreturn]] void refuse_null(const char* field) {
    throw null_value(field, "Pass a value.");
}

void check_text(const char* field, const std::optional<std::string_view>& value, std::size_t max_bytes) {
    if (value && value->size() > max_bytes) {
        throw Error(sqlstate::string_data_right_truncation, std::string(field) + " is too long",
                    "It has " + std::to_string(value->size()) + " bytes.",
                    "At most " + std::to_string(max_bytes) + " bytes are kept, and nothing is cut silently.");
    }
    if (value && value->empty()) {
        throw Error(sqlstate::invalid_parameter_value, std::string(field) + " must not be empty", {},
                    "Pass a value, or null where there is none.");
    }
}

void check_count(const char* field, const std::optional<std::int64_t>& value, std::int64_t max) {
    if (value && (*value < 0 || *value > max)) {
        throw Error(sqlstate::numeric_value_out_of_range, std::string(field) + " is out of range",
                    "It is " + std::to_string(*value) + ".",
                    "Pass 0 to " + std::to_string(max) + ", or null where it is not known.");
    }
}

// Goes by the size in memory: to know it, nothing has to be detoasted.
void check_metadata(Datum metadata) {
    const std::size_t bytes = toast_raw_datum_size(metadata) - VARHDRSZ;
    if (bytes > max_metadata_bytes) {
        throw Error(sqlstate::invalid_parameter_value, "metadata is too large",
                    "It has " + std::to_string(bytes) + " bytes as jsonb.",
                    "At most " + std::to_string(max_metadata_bytes) +
                        " bytes are kept: store the rest elsewhere and name the place.");
    }
}

void check_cost(Datum cost) {
    pg::check_amount("cost_usd", cost, "null to price the tokens");
}

// model_used is a provider, or a model that exactly one provider sells: then nothing else has to be given.
void resolve_model(const Request& request, const PriceList& prices, Execution& execution) {
    const auto used = request.model_used;
    const auto seller = used && !request.model ? prices.provider_of(*used) : std::string_view{};
    if (!seller.empty()) {
        execution.provider = seller;
        execution.model = *used;
        return;
    }
    execution.model = request.model ? *request.model : used.value_or("unknown");
    if (used) {
        execution.provider = *used;
    } else {
        const auto derived = prices.provider_of(execution.model);
        execution.provider = derived.empty() ? std::string_view("unknown") : derived;
    }
}

void resolve_time(const Request& request, TimestampTz now, Execution& execution) {
    execution.occurred_at = pg::checked_time(request.occurred_at.value_or(now), "occurred_at");
    if (execution.occurred_at > now + config::occurred_at_ahead_s * USECS_PER_SEC) {
        throw Error(sqlstate::datetime_field_overflow, "occurred_at is too far in the future",
                    std::string("It is ") + timestamptz_to_str(execution.occurred_at) + ".",
                    "Correct the sender's clock or time zone, or allow more by helix.occurred_at_ahead.");
    }
    execution.date = pg::checked_date(request.date.value_or(pg::utc_day(execution.occurred_at)), "date");
}

// Exact cost as a numeric; none where the model has no price at `at`. Token counts must be at least 0.
std::optional<Datum> price_of(const PriceList& prices, std::string_view provider, std::string_view model,
                              TimestampTz at, const TokenUse& tokens) {
    const Price* price = prices.find(provider, model, at);
    if (price == nullptr) {
        return std::nullopt;
    }
    const std::string usd = cost_of(*price, tokens).to_string();
    return pg::call([text = usd.c_str()] {
        return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    });
}

void resolve_cost(const Request& request, const PriceList& prices, Execution& execution) {
    if (request.cost_usd) {
        check_cost(*request.cost_usd);
        execution.cost_usd = *request.cost_usd;
        execution.priced = false;
        return;
    }
    const bool has_tokens = request.input_tokens || request.cached_input_tokens || request.output_tokens;
    if (!has_tokens && !*request.success) { // it was refused or never answered
        execution.cost_usd = NumericGetDatum(int64_to_numeric(0));
        execution.priced = false;
        return;
    }
    if (!has_tokens) {
        throw Error(sqlstate::null_value_not_allowed, "neither a cost nor tokens are given", {},
                    "Pass cost_usd, or token counts and a model that helix.model_prices knows.");
    }
    const TokenUse tokens{.input = request.input_tokens.value_or(0),
                          .cached_input = request.cached_input_tokens.value_or(0),
                          .output = request.output_tokens.value_or(0)};
    const auto cost = price_of(prices, execution.provider, execution.model, execution.occurred_at, tokens);
    if (!cost) {
        throw Error(sqlstate::undefined_object, "no price is known for this model",
                    "helix.model_prices has no row for provider " + quoted(execution.provider) + " and model " +
                        quoted(execution.model) + " valid at that time.",
                    "Pass cost_usd, or add the price to helix.model_prices.");
    }
    check_cost(*cost);
    execution.cost_usd = *cost;
    execution.priced = true;
}

// What must be there: a user for whom the caller may record, a known operation, and whether it succeeded.
void check_required(const Request& request) {
    if (!request.user_id) {
        refuse_null("user_id");
    }
    callers::check_records_for(*request.user_id);
    if (!request.operation_id) {
        refuse_null("operation_id");
    }
    if (!request.success) {
        refuse_null("success");
    }
    if (!request.is_queued) {
        operations::check_operation(*request.operation_id);
    }
}

void check_bounds(const Request& request) {
    check_text("model_used", request.model_used, max_name_bytes);
    check_text("model", request.model, max_name_bytes);
    check_text("request_id", request.request_id, max_request_id_bytes);
    check_text("trace_id", request.trace_id, max_request_id_bytes);
    if (request.metadata) {
        check_metadata(*request.metadata);
    }
    check_count("latency_ms", request.latency_ms, INT32_MAX);
    check_count("input_tokens", request.input_tokens, max_tokens);
    check_count("cached_input_tokens", request.cached_input_tokens, max_tokens);
    check_count("output_tokens", request.output_tokens, max_tokens);
}

// What is stored as it was given.
void copy_given(const Request& request, Execution& execution) {
    execution.user_id = *request.user_id;
    execution.operation_id = *request.operation_id;
    execution.success = *request.success;
    if (request.latency_ms) {
        execution.latency_ms = static_cast<std::int32_t>(*request.latency_ms);
    }
    execution.input_tokens = request.input_tokens;
    execution.cached_input_tokens = request.cached_input_tokens;
    execution.output_tokens = request.output_tokens;
    execution.request_id = request.request_id;
    if (request.error) {
        execution.error = pg::stored_error(*request.error);
    }
    execution.trace_id = request.trace_id;
    execution.metadata = request.metadata;
    execution.reservation_id = request.reservation_id;
    execution.reservation_holder = request.reservation_holder;
}

} // namespace

Execution resolve(const Request& request, TimestampTz now) {
    check_required(request);
    check_bounds(request);
    Execution execution{};
    copy_given(request, execution);
    const PriceList& prices = operations::prices(); // once: a second call may give another list
    resolve_model(request, prices, execution);
    resolve_time(request, now, execution);
    resolve_cost(request, prices, execution);
    return execution;
}

HELIX_FUNCTION(helix_price_of) {
    struct Argument {
        enum : int { provider, model, at, input, cached_input, output };
    };
    if (PG_ARGISNULL(Argument::provider) || PG_ARGISNULL(Argument::model) || PG_ARGISNULL(Argument::at)) {
        PG_RETURN_NULL();
    }
    const auto text = [fcinfo](int number) { return pg::text_view(PG_GETARG_DATUM(number)); };
    const auto count = [fcinfo](int number) {
        return PG_ARGISNULL(number) ? std::int64_t{0} : PG_GETARG_INT64(number);
    };
    const TokenUse tokens{.input = count(Argument::input),
                          .cached_input = count(Argument::cached_input),
                          .output = count(Argument::output)};
    const auto cost = price_of(operations::prices(), text(Argument::provider), text(Argument::model),
                               PG_GETARG_TIMESTAMPTZ(Argument::at), tokens);
    if (!cost) {
        PG_RETURN_NULL();
    }
    PG_RETURN_DATUM(*cost);
}

} // namespace helix::ledger
