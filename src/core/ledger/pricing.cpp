#include "core/ledger/pricing.hpp"

#include <algorithm>

namespace helix {

Money cost_of(const Price& price, const TokenUse& use) {
    return price_of_tokens(price.input, use.input) + price_of_tokens(price.cached_input, use.cached_input) +
           price_of_tokens(price.output, use.output);
}

void PriceList::add(std::string_view provider, std::string_view model, std::int64_t valid_from, const Price& price) {
    auto& prices = by_model_[std::string(model)][std::string(provider)];
    const auto later = std::upper_bound(prices.begin(), prices.end(), valid_from,
                                        [](std::int64_t at, const Effective& e) { return at < e.valid_from; });
    prices.insert(later, Effective{valid_from, price});
}

const Price* PriceList::find(std::string_view provider, std::string_view model, std::int64_t at) const {
    const auto providers = by_model_.find(model);
    if (providers == by_model_.end()) {
        return nullptr;
    }
    const auto sold = providers->second.find(provider);
    if (sold == providers->second.end()) {
        return nullptr;
    }
    const auto later = std::upper_bound(sold->second.begin(), sold->second.end(), at,
                                        [](std::int64_t when, const Effective& e) { return when < e.valid_from; });
    return later == sold->second.begin() ? nullptr : &std::prev(later)->price;
}

std::string_view PriceList::provider_of(std::string_view model) const {
    const auto providers = by_model_.find(model);
    if (providers == by_model_.end() || providers->second.size() != 1) {
        return {};
    }
    return providers->second.begin()->first;
}

bool PriceList::knows(std::string_view name) const {
    return by_model_.contains(name) || std::any_of(by_model_.begin(), by_model_.end(),
                                                   [&](const auto& model) { return model.second.contains(name); });
}

} // namespace helix
