// Finds the rate that holds for a call among those of its model.
#include "core/ledger/rate_card.hpp"

#include <algorithm>

namespace helix {

namespace {

// The rate in force at `at`; null where none is.
const Rate* in_force(const std::vector<Rate>& rates, std::int64_t at) {
    const auto later = std::upper_bound(rates.begin(), rates.end(), at,
                                        [](std::int64_t when, const Rate& rate) { return when < rate.valid_from; });
    if (later == rates.begin() || !std::prev(later)->price) {
        return nullptr;
    }
    return &*std::prev(later);
}

bool holds(const RateScope& scope, usage::UsageType type, const RateQuery& query) {
    return scope.type == type && scope.tier == query.tier && (scope.above == 0 || scope.above < query.prompt) &&
           (scope.hours.all() || scope.hours.test(static_cast<std::size_t>(hour_of_week(query.at))));
}

bool is_closer(const RateScope& one, const RateScope& other) {
    return one.above != other.above ? one.above > other.above : !one.hours.all() && other.hours.all();
}

} // namespace

void RateCard::add(const RateScope& scope, const Rate& rate) {
    auto found = std::find_if(series_.begin(), series_.end(), [&](const Series& s) { return s.scope == scope; });
    if (found == series_.end()) {
        found = series_.insert(found, Series{scope, {}});
    }
    auto& rates = found->rates;
    const auto later = std::upper_bound(rates.begin(), rates.end(), rate.valid_from,
                                        [](std::int64_t at, const Rate& other) { return at < other.valid_from; });
    rates.insert(later, rate);
}

std::optional<FoundRate> RateCard::find(usage::UsageType type, const RateQuery& query) const {
    std::optional<FoundRate> best;
    for (const auto& series : series_) {
        if (!holds(series.scope, type, query) || (best && !is_closer(series.scope, *best->scope))) {
            continue;
        }
        if (const Rate* rate = in_force(series.rates, query.at)) {
            best = {&series.scope, rate};
        }
    }
    return best;
}

std::optional<PicoUsd> RateCard::price_of(const RateScope& scope, std::int64_t at) const {
    const auto found = std::find_if(series_.begin(), series_.end(), [&](const Series& s) { return s.scope == scope; });
    const Rate* rate = found == series_.end() ? nullptr : in_force(found->rates, at);
    return rate == nullptr ? std::nullopt : rate->price;
}

bool RateCard::has_tier(std::string_view tier) const {
    return std::any_of(series_.begin(), series_.end(), [&](const Series& s) { return s.scope.tier == tier; });
}

} // namespace helix
