// Prices the usage of an execution.
#include "pg/prelude.hpp"

#include "ledger/execution_price.hpp"

#include "pg/guard.hpp"
#include "pg/numeric.hpp"

extern "C" {
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

// Exact either way; below 9.2 USD without a text in between.
Datum numeric_of(const Money& money) {
    if (money.units() >= 0 && money.units() <= PG_INT64_MAX) {
        auto units = static_cast<std::int64_t>(money.units());
        int scale = Money::scale;
        for (; scale > 0 && units % 10 == 0; --scale) {
            units /= 10;
        }
        return pg::call([units, scale] { return NumericGetDatum(int64_div_fast_to_numeric(units, scale)); });
    }
    const std::string usd = money.to_string();
    return pg::call([text = std::string_view(usd)] { return pg::numeric_datum(text); });
}

} // namespace

PriceFound price_usage(const Priced& call, const Uses& uses) {
    const RateCard* card = operations::rates_of(call.provider, call.model);
    if (card == nullptr) {
        return {NumericGetDatum(int64_to_numeric(0)), uses.count == 0};
    }
    const Bill bill = price(*card, uses.all(), query_of(call));
    return {numeric_of(bill.cost), bill.complete};
}

operations::ModelName recorded_model(const PriceList& prices, const operations::ModelName& recorded) {
    const bool nobody_knew = recorded.provider == operations::unknown_name;
    return operations::resolve_model(prices, nobody_knew ? std::nullopt : std::optional(recorded.provider),
                                     recorded.model);
}

RateQuery query_of(const Priced& call) {
    return {.tier = call.service_tier.empty() ? standard_tier : call.service_tier, .at = call.at};
}

} // namespace helix::ledger
