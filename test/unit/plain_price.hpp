// Adds a row of helix.model_prices to a card, as a backend reads it.
#pragma once

#include "core/ledger/price_list.hpp"

namespace helix {

inline void add_plain(RateCard& card, std::int64_t valid_from, const Price& price) {
    card.add({.type = usage::UsageType::input}, {valid_from, price.input});
    card.add({.type = usage::UsageType::cached_input}, {valid_from, price.cached_input});
    card.add({.type = usage::UsageType::output}, {valid_from, price.output});
}

} // namespace helix
