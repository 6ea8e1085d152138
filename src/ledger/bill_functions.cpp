// helix_internal.price_of() and bill_of(): what recorded usage costs by the prices as they are, whole and rate by rate.
#include "pg/prelude.hpp"

#include "ledger/execution_price.hpp"
#include "operations/prices.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

// Of both functions.
struct Argument {
    enum : int { provider, model, at, input, cached_input, output, usage, service_tier };
};

// An execution as the ledger keeps it. Plain data; the texts are those of the arguments or of the price list.
struct Recorded {
    Priced call;
    Uses uses;
};

std::string_view text_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::string_view{} : pg::text_view(PG_GETARG_DATUM(number));
}

std::optional<std::int64_t> count_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? std::nullopt : std::optional(PG_GETARG_INT64(number));
}

Recorded recorded_call(FunctionCallInfo fcinfo, const PriceList& prices) {
    const auto name =
        recorded_model(prices, {text_argument(fcinfo, Argument::provider), text_argument(fcinfo, Argument::model)});
    const TokenColumns tokens{count_argument(fcinfo, Argument::input), count_argument(fcinfo, Argument::cached_input),
                              count_argument(fcinfo, Argument::output)};
    return {
        {name.provider, name.model, text_argument(fcinfo, Argument::service_tier), PG_GETARG_TIMESTAMPTZ(Argument::at)},
        uses_of(tokens, PG_ARGISNULL(Argument::usage) ? 0 : PG_GETARG_DATUM(Argument::usage))};
}

// The columns that say which rate it was; nulls where there is none.
void add_rate(const std::optional<FoundRate>& found, pg::Values& row) {
    constexpr int columns = 6;
    if (!found) {
        for (int i = 0; i < columns; ++i) {
            row.add_null();
        }
        return;
    }
    const RateScope& scope = *found->scope;
    const std::string hours = to_text(scope.hours);
    const std::string usd = usd_per_million(*found->rate->price);
    pg::call([&row, &scope, valid_from = found->rate->valid_from, hours = hours.c_str(), usd = std::string_view(usd)] {
        row.add(pg::text_datum(usage::name_of(scope.type))).add(pg::text_datum(scope.tier));
        row.add(Int64GetDatum(scope.above)).add_text(hours);
        row.add(TimestampTzGetDatum(valid_from)).add(pg::numeric_datum(usd));
    });
}

void add_line(const BillLine& line, ReturnSetInfo& result) {
    pg::Values row;
    const std::string cost = line.cost.to_string();
    pg::call([&row, type = line.use.type, count = line.use.count] {
        row.add(pg::text_datum(usage::name_of(type))).add(Int64GetDatum(count));
    });
    add_rate(line.rate, row);
    pg::call([&row, &result, cost = std::string_view(cost)] {
        row.add(pg::numeric_datum(cost));
        tuplestore_putvalues(result.setResult, result.setDesc, row.values(), row.nulls());
    });
}

std::vector<BillLine> lines_of(const Recorded& recorded) {
    const RateCard* card = operations::rates_of(recorded.call.provider, recorded.call.model);
    std::vector<BillLine> lines;
    if (card != nullptr) {
        price(*card, recorded.uses.all(), query_of(recorded.call), &lines);
        return lines;
    }
    for (const Use& use : recorded.uses.all()) {
        lines.push_back({use, std::nullopt, Money()});
    }
    return lines;
}

} // namespace

HELIX_FUNCTION(helix_price_of) {
    TupleDesc columns = pg::result_columns(fcinfo);
    const PriceList& prices = operations::prices();
    const auto recorded = recorded_call(fcinfo, prices);
    const auto found = price_usage(recorded.call, recorded.uses);
    pg::Values row;
    row.add(found.cost_usd).add(BoolGetDatum(found.complete));
    PG_RETURN_DATUM(row.row(columns));
}

HELIX_FUNCTION(helix_resolve_model) {
    TupleDesc columns = pg::result_columns(fcinfo);
    pg::Values row;
    if (PG_ARGISNULL(0)) {
        row.add_null().add_null();
    } else {
        const auto name =
            operations::resolve_model(operations::prices(), pg::text_view(PG_GETARG_DATUM(0)), std::nullopt);
        row.add(pg::text_datum(name.provider)).add(pg::text_datum(name.model));
    }
    PG_RETURN_DATUM(row.row(columns));
}

HELIX_FUNCTION(helix_bill_of) {
    InitMaterializedSRF(fcinfo, 0);
    auto& result = *reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const PriceList& prices = operations::prices();
    const auto recorded = recorded_call(fcinfo, prices);
    for (const auto& line : lines_of(recorded)) {
        add_line(line, result);
    }
    return 0;
}

} // namespace helix::ledger
