// Owns: the price list and how tokens become a cost. operations/ fills one per backend; anyone may read it.
#pragma once

#include "core/ledger/money.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace helix {

// Prices in micro-USD per million tokens.
struct Price {
    MicroUsd input = 0;
    MicroUsd cached_input = 0;
    MicroUsd output = 0;
};

// Tokens of one call. The three counts are disjoint: cached input is not counted in `input` again.
struct TokenUse {
    std::int64_t input = 0;
    std::int64_t cached_input = 0;
    std::int64_t output = 0;
};

// Exact cost of `use` at `price`; counts must be at least 0 (Error 22003 where the sum overflows).
Money cost_of(const Price& price, const TokenUse& use);

// Effective-dated prices by provider and model. Times are microseconds on any one clock.
class PriceList {
  public:
    void add(std::string_view provider, std::string_view model, std::int64_t valid_from, const Price& price);
    void clear() noexcept { by_model_.clear(); }

    // The price in force at `at`, or null where the model is unknown or was not yet sold then.
    const Price* find(std::string_view provider, std::string_view model, std::int64_t at) const;

    // The provider that sells `model`; empty where none or more than one does.
    std::string_view provider_of(std::string_view model) const;

    // Whether it is a model, or a provider of one.
    bool knows(std::string_view name) const;

  private:
    struct Effective {
        std::int64_t valid_from;
        Price price;
    };
    // model -> provider -> prices by valid_from, oldest first
    using Providers = std::map<std::string, std::vector<Effective>, std::less<>>;
    std::map<std::string, Providers, std::less<>> by_model_;
};

} // namespace helix
