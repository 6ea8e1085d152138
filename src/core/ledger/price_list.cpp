// Keeps the rates of all models.
#include "core/ledger/price_list.hpp"

#include <algorithm>

namespace helix {

void PriceList::add(std::string_view provider, std::string_view model, std::int64_t valid_from, const Price& price) {
    RateCard& rates = card(provider, model);
    rates.add({.type = usage::UsageType::input}, {valid_from, price.input});
    rates.add({.type = usage::UsageType::cached_input}, {valid_from, price.cached_input});
    rates.add({.type = usage::UsageType::output}, {valid_from, price.output});
}

RateCard& PriceList::card(std::string_view provider, std::string_view model) {
    return by_model_[std::string(model)][std::string(provider)];
}

const RateCard* PriceList::find(std::string_view provider, std::string_view model) const {
    const auto providers = by_model_.find(model);
    if (providers == by_model_.end()) {
        return nullptr;
    }
    const auto sold = providers->second.find(provider);
    return sold == providers->second.end() ? nullptr : &sold->second;
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
