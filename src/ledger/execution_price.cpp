// Prices the usage of an execution.
#include "pg/prelude.hpp"

#include "ledger/execution_price.hpp"

#include "operations/prices.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

Datum numeric_of(const Money& money) {
    const std::string usd = money.to_string();
    return pg::call([text = usd.c_str()] {
        return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    });
}

struct PriceArgument {
    enum : int { provider, model, at, input, cached_input, output, usage, service_tier };
};

struct PriceResult {
    enum : int { cost_usd, complete, count };
};

std::string_view text_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::string_view{} : pg::text_view(PG_GETARG_DATUM(number));
}

std::optional<std::int64_t> count_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::nullopt : std::optional(PG_GETARG_INT64(number));
}

} // namespace

PriceFound price_usage(const PriceList& prices, const Priced& call, const Uses& uses) {
    const RateCard* card = prices.find(call.provider, call.model);
    if (card == nullptr) {
        return {NumericGetDatum(int64_to_numeric(0)), uses.count == 0};
    }
    const RateQuery query{.tier = call.service_tier.empty() ? standard_tier : call.service_tier, .at = call.at};
    const Bill bill = price(*card, uses.all(), query);
    return {numeric_of(bill.cost), bill.complete};
}

HELIX_FUNCTION(helix_price_of) {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "price_of() returns a row");
    }
    const TokenColumns tokens{count_argument(fcinfo, PriceArgument::input),
                              count_argument(fcinfo, PriceArgument::cached_input),
                              count_argument(fcinfo, PriceArgument::output)};
    const Datum types = PG_ARGISNULL(PriceArgument::usage) ? 0 : PG_GETARG_DATUM(PriceArgument::usage);
    const PriceList& prices = operations::prices();
    const auto provider = text_argument(fcinfo, PriceArgument::provider);
    const auto model = text_argument(fcinfo, PriceArgument::model);
    const auto name = operations::resolve_model(prices, provider, model);
    const auto found = price_usage(prices,
                                   {name.provider, name.model, text_argument(fcinfo, PriceArgument::service_tier),
                                    PG_GETARG_TIMESTAMPTZ(PriceArgument::at)},
                                   uses_of(tokens, types));
    const Datum values[PriceResult::count] = {found.cost_usd, BoolGetDatum(found.complete)};
    const bool nulls[PriceResult::count] = {};
    return HeapTupleGetDatum(
        heap_form_tuple(BlessTupleDesc(columns), const_cast<Datum*>(values), const_cast<bool*>(nulls)));
}

} // namespace helix::ledger
