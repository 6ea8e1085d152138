// Checks what a caller gave of an execution, finds its model, and prices it.
#include "pg/prelude.hpp"

#include "ledger/execution.hpp"

#include "callers/caller.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "ledger/execution_price.hpp"
#include "ledger/provider_usage.hpp"
#include "ledger/request_content.hpp"
#include "operations/operations.hpp"
#include "operations/prices.hpp"
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
constexpr std::size_t max_tier_bytes = 40;
constexpr std::size_t max_metadata_bytes = 65'536;
constexpr std::int64_t max_tokens = 1'000'000'000; // so that no sum of a user's tokens exceeds bigint

std::string quoted(std::string_view value) {
    return "\"" + std::string(value) + "\"";
}

// The tier of the price list; none for the standard tier.
std::optional<std::string_view> price_tier(std::string_view written) {
    const std::string tier = usage::tier_of(written);
    if (tier == standard_tier) {
        return std::nullopt;
    }
    return pg::call(
        [text = std::string_view(tier)] { return std::string_view(pnstrdup(text.data(), text.size()), text.size()); });
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

// The name that was sent is kept where the price list has another.
void resolve_model(const Request& request, const PriceList& prices, Execution& execution) {
    const auto name = operations::resolve_model(prices, request.model_used, request.model);
    execution.provider = name.provider;
    execution.model = name.model;
    const auto sent = request.model ? request.model : request.model_used;
    if (sent && *sent != name.model) {
        execution.sent_model = sent;
    }
}

// A provider's own object says all of the usage, and flat counts beside it would contradict it.
void check_one_form(const Request& request) {
    if (request.usage && (request.input_tokens || request.cached_input_tokens || request.output_tokens)) {
        throw Error(sqlstate::invalid_parameter_value, "usage and token counts are both given", {},
                    "Pass the provider's usage object, or the counts, and null for the other.");
    }
}

// Fills in the tokens of a provider's object, and what else it tells. Returns the cost that it reports.
std::optional<Datum> resolve_usage(const Request& request, Execution& execution, Uses& uses) {
    auto tier = request.service_tier.value_or(std::string_view{});
    std::optional<Datum> reported;
    if (request.usage || request.read_usage != nullptr) {
        check_one_form(request);
        const auto usage = request.read_usage != nullptr ? *request.read_usage : read_usage(*request.usage);
        uses = usage.uses;
        execution.input_tokens = usage.columns.input;
        execution.cached_input_tokens = usage.columns.cached_input;
        execution.output_tokens = usage.columns.output;
        check_count("input_tokens", execution.input_tokens, max_tokens); // each is a sum of types
        check_count("cached_input_tokens", execution.cached_input_tokens, max_tokens);
        check_count("output_tokens", execution.output_tokens, max_tokens);
        execution.usage = stored_types(uses);
        execution.metadata = metadata_with(request.metadata, usage);
        reported = usage.cost_usd;
        tier = tier.empty() ? usage.service_tier : tier;
    } else {
        uses = uses_of({request.input_tokens, request.cached_input_tokens, request.output_tokens}, 0);
    }
    if (!tier.empty()) {
        execution.service_tier = price_tier(tier);
    }
    return reported;
}

bool has_tokens(const Execution& execution) {
    return execution.input_tokens || execution.cached_input_tokens || execution.output_tokens || execution.usage;
}

[[noreturn]] void refuse_unpriced(const PriceList& prices, const Execution& execution) {
    std::string sellers;
    for (const auto seller : prices.sellers_of(execution.model)) {
        if (seller != execution.provider) {
            sellers += (sellers.empty() ? "" : ", ") + quoted(seller);
        }
    }
    throw Error(sqlstate::undefined_object, "no price is known for this model",
                "helix.model_prices has no rate for all usage of provider " + quoted(execution.provider) +
                    " and model " + quoted(execution.model) + " in tier " +
                    quoted(execution.service_tier.value_or(standard_tier)) + " at that time." +
                    (sellers.empty() ? "" : " It is sold by " + sellers + "."),
                "Pass cost_usd, or add the price to helix.model_prices or helix.model_price_rates, or an alias.");
}

void price_tokens(const PriceList& prices, const Uses& uses, Execution& execution) {
    const auto found = price_usage({execution.provider, execution.model,
                                    execution.service_tier.value_or(std::string_view{}), execution.occurred_at},
                                   uses);
    if (!found.complete && config::unknown_model == static_cast<int>(config::UnknownModel::refuse)) {
        refuse_unpriced(prices, execution);
    }
    check_cost(found.cost_usd);
    execution.cost_usd = found.cost_usd;
    execution.pricing = found.complete ? Pricing::priced : Pricing::unpriced;
}

void resolve_cost(const Request& request, const PriceList& prices, Execution& execution) {
    Uses uses{};
    const auto reported = resolve_usage(request, execution, uses);
    const auto given = request.cost_usd ? request.cost_usd : reported;
    if (given) {
        check_cost(*given);
        execution.cost_usd = *given;
        execution.pricing = Pricing::given;
        return;
    }
    if (has_tokens(execution)) {
        price_tokens(prices, uses, execution);
        return;
    }
    if (*request.success) {
        throw Error(sqlstate::null_value_not_allowed, "neither a cost nor tokens are given", {},
                    "Pass cost_usd, or token counts and a model that helix.model_prices knows.");
    }
    execution.cost_usd = NumericGetDatum(int64_to_numeric(0)); // it was refused or never answered
    execution.pricing = Pricing::given;
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
    check_count("latency_ms", request.latency_ms, INT32_MAX);
    check_count("input_tokens", request.input_tokens, max_tokens);
    check_count("cached_input_tokens", request.cached_input_tokens, max_tokens);
    check_count("output_tokens", request.output_tokens, max_tokens);
    check_text("service_tier", request.service_tier, max_tier_bytes);
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
    execution.content = request.request_id ? content_of(request) : 0;
    if (request.error) {
        execution.error = pg::stored_error(*request.error);
    }
    execution.trace_id = request.trace_id;
    execution.metadata = request.metadata;
    execution.reservation_id = request.reservation_id;
    execution.reservation_holder = request.reservation_holder;
}

} // namespace

void resolve_time(const Request& request, TimestampTz now, Execution& execution) {
    execution.occurred_at = pg::checked_time(request.occurred_at.value_or(now), "occurred_at");
    if (execution.occurred_at > now + config::occurred_at_ahead_s * USECS_PER_SEC) {
        throw Error(sqlstate::datetime_field_overflow, "occurred_at is too far in the future",
                    std::string("It is ") + timestamptz_to_str(execution.occurred_at) + ".",
                    "Correct the sender's clock or time zone, or allow more by helix.occurred_at_ahead.");
    }
    execution.date = pg::checked_date(request.date.value_or(pg::utc_day(execution.occurred_at)), "date");
    const DateADT last = pg::utc_day(now) + config::date_ahead; // tomorrow has begun somewhere on earth
    if (execution.date > last) {
        throw Error(sqlstate::datetime_field_overflow, "date is too far in the future",
                    std::string("It is ") + pg::date_text(execution.date) + ", the latest is " + pg::date_text(last) +
                        ".",
                    "Pass the day that it counts for, or allow more by helix.date_ahead.");
    }
}

Execution resolve(const Request& request, TimestampTz now) {
    check_required(request);
    check_bounds(request);
    Execution execution{};
    copy_given(request, execution);
    const PriceList& prices = operations::prices(); // once: a second call may give another list
    resolve_model(request, prices, execution);
    resolve_time(request, now, execution);
    resolve_cost(request, prices, execution);
    if (execution.metadata) {
        check_metadata(*execution.metadata); // what the usage has added to it
    }
    return execution;
}

void resolve_use(const Request& request, Execution& execution) {
    check_bounds(request);
    const PriceList& prices = operations::prices();
    const operations::ModelName recorded{execution.provider, execution.model};
    const auto priced = recorded_model(prices, recorded);
    execution.provider = priced.provider;
    execution.model = priced.model;
    resolve_cost(request, prices, execution);
    execution.provider = recorded.provider; // it stays in its sums
    execution.model = recorded.model;
    if (execution.metadata) {
        check_metadata(*execution.metadata);
    }
}

} // namespace helix::ledger
