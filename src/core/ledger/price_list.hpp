// Owns: the price list: all models' rates. operations/ fills one per backend; anyone may read it.
#pragma once

#include "core/ledger/rate_card.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

// The plain face of a price: pico-USD per million tokens, at any length of the prompt, in the standard tier.
struct Price {
    PicoUsd input = 0;
    PicoUsd cached_input = 0;
    PicoUsd output = 0;
};

// Effective-dated rates by provider and model. Where rates are read later, a card is empty until then. Times are
// microseconds since 2000-01-01 00:00 UTC.
class PriceList {
  public:
    RateCard& card(std::string_view provider, std::string_view model); // made where there is none
    void clear() noexcept;

    // The model's rates; null where nobody has priced it.
    const RateCard* find(std::string_view provider, std::string_view model) const;

    bool has_model(std::string_view model) const { return by_model_.contains(model); }
    bool has_provider(std::string_view provider) const { return providers_.contains(provider); }

    // Who sells `model`, in the order of their names.
    std::vector<std::string_view> sellers_of(std::string_view model) const;

  private:
    using Providers = std::map<std::string, RateCard, std::less<>>;
    std::map<std::string, Providers, std::less<>> by_model_;
    std::set<std::string, std::less<>> providers_;
};

} // namespace helix
