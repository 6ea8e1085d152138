// Keeps the rates of all models.
#include "core/ledger/price_list.hpp"

namespace helix {

RateCard& PriceList::card(std::string_view provider, std::string_view model) {
    providers_.emplace(provider);
    return by_model_[std::string(model)][std::string(provider)];
}

void PriceList::clear() noexcept {
    by_model_.clear();
    providers_.clear();
}

const RateCard* PriceList::find(std::string_view provider, std::string_view model) const {
    const auto providers = by_model_.find(model);
    if (providers == by_model_.end()) {
        return nullptr;
    }
    const auto sold = providers->second.find(provider);
    return sold == providers->second.end() ? nullptr : &sold->second;
}

std::vector<std::string_view> PriceList::sellers_of(std::string_view model) const {
    std::vector<std::string_view> sellers;
    const auto providers = by_model_.find(model);
    if (providers != by_model_.end()) {
        for (const auto& [provider, card] : providers->second) {
            sellers.emplace_back(provider);
        }
    }
    return sellers;
}

} // namespace helix
