// helix.finalize_execution: the final usage of an execution, as a row of differences.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/adoption.hpp"
#include "ledger/corrected_execution.hpp"
#include "ledger/correction_locks.hpp"
#include "ledger/provider_usage.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"
#include "pg/jsonb.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

struct Argument {
    enum : int { execution_id, usage, cost_usd, input_tokens, cached_input_tokens, output_tokens, service_tier, count };
};

std::optional<std::int64_t> count_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::nullopt : std::optional<std::int64_t>(PG_GETARG_INT64(number));
}

Request request_of_arguments(FunctionCallInfo fcinfo) {
    Request request;
    const auto value_of = [fcinfo](int number) {
        return PG_ARGISNULL(number) ? std::nullopt : std::optional<Datum>(PG_GETARG_DATUM(number));
    };
    request.usage = value_of(Argument::usage);
    request.cost_usd = value_of(Argument::cost_usd);
    request.input_tokens = count_argument(fcinfo, Argument::input_tokens);
    request.cached_input_tokens = count_argument(fcinfo, Argument::cached_input_tokens);
    request.output_tokens = count_argument(fcinfo, Argument::output_tokens);
    if (!PG_ARGISNULL(Argument::service_tier)) {
        request.service_tier = pg::text_view(PG_GETARG_DATUM(Argument::service_tier));
    }
    request.success = true; // its cost may not be left out
    return request;
}

void check_something_given(FunctionCallInfo fcinfo) {
    for (int number = Argument::usage; number < Argument::count; ++number) {
        if (!PG_ARGISNULL(number)) {
            return;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("neither usage nor a cost is given"),
                    errhint("Pass p_usage, token counts, or p_cost_usd.")));
}

// What stands, with the counts that are given in place of its own. Types beyond a column go with it.
ProviderUsage merged_usage(const Request& request, const Standing& standing) {
    const auto is_given = [&request](usage::Column column) {
        switch (column) {
        case usage::Column::input_tokens:
            return request.input_tokens.has_value();
        case usage::Column::cached_input_tokens:
            return request.cached_input_tokens.has_value();
        case usage::Column::output_tokens:
            return request.output_tokens.has_value();
        case usage::Column::none:
            break;
        }
        return false;
    };
    ProviderUsage merged{};
    for (const Use& use : standing.uses().all()) {
        if (!is_given(usage::column_of(use.type))) {
            merged.uses.add(use.type, use.count);
        }
    }
    merged.uses.add(usage::UsageType::input, request.input_tokens.value_or(0));
    merged.uses.add(usage::UsageType::cached_input, request.cached_input_tokens.value_or(0));
    merged.uses.add(usage::UsageType::output, request.output_tokens.value_or(0));
    const auto either = [](const auto& given, const auto& stands) { return given ? given : stands; };
    merged.columns = {either(request.input_tokens, standing.columns.input),
                      either(request.cached_input_tokens, standing.columns.cached_input),
                      either(request.output_tokens, standing.columns.output)};
    return merged;
}

Uses uses_in(const Execution& execution) {
    return uses_of({execution.input_tokens, execution.cached_input_tokens, execution.output_tokens},
                   execution.usage.value_or(0));
}

// The execution with its final usage and cost.
Execution final_execution(Request request, const Corrected& corrected, const Standing& standing) {
    Execution execution = corrected.execution;
    execution.service_tier = standing.service_tier;
    ProviderUsage merged{};
    if (!request.usage) {
        merged = merged_usage(request, standing);
        request.read_usage = &merged;
        request.input_tokens = request.cached_input_tokens = request.output_tokens = std::nullopt;
    }
    resolve_use(request, execution);
    return execution;
}

Uses differences(const Uses& now, const Uses& before) {
    Uses result{};
    for (std::size_t i = 0; i < usage::usage_types; ++i) {
        const auto type = static_cast<usage::UsageType>(i);
        result.add(type, now.of(type) - before.of(type));
    }
    return result;
}

bool equal(Datum one, Datum other) {
    return DatumGetBool(DirectFunctionCall2(numeric_eq, one, other));
}

// Prices may have changed since. That is no other usage: reprice() is for that.
bool stands_already(const Execution& final, const Standing& standing) {
    const bool is_given = final.pricing == Pricing::given;
    return differences(uses_in(final), standing.uses()).count == 0 && final.service_tier == standing.service_tier &&
           is_given == (standing.pricing == Pricing::given) && (!is_given || equal(final.cost_usd, standing.cost_usd));
}

void push_count(JsonbParseState** state, std::string_view name, const std::optional<std::int64_t>& count) {
    if (count) {
        pg::push_key(state, name);
        JsonbValue value;
        value.type = jbvNumeric;
        value.val.numeric = int64_to_numeric(*count);
        pushJsonbValue(state, WJB_VALUE, &value);
    }
}

// See helix_internal.standing_usage.
Datum final_usage_of(const Execution& execution) {
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    push_count(&state, "input_tokens", execution.input_tokens);
    push_count(&state, "cached_input_tokens", execution.cached_input_tokens);
    push_count(&state, "output_tokens", execution.output_tokens);
    if (execution.usage) {
        pg::push_key(&state, "usage");
        pg::push_value(&state, *execution.usage);
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

std::optional<std::int64_t> difference(std::optional<std::int64_t> now, std::optional<std::int64_t> before) {
    if (!now && !before) {
        return std::nullopt;
    }
    return now.value_or(0) - before.value_or(0);
}

void write_differences(const Execution& final, const Corrected& corrected, const Standing& standing) {
    const Correction correction{corrected.id, standing.revision + 1, final.cost_usd, final_usage_of(final), {}};
    Execution row = final;
    row.correction = &correction;
    row.metadata = correction_metadata(final.metadata, corrected);
    row.cost_usd =
        DirectFunctionCall1(numeric_trim_scale, DirectFunctionCall2(numeric_sub, final.cost_usd, standing.cost_usd));
    row.input_tokens = difference(final.input_tokens, standing.columns.input);
    row.cached_input_tokens = difference(final.cached_input_tokens, standing.columns.cached_input);
    row.output_tokens = difference(final.output_tokens, standing.columns.output);
    row.usage = stored_types(differences(uses_in(final), standing.uses()));
    Writer writer(GetCurrentTimestamp(), 1);
    writer.append(row);
    writer.finish();
}

// Checks the right before it waits for anybody.
Corrected lock_corrected(std::int64_t id, const callers::Rights& rights) {
    const Corrected corrected = find_corrected(id);
    rights.check_may_use(corrected.execution.user_id, "execution", psprintf(INT64_FORMAT, id));
    lock_out_new_prices();
    lock_execution(id);
    return corrected;
}

} // namespace

HELIX_FUNCTION(helix_finalize_execution) {
    const std::int64_t id = DatumGetInt64(pg::required(fcinfo, Argument::execution_id, "p_execution_id"));
    check_something_given(fcinfo);
    const Request request = request_of_arguments(fcinfo);
    const auto rights = callers::rights();
    PreventCommandIfReadOnly("finalize_execution()");
    ensure_watermark();
    pg::OwnerSpi spi;
    const Corrected corrected = lock_corrected(id, rights);
    const Standing standing = standing_of(corrected);
    spi.finish();
    const Execution final = final_execution(request, corrected, standing);
    if (stands_already(final, standing)) {
        return standing.cost_usd;
    }
    write_differences(final, corrected, standing);
    return final.cost_usd;
}

} // namespace helix::ledger
