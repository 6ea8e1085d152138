// Keeps the rates of all models.
#include "core/ledger/price_list.hpp"

#include <algorithm>

namespace helix {

void PriceList::add(std::string_view provider, std::string_view model, std::int64_t valid_from, const Price& price) {
    RateCard& rates = card(provider, model);
    rates.add({.type = input_type}, {valid_from, price.input});
    rates.add({.type = cached_input_type}, {valid_from, price.cached_input});
    rates.add({.type = output_type}, {valid_from, price.output});
}

RateCard& PriceList::card(std::string_view provider, std::string_view model) {
    return by_model_[std::string(model)][std::string(provider)];
}

void PriceList::clear() {
    by_model_.clear();
    types_ = UsageTypes();
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
