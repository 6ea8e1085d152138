// Owns: the price list: all models' rates. operations/ fills one per backend; anyone may read it.
#pragma once

#include "core/ledger/rate_card.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace helix {

// The plain face of a price: pico-USD per million tokens, at any length of the prompt, in the standard tier.
struct Price {
    PicoUsd input = 0;
    PicoUsd cached_input = 0;
    PicoUsd output = 0;
};

// Effective-dated rates by provider and model. Times are microseconds since 2000-01-01 00:00 UTC.
class PriceList {
  public:
    void add(std::string_view provider, std::string_view model, std::int64_t valid_from, const Price& price);
    RateCard& card(std::string_view provider, std::string_view model); // made where there is none
    void clear() noexcept { by_model_.clear(); }

    // The model's rates; null where nobody has priced it.
    const RateCard* find(std::string_view provider, std::string_view model) const;

    // The provider that sells `model`; empty where none or more than one does.
    std::string_view provider_of(std::string_view model) const;

    // Whether it is a model, or a provider of one.
    bool knows(std::string_view name) const;

  private:
    using Providers = std::map<std::string, RateCard, std::less<>>;
    std::map<std::string, Providers, std::less<>> by_model_;
};

} // namespace helix
